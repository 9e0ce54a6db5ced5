import numpy as np
import pytest
import torch
from torch import nn

from normviz.explain import batch_mates, own_network
from normviz.model import own_network as doors
from normviz.probe import norms
from tests.probe import networks


class Tokens(nn.Module):
    """A layer norm over the last axis of a sequence."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(6)

    def forward(self, x):
        return self.norm(x.flatten(2).transpose(1, 2)).mean(1)


CASES = {  # name: network of 6 channels, what its norm averages over, as `statistic_rows` knows it
    "batch": (nn.BatchNorm2d(6), "batch", 1),
    "group": (nn.GroupNorm(3, 6), "group", 3),
    "layer": (nn.GroupNorm(1, 6), "layer", 1),
    "instance": (nn.InstanceNorm2d(6, affine=True), "instance", 1),
    "tokens": (Tokens(), "place", 1),
}


def pictures(count=4):
    return torch.randn(count, 6, 5, 7, generator=torch.Generator().manual_seed(0)) * 2 + 1


def met(network, example=None):
    network, example = nn.Sequential(network).eval(), pictures() if example is None else example
    (found,) = norms.probe(network, example)
    return own_network.layer(network, example, found.row() | {"channels_at": found.channels_at})


@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_laid_out_with_its_channels_second(name):
    network, kind, groups = CASES[name]
    layer = met(network)
    assert (layer.kind, layer.groups) == (kind, groups)
    assert layer.passage.before.shape == ((4, 6, 35, 1) if name == "tokens" else (4, 6, 5, 7))
    np.testing.assert_allclose(layer.passage.before.ravel(), pictures().flatten())


def test_a_sequence_of_one_axis_and_a_row_of_numbers():
    assert met(nn.BatchNorm1d(6), torch.randn(8, 6)).kind == "batch"
    assert met(nn.BatchNorm1d(6), torch.randn(8, 6, 9)).passage.before.shape == (8, 6, 9, 1)
    assert met(nn.LayerNorm(6), torch.randn(8, 6)).kind == "layer"


def test_what_has_no_rows_is_said_by_an_empty_kind():
    assert own_network.kind_of({"shape": [2, 3, 4, 4], "averages": "W"}) == ("", 1)
    assert own_network.kind_of({"shape": [2], "averages": "C"}) == ("", 1)


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("batch", {"times", "times by channel", "plus", "plus by channel"}),
        ("layer", {"times", "times by picture", "plus", "plus by picture"}),
        ("group", {"times", "times by picture", "plus", "plus by picture"}),
        ("instance", {"times", "times by picture", "times by channel", "plus", "plus by picture", "plus by channel"}),
        ("tokens", {"times", "times by picture", "plus", "plus by picture"}),
    ],
)
def test_changes_that_a_layer_does_not_see(name, stays):
    layer = met(CASES[name][0])
    weights = [values.clone() for values in layer.through.layer.parameters()]
    table = own_network.changes(layer)
    of = table[(table["mode"] == "training") & (table["moved"] < 0.01)]
    assert set(of["change"]) == stays
    evaluated = table[(table["mode"] == "evaluation") & (table["moved"] < 0.01)]
    assert set(evaluated["change"]) == (set() if name == "batch" else stays)
    assert all((now == then).all() for now, then in zip(layer.through.layer.parameters(), weights))


def test_layers_whose_train_returns_nothing_are_shown_too():
    network = doors.seeded(networks.Silent)
    assert len(own_network.changes(met(networks.SilentNorm(6)))) == len(own_network.MODES) * 6
    table = own_network.answers(nn.Sequential(network, nn.Flatten()), ["0"], [torch.randn(2, 4, 3, 3)], torch.ones(1, 4, 3, 3))
    assert len(table) == 2


def classifier(norm):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(6, 8, 3), norm, nn.ReLU(), nn.Dropout(0.9), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )


@pytest.mark.parametrize(("norm", "moves"), [(nn.BatchNorm2d(8), True), (nn.GroupNorm(2, 8), False)])
def test_only_batch_norms_answer_moves_with_the_batch(norm, moves):
    network, first = classifier(norm), pictures(1)
    held = {name: value.clone() for name, value in network.state_dict().items()}

    def make(number, size):
        mates = torch.randn(size - 1, *first.shape[1:], generator=torch.Generator().manual_seed(number))
        return torch.cat([first, mates])

    table = own_network.answers(network, ["1"], [make(number, 4) for number in range(own_network.BATCHES)], first)
    found = batch_mates.spreads(table)
    assert len(table) == 2 * own_network.BATCHES and list(found["strip"]) == list(own_network.STRIPS)
    assert (found["spread"][0] > 1e-3) == moves and found["spread"][1] < 1e-5
    assert network.training and all((held[name] == value).all() for name, value in network.state_dict().items())
    assert "output" in own_network.sentence(found, 4)


def test_a_softmax_at_the_end_of_a_network_stands_for_its_probabilities():
    network, first = classifier(nn.BatchNorm2d(8)).eval(), pictures(1)
    nn.init.constant_(network[-1].bias[2], 5)
    tables = [own_network.answers(each, [], [first], first) for each in (network, nn.Sequential(network, nn.Softmax(1)))]
    assert tables[0]["probability"].tolist() == pytest.approx(tables[1]["probability"].tolist())


def test_evaluation_is_the_network_as_it_is_whatever_training_has_moved():
    network, batch = classifier(nn.BatchNorm2d(8)), pictures()
    table = own_network.answers(network, ["1"], [5 * batch, batch], batch[:1])
    network.eval()
    expected = network(batch).softmax(1)[0].max().item()
    assert table.iloc[-1]["probability"] == pytest.approx(expected, abs=1e-6)


def test_a_network_without_a_row_a_picture_has_no_answer():
    with pytest.raises(ValueError, match="a row of numbers for each picture"):
        own_network.answers(nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (1, -1))), [], [pictures()], pictures(2))


def test_pictures_are_followed_through_each_norm_even_twice():
    norm = nn.BatchNorm2d(6)
    table = own_network.by_depth(nn.Sequential(norm, nn.ReLU(), norm), pictures(1), ["0"])
    assert list(table["layer"]) == [1, 2] and set(table["path"]) == {"0"}
    assert table["std_received"][0] == pytest.approx(float(pictures(1).std(correction=0)))
    lines = own_network.depth_lines(table)
    assert list(lines[~lines["source"]]["value"]) == list(table["std_given"])
