import itertools

import pytest
import torch

from normviz.training import batches

LABELS = torch.arange(200) % 10


def drawn(order, seed=0, size=8):
    return batches.draw(LABELS, order, size, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("order", ["mixed", "one class", "two classes"])
def test_every_picture_is_in_one_batch_and_seeds_differ(order):
    assert torch.cat(drawn(order)).sort().values.tolist() == list(range(200))
    assert torch.equal(torch.cat(drawn(order)), torch.cat(drawn(order)))
    assert not torch.equal(torch.cat(drawn(order)), torch.cat(drawn(order, seed=1)))
    assert max(map(len, drawn(order))) == 8


@pytest.mark.parametrize(("order", "most"), [("one class", 1), ("two classes", 2)])
def test_sorted_batches_hold_so_many_classes_and_come_in_mixed_order(order, most):
    classes = [LABELS[batch].unique() for batch in drawn(order)]
    assert max(map(len, classes)) == most
    firsts = [found[0].item() for found in classes]
    assert sum(one != other for one, other in itertools.pairwise(firsts)) > len(firsts) / 2
