import threading
from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy import ndimage

from normviz.explain import saliency
from normviz.model.network import Network, architecture
from normviz.model.norms import COMPARED, STUDIES
from normviz.pictures import tensors
from normviz.training import inference
from tests.shipped import network, picture

MODELS = [(study, norm) for study in STUDIES for norm in COMPARED]
WAYS = [("Grad-CAM", 8), ("Grad-CAM", 5), ("integrated gradients", "blurred picture"), ("integrated gradients", "black")]
TOLERANCE = 0.6  # of a logit: the largest error of 64 steps from a blurred picture was 0.52, over 16 pictures and 5 networks


def copy_of(*which):
    return deepcopy(network(*which))


@pytest.mark.parametrize(("study", "norm"), MODELS)
def test_integrated_gradients_are_complete(study, norm):
    for example in ("cat", "ship", "frog", "automobile"):
        found = saliency.look(copy_of(study, norm), picture(example), None, *WAYS[2])
        assert abs(found.total - found.difference) < TOLERANCE
        pair = np.stack([picture(example), saliency.baseline_picture(picture(example), "blurred picture")])
        logits = inference.logits(network(study, norm), pair)
        assert found.target == logits[0].argmax()
        assert found.difference == pytest.approx(logits[0, found.target] - logits[1, found.target], abs=1e-5)


def test_a_picture_that_is_its_own_baseline_gets_nothing():
    found = saliency.look(copy_of(), np.zeros((32, 32, 3), np.uint8), 3, "integrated gradients", "black")
    assert found.difference == 0 and not found.values.any()


@pytest.mark.parametrize(("study", "norm"), MODELS)
def test_grad_cam_of_the_last_block_equals_its_formula(study, norm):
    """Behind the last norm's block come only the mean over places and a linear head, so the weights are the head's."""
    model, pixels = network(study, norm), picture("ship")
    last = len(model.norms)
    with torch.no_grad():
        maps_of_block = model.body(tensors.standardise(pixels[None]))
        combined = (
            (maps_of_block * model.head.weight[8].view(1, -1, 1, 1) / maps_of_block[0, 0].numel()).sum(1, keepdim=True).relu()
        )
    found = saliency.look(copy_of(study, norm), pixels, 8, "Grad-CAM", last)
    first, step = (1.5, 4) if study == "budget" else (5.5, 4)
    rows_columns = (np.mgrid[:32, :32] - first) / step
    expected = ndimage.map_coordinates(combined[0, 0].numpy(), rows_columns, order=1, mode="nearest")
    assert found.values == pytest.approx(expected, abs=1e-5) and expected.max() > 0
    assert (found.side, found.values.shape) == (maps_of_block.shape[-1], (32, 32))


@pytest.mark.parametrize(("block", "side"), [(3, 14), (5, 12), (8, 6)])
def test_cells_stand_where_they_look(block, side):
    """Measured without norms, which would let a cell see everything: what the first and the last cell do not see of the picture."""
    model, pixels = Network(architecture("controlled", "none")).eval(), torch.rand(1, 3, 32, 32, requires_grad=True)
    maps = model.body[: [*model.body].index(model.blocks[block - 1]) + 1](pixels)
    ends = []
    for row in (0, 1, -1):
        (seen,) = torch.autograd.grad(maps[0, :, row].sum(), pixels, retain_graph=True)
        ends.append(np.flatnonzero(seen.abs().sum((0, 1, 3)))[[0, -1]])
    step = ends[1][1] - ends[0][1]
    first = (ends[0][1] + ends[-1][0] - step * (side - 1)) / 2
    assert saliency.centres(model, block, side) == pytest.approx(first + step * np.arange(side))


@pytest.mark.parametrize(("block", "side"), [(5, 12), (6, 6), (7, 6), (8, 6)])
def test_grad_cam_has_the_side_of_its_block(block, side):
    found = saliency.look(copy_of("published", "layer"), picture(), 0, "Grad-CAM", block)
    assert (found.side, found.values.shape, found.target) == (side, (32, 32), 0)
    assert found.values.min() >= 0


@pytest.mark.parametrize(("method", "option"), WAYS)
@pytest.mark.parametrize("norm", COMPARED)
def test_the_network_is_left_as_it_was(norm, method, option):
    model = copy_of("controlled", norm)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    saliency.look(model, picture(), None, method, option)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    for module in model.modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
        assert not any(hooks) and not module.training


def test_two_visitors_at_once_get_what_each_gets_alone():
    jobs = [(picture(example), way) for example in ("cat", "frog") for way in WAYS]
    alone = [saliency.look(copy_of(), pixels, None, *way).values for pixels, way in jobs]
    together = [None] * len(jobs)

    def ask(place):
        together[place] = saliency.look(copy_of(), jobs[place][0], None, *jobs[place][1]).values

    visitors = [threading.Thread(target=ask, args=(place,)) for place in range(len(jobs))]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    for one, other in zip(alone, together):
        assert other == pytest.approx(one, abs=1e-5)


@pytest.mark.parametrize(("method", "option"), [("none", 8), ("Grad-CAM", 1), ("integrated gradients", "white")])
def test_what_is_not_offered_is_refused(method, option):
    with pytest.raises(ValueError, match=f"method='{method}'"):
        saliency.look(copy_of(), picture(), None, method, option)


@pytest.mark.parametrize(("norm_layers", "blocks"), [(1, (1,)), (3, (1, 2, 3)), (8, (5, 6, 7, 8))])
def test_only_blocks_that_are_there_are_offered(norm_layers, blocks):
    assert saliency.late_blocks(norm_layers) == blocks


def test_baselines():
    pixels = picture()
    assert not saliency.baseline_picture(pixels, "black").any()
    blurred = saliency.baseline_picture(pixels, "blurred picture")
    assert blurred.shape == pixels.shape and blurred.dtype == np.uint8
    assert blurred.mean() == pytest.approx(pixels.mean(), abs=4) and blurred.std() < pixels.std()
