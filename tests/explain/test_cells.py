import numpy as np
import pytest
import torch
from torch import nn

from normviz.explain import arithmetic, cells
from normviz.explain.cells import NormLayer
from normviz.model import norms
from tests.explain.layers import CASES, MODULES, SHAPES, affine, edited, torch_module, whole


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
    assert arithmetic.work(layer, (0, 0, 0, 0)).values is None


def test_one_value_a_channel_is_undefined_where_torch_raises():
    x = cells.made_up((1, 4, 1, 1), 0)
    ones, zeros = np.ones(4), np.zeros(4)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm2d(4).double().train()(torch.tensor(x))
    layer = NormLayer(x, "batch", ones, zeros)
    assert layer.undefined and np.isnan(arithmetic.work(layer, (0, 1, 0, 0)).result)
    assert "N H W = 1 x 1 x 1 = 1" in arithmetic.why_undefined(layer)
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
    assert arithmetic.latex(0.00001234) == r"1.234 \cdot 10^{-5}"


def test_a_norm_of_each_pixel_has_a_group_a_pixel_and_its_letter_in_each_cell():
    x = cells.made_up((2, 3, 2, 2), 9)
    layer = cells.NormLayer(x, "place", np.ones(3), np.zeros(3))
    table = cells.frame(layer, tuple(map(range, x.shape)), (0, 0, 0, 0))
    assert table["group"].nunique() == 8 and table["mixed"].all()
    assert (table.groupby(["picture", "row", "column"])["group"].nunique() == 1).all()
    np.testing.assert_allclose(table["mean"].to_numpy().reshape(x.shape)[1, 2, 0, 1], x[1, :, 0, 1].mean())
    assert cells.group_name(layer, (1, 2, 0, 1)) == "all channels at row 0, column 1 of picture 1"
    whole = cells.frame(cells.NormLayer(x, "layer", np.ones(3), np.zeros(3)), tuple(map(range, x.shape)), (0, 0, 0, 0))
    assert not whole["mixed"].any()
