import re

import numpy as np
import pandas as pd
import pytest
import torch

from normviz.explain import arithmetic, cells
from normviz.explain.cells import NormLayer
from tests.explain.layers import CASES, affine, edited, torch_module


def test_the_steps_tell_what_is_averaged():
    layer = cells.NormLayer(cells.made_up((3, 4, 2, 2), 9), "batch", np.ones(4), np.zeros(4))
    titles, formulas, notes = zip(*arithmetic.steps(arithmetic.work(layer, (0, 0, 0, 0))))
    assert len(titles) == 4 and all("&=" in formula for formula in formulas)
    assert notes[0].startswith("Over 12 values: ") and notes[0].count(",") == 11


def some_cells(shape: tuple, count: int = 12) -> list[tuple]:
    draw = np.random.default_rng(1)
    return [tuple(int(draw.integers(length)) for length in shape) for _ in range(count)]


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
        worked = arithmetic.work(layer, cell)
        assert worked.result == pytest.approx(expected[cell], abs=1e-6)
        assert worked.mean == pytest.approx(worked.values.mean()) and worked.variance == pytest.approx(worked.values.var())
        assert x[cell] in worked.values
        by_hand = (worked.value - worked.mean) / np.sqrt(worked.variance + 1e-5)
        assert worked.normalized == pytest.approx(by_hand, abs=1e-9)
        for formula, value in (
            (arithmetic.mean_formula, worked.mean),
            (arithmetic.variance_formula, worked.variance),
            (arithmetic.normalize_formula, worked.normalized),
            (arithmetic.result_formula, worked.result),
        ):
            assert last_number(formula(worked)) == pytest.approx(value, rel=1e-3, abs=1e-9)


def test_the_update_is_written_with_its_numbers():
    x = np.array([[[[1.0]]], [[[3.0]]]])  # mean 2, unbiased variance 2
    fed = cells.feed([x], (np.zeros(1), np.ones(1)))
    formulas = arithmetic.update_formulas(fed, 0)
    assert formulas["mean"].endswith(r"0.9 \cdot 0 + 0.1 \cdot 2 = 0.2")
    assert formulas["variance"].endswith(r"0.9 \cdot 1 + 0.1 \cdot 2 = 1.1")


@pytest.mark.parametrize("text", ["", "  ", None, np.nan, "abc", "inf", "-inf", "nan", "1e999", "1000001", "2,5", "1 2"])
def test_a_text_that_is_no_number_is_named_with_its_cell(text):
    table = arithmetic.as_text(cells.made_up((2, 2, 1, 2), 0)).astype(object)
    table.loc["picture 1, channel 0", "0, 1"] = text
    typed = arithmetic.read_numbers(table)
    assert len(typed.problems) == 1
    assert typed.problems[0].startswith("picture 1, channel 0, row 0, column 1: ")
    assert ("empty" if pd.isna(text) or not text.strip() else text) in typed.problems[0]
    assert np.isnan(typed.numbers[2, 1]) and np.isnan(typed.numbers).sum() == 1


def test_numbers_are_read_as_they_are_typed():
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 2))
    typed = arithmetic.read_numbers(arithmetic.as_text(x))
    assert not typed.problems and (typed.numbers.reshape(x.shape) == x).all()
    table = pd.DataFrame([[" 3 ", "-2.5", "−4", "1e3"]], index=["channel 0"], columns=list("abcd"))
    assert arithmetic.read_numbers(table).numbers.tolist() == [[3, -2.5, -4, 1000]]
