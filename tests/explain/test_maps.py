import numpy as np
import pytest

from normviz.explain import maps


def test_diverging_colours():
    colours = maps.diverging(np.array([[-9.0, -2, 0, 2, 9]]), 2.0)
    assert colours.dtype == np.uint8 and colours.shape == (1, 5, 3)
    assert (colours[0, 0] == colours[0, 1]).all() and (colours[0, 3] == colours[0, 4]).all()
    assert [tuple(map(int, colours[0, place])) for place in (1, 2, 3)] == [(33, 102, 172), (247, 247, 247), (178, 24, 43)]


def test_extent_is_never_zero():
    assert maps.extent(np.zeros((3, 3))) == 1
    assert maps.extent(np.arange(101.0), -np.arange(201.0)) == pytest.approx(198)


def test_overlay_tints_by_sign_and_leaves_zero_grey():
    pixels = np.full((1, 3, 3), (10, 200, 90), np.uint8)
    negative, zero, positive = maps.overlay(pixels, np.array([[-5.0, 0, 2]]), 2.0)[0].astype(int)
    assert zero.std() == 0
    assert negative[2] > negative[0] + 50 and positive[0] > positive[2] + 50
