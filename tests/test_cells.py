import copy
import re

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from normviz import cell_arithmetic, cell_charts, cell_layers, cells, images, inference, layer_stats, norms, runs
from normviz.cells import NormLayer
from normviz.data import standardise
from normviz.norms import COMPARED, STUDIES

SHAPES = [(3, 4, 2, 2), (2, 6, 1, 1), (1, 4, 3, 2), (4, 1, 2, 1), (8, 16, 6, 6)]
MODULES = {
    "batch": lambda c, groups: nn.BatchNorm2d(c),
    "group": lambda c, groups: nn.GroupNorm(groups, c),
    "layer": lambda c, groups: nn.GroupNorm(1, c),
    "instance": lambda c, groups: nn.GroupNorm(c, c),
}
CASES = [(norm, shape, 1) for norm in ("batch", "layer", "instance") for shape in SHAPES]
CASES += [("group", shape, groups) for shape in SHAPES for groups in cells.divisors(shape[1])]


def edited(shape: tuple, seed: int) -> np.ndarray:
    """Made-up numbers of which some were replaced by a visitor."""
    x, draw = cells.made_up(shape, seed), np.random.default_rng(seed)
    x[draw.random(shape) < 0.3] = draw.normal(0, 30)
    return x


def affine(channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(seed).normal(1, 1, (2, channels)))


def torch_module(norm: str, gamma: np.ndarray, beta: np.ndarray, groups: int) -> nn.Module:
    module = MODULES[norm](len(gamma), groups).double()
    module.weight.data, module.bias.data = torch.tensor(gamma), torch.tensor(beta)
    return module


def some_cells(shape: tuple, count: int = 12) -> list[tuple]:
    draw = np.random.default_rng(1)
    return [tuple(int(draw.integers(length)) for length in shape) for _ in range(count)]


def whole(layer: NormLayer) -> tuple[range, ...]:
    return tuple(map(range, layer.x.shape))


def last_number(formula: str) -> float:
    number, power = re.fullmatch(r".*= (-?[\d.]+)(?: \\cdot 10\^\{(-?\d+)\})? \\end\{aligned\}", formula, re.S).groups()
    return float(number) * 10 ** int(power or 0)


@pytest.mark.parametrize(("norm", "shape", "groups"), CASES)
@pytest.mark.parametrize("seed", [0, 9])
def test_the_written_arithmetic_equals_torch(norm, shape, groups, seed):
    x, (gamma, beta) = edited(shape, seed), affine(shape[1], seed)
    layer = NormLayer(x, norm, gamma, beta, groups)
    expected = torch_module(norm, gamma, beta, groups).train()(torch.tensor(x)).detach().numpy()
    for cell in some_cells(shape):
        worked = cell_arithmetic.work(layer, cell)
        assert worked.result == pytest.approx(expected[cell], abs=1e-6)
        assert worked.mean == pytest.approx(worked.values.mean()) and worked.variance == pytest.approx(worked.values.var())
        assert x[cell] in worked.values
        by_hand = (worked.value - worked.mean) / np.sqrt(worked.variance + 1e-5)
        assert worked.normalized == pytest.approx(by_hand, abs=1e-9)
        for formula, value in (
            (cell_arithmetic.mean_formula, worked.mean),
            (cell_arithmetic.variance_formula, worked.variance),
            (cell_arithmetic.normalize_formula, worked.normalized),
            (cell_arithmetic.result_formula, worked.result),
        ):
            assert last_number(formula(worked)) == pytest.approx(value, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_running_statistics_move_as_in_torch_and_serve_in_evaluation(shape):
    gamma, beta = affine(shape[1])
    module = torch_module("batch", gamma, beta, 1).train()
    batches = [cells.made_up(shape, 3, number) for number in range(7)]
    fed = cells.feed(batches, (np.zeros(shape[1]), np.ones(shape[1])))
    for number, batch in enumerate(batches, start=1):
        module(torch.tensor(batch))
        mean, variance = cells.running_after(fed[fed["batch"] <= number])
        np.testing.assert_allclose(mean, module.running_mean.numpy(), atol=1e-9)
        np.testing.assert_allclose(variance, module.running_var.numpy(), atol=1e-9)
    layer = NormLayer(batches[0], "batch", gamma, beta, running=cells.running_after(fed))
    expected = module.eval()(torch.tensor(batches[0])).detach().numpy()
    np.testing.assert_allclose(layer.outputs[1], expected, atol=1e-6)
    assert cell_arithmetic.work(layer, (0, 0, 0, 0)).values is None


def test_the_update_is_written_with_its_numbers():
    x = np.array([[[[1.0]]], [[[3.0]]]])  # mean 2, unbiased variance 2
    fed = cells.feed([x], (np.zeros(1), np.ones(1)))
    formulas = cell_arithmetic.update_formulas(fed, 0)
    assert formulas["mean"].endswith(r"0.9 \cdot 0 + 0.1 \cdot 2 = 0.2")
    assert formulas["variance"].endswith(r"0.9 \cdot 1 + 0.1 \cdot 2 = 1.1")


def test_one_value_a_channel_is_undefined_where_torch_raises():
    x = cells.made_up((1, 4, 1, 1), 0)
    ones, zeros = np.ones(4), np.zeros(4)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm2d(4).double().train()(torch.tensor(x))
    layer = NormLayer(x, "batch", ones, zeros)
    assert layer.undefined and np.isnan(cell_arithmetic.work(layer, (0, 1, 0, 0)).result)
    assert "N H W = 1 x 1 x 1 = 1" in cell_arithmetic.why_undefined(layer)
    assert set(cells.frame(layer, whole(layer), (0, 0, 0, 0))["summary"].str.contains("undefined")) == {True}
    with pytest.raises(ValueError, match="N H W = 1"):
        cells.feed([x], (zeros, ones))
    assert not NormLayer(x, "batch", ones, zeros, running=(zeros, ones)).undefined
    assert not NormLayer(x, "layer", ones, zeros).undefined


@pytest.mark.parametrize(("norm", "shape", "groups"), CASES)
def test_cells_of_one_letter_share_their_statistics_and_no_others_do(norm, shape, groups):
    layer = NormLayer(edited(shape, 2), norm, *affine(shape[1]), groups)
    table = cells.frame(layer, whole(layer), (0, 0, 0, 0))
    by_letter = table.groupby("letter")
    np.testing.assert_allclose(by_letter["value"].mean(), by_letter["mean"].first(), atol=1e-9)
    np.testing.assert_allclose(by_letter["value"].var(ddof=0), by_letter["variance"].first(), atol=1e-9)
    assert by_letter.ngroups == len(norms.statistic_rows(layer.x, norm, groups)) == table["head"].nunique()
    assert (by_letter.size() == table["count"].iloc[0]).all() and (table["drawn"] == table["count"]).all()
    assert table["locked"].sum() == 1


def test_a_slice_keeps_the_statistics_of_the_whole_tensor():
    layer = NormLayer(edited((4, 8, 5, 5), 1), "group", *affine(8), 2)
    table = cells.frame(layer, (range(2), range(2, 6), range(1, 3), range(2, 4)), (0, 2, 1, 2))
    assert table["count"].unique().tolist() == [100] and table["drawn"].unique().tolist() == [8]
    first = table[table["locked"]].iloc[0]
    assert first["mean"] == pytest.approx(layer.x[0, :4].mean()) and first["variance"] == pytest.approx(layer.x[0, :4].var())


def test_groups_are_named_by_what_they_hold():
    ones = np.ones(4)
    names = {norm: cells.group_name(NormLayer(np.zeros((3, 4, 2, 2)), norm, ones, ones, 2), (1, 2, 0, 0)) for norm in MODULES}
    assert names == {
        "batch": "channel 2 of all 3 pictures",
        "group": "channels 2 to 3 of picture 1",
        "layer": "all channels of picture 1",
        "instance": "channel 2 of picture 1",
    }


def test_letters_never_repeat():
    assert [cells.letter(group) for group in (0, 25, 26, 52)] == ["A", "Z", "A1", "A2"]
    assert len({cells.letter(group) for group in range(128)}) == 128


def test_made_up_numbers_are_whole_and_come_from_the_stated_distribution():
    large, small = cells.made_up(cells.LARGEST, 5), cells.made_up((2, 3, 1, 2), 5)
    assert (large == np.rint(large)).all() and (large[:2, :3, :1, :2] == small).all()
    assert (cells.made_up(cells.LARGEST, 5, 1) != large).any() and (cells.made_up(cells.LARGEST, 6) != large).any()
    many = np.concatenate([cells.made_up(cells.LARGEST, 5, batch) for batch in range(200)])
    mean, variance = cells.true_statistics(5)
    np.testing.assert_allclose(many.mean(axis=(0, 2, 3)), mean, atol=0.05)
    np.testing.assert_allclose(many.var(axis=(0, 2, 3)), variance, rtol=0.03)


def test_only_divisors_are_offered():
    assert cells.divisors(12) == [1, 2, 3, 4, 6, 12] and cells.divisors(7) == [1, 7] and cells.divisors(1) == [1]


def test_a_cell_is_named_and_read_back():
    assert cells.cell_of(cells.cell_key((0, 2, 1, 1))) == (0, 2, 1, 1)
    with pytest.raises(ValueError, match="cell='1-2'"):
        cells.cell_of("1-2")


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5"), (-0.0, "0"), (2.5, "2.5"), (1 / 3, "0.3333"), (1e-17, "0"), (123456.0, "123456"), (0.00001234, "1.234e-05")],
)
def test_numbers_are_written_plainly(value, text):
    assert cells.written(value) == text
    assert cell_arithmetic.latex(0.00001234) == r"1.234 \cdot 10^{-5}"


@pytest.mark.parametrize("text", ["", "  ", None, np.nan, "abc", "inf", "-inf", "nan", "1e999", "1000001", "2,5", "1 2"])
def test_a_text_that_is_no_number_is_named_with_its_cell(text):
    table = cell_arithmetic.as_text(cells.made_up((2, 2, 1, 2), 0)).astype(object)
    table.loc["picture 1, channel 0", "0, 1"] = text
    typed = cell_arithmetic.read_numbers(table)
    assert len(typed.problems) == 1
    assert typed.problems[0].startswith("picture 1, channel 0, row 0, column 1: ")
    assert ("empty" if pd.isna(text) or not text.strip() else text) in typed.problems[0]
    assert np.isnan(typed.numbers[2, 1]) and np.isnan(typed.numbers).sum() == 1


def test_numbers_are_read_as_they_are_typed():
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 2))
    typed = cell_arithmetic.read_numbers(cell_arithmetic.as_text(x))
    assert not typed.problems and (typed.numbers.reshape(x.shape) == x).all()
    table = pd.DataFrame([[" 3 ", "-2.5", "−4", "1e3"]], index=["channel 0"], columns=list("abcd"))
    assert cell_arithmetic.read_numbers(table).numbers.tolist() == [[3, -2.5, -4, 1000]]


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    shown = [images.to_network_size(images.example_picture(example.key)) for example in images.examples()]
    return standardise(np.stack(shown))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("norm", COMPARED)
def test_a_trained_layer_gives_what_the_cells_say(study, norm, pictures):
    network = inference.restore(runs.load(study, norm))
    for passage in layer_stats.passages(network, pictures):
        layer = cell_layers.from_passage(passage)
        np.testing.assert_allclose(layer.outputs[1], passage.after, atol=2e-4)
        cell = (1, passage.before.shape[1] - 1, 2, 3)
        assert cell_arithmetic.work(layer, cell).result == pytest.approx(passage.after[cell], abs=2e-4)


def test_a_trained_batch_norm_in_training_uses_the_whole_batch(pictures):
    network = inference.restore(runs.load("controlled", "batch"))
    passage = layer_stats.passages(network, pictures)[2]
    layer = cell_layers.from_passage(passage)
    module = copy.deepcopy(passage.module).double().train()
    expected = module(torch.tensor(passage.before.astype(np.float64))).detach().numpy()
    own = NormLayer(layer.x, "batch", layer.gamma, layer.beta)
    np.testing.assert_allclose(own.outputs[1], expected, atol=1e-6)
    mean, variance = cells.running_after(cells.feed([layer.x], layer.running))
    np.testing.assert_allclose(mean, module.running_mean.numpy(), atol=1e-6)
    np.testing.assert_allclose(variance, module.running_var.numpy(), atol=1e-5)


@pytest.mark.parametrize(("norm", "shape", "groups"), CASES)
def test_the_drawing_is_valid_and_leaves_no_cell_out(norm, shape, groups):
    layer = NormLayer(cells.made_up(shape, 0), norm, np.ones(shape[1]), np.zeros(shape[1]), groups)
    spec = cell_charts.tensor(cells.frame(layer, whole(layer), (0, 0, 0, 0)), norm).to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert len(rows) == layer.x.size and {param["name"] for param in spec["params"]} == {"group", "here", "pick"}
    assert rows[-1]["cell"] == "0-0-0-0" and rows[-1]["locked"]
    assert all(0 <= row["tint"] < len(cell_charts.TINTS) for row in rows)


@pytest.mark.parametrize(("norm", "groups"), [("batch", 1), ("group", 7), ("instance", 1)])
def test_panels_beside_each_other_differ_in_colour_if_they_differ_in_group(norm, groups):
    layer = NormLayer(cells.made_up((8, 14, 1, 1), 0), norm, np.ones(14), np.zeros(14), groups)
    table = cells.frame(layer, whole(layer), (0, 0, 0, 0))
    panel = table.assign(tint=cell_charts._tints(table)).set_index(["picture", "channel"])[["group", "tint"]]
    for picture, channel in panel.index:
        for other in ((picture, channel + 1), (picture + 1, channel)):
            if other in panel.index:
                here, there = panel.loc[(picture, channel)], panel.loc[other]
                assert (here["group"] == there["group"]) == (here["tint"] == there["tint"])


def test_the_drawing_of_one_visitor_does_not_change_anothers():
    ones, zeros = np.ones(4), np.zeros(4)
    tables = [
        cells.frame(layer, whole(layer), (0, 0, 0, 0))
        for layer in (NormLayer(cells.made_up((3, 4, 2, 2), seed), "layer", ones, zeros) for seed in (0, 1))
    ]
    first = cell_charts.tensor(tables[0], "layer")
    before = first.to_dict()
    cell_charts.tensor(tables[1], "layer").to_dict()
    assert first.to_dict() == before


def test_running_statistics_are_drawn():
    fed = cells.feed([cells.made_up((3, 4, 2, 2), 0, number) for number in range(3)], (np.zeros(4), np.ones(4)))
    rows = fed[(fed["channel"] == 1) & (fed["statistic"] == "mean")]
    spec = cell_charts.running(rows, 2.0, "mean").to_dict()
    assert len(spec["layer"]) >= 3
