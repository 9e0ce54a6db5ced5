"""Shared by all tests: the pictures, where they are at hand, and a small made-up split."""

import os
import sys

import numpy as np
import pytest

from normviz import data


@pytest.fixture(autouse=True)
def main_module_stays(monkeypatch):
    """AppTest leaves the app as `__main__`, which processes that a later test spawns would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def pictures() -> str:
    """The data folder that NORMVIZ_DATA names; tests that need it skip where there is none, and fail in CI."""
    folder = os.environ.get("NORMVIZ_DATA")
    if folder and data.find_folder(folder):
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail("CI must have the pictures: NORMVIZ_DATA is not set to a data folder")
    pytest.skip("needs CIFAR-10: set NORMVIZ_DATA to a data folder")


@pytest.fixture
def made_up():
    """Returns a maker of small splits whose classes differ in colour."""

    def make(count: int, seed: int = 0) -> data.Split:
        draw = np.random.default_rng(seed)
        labels = np.arange(count) % 10
        base = np.linspace(20, 220, 10)[labels][:, None, None, None]
        images = (base + draw.normal(0, 20, (count, 32, 32, 3))).clip(0, 255).astype(np.uint8)
        return data.Split(images, labels, np.arange(count), "made up")

    return make
