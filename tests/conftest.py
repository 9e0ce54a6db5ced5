"""Shared by all tests: the pictures, where they are at hand, and small made-up ones."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from normviz.pictures import dataset
from normviz.words.classes import CLASS_NAMES


@pytest.fixture(autouse=True)
def main_module_stays(monkeypatch):
    """AppTest leaves the app as `__main__`, which processes that a later test spawns would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def pictures() -> str:
    """The data folder that NORMVIZ_DATA names; tests that need it skip where there is none, and fail in CI."""
    folder = os.environ.get("NORMVIZ_DATA")
    if folder and dataset.find_folder(folder):
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail("CI must have the pictures: NORMVIZ_DATA is not set to a data folder")
    pytest.skip("needs CIFAR-10: set NORMVIZ_DATA to a data folder")


@pytest.fixture(scope="session")
def few_pictures(pictures, tmp_path_factory) -> Path:
    """A data folder of a thousand of the test pictures, a hundred of each class."""
    folder = tmp_path_factory.mktemp("few")
    _save(dataset.load_split("test", pictures).balanced(1000), folder / "test")
    return folder


def _save(split: dataset.Split, folder: Path) -> None:
    for image, label, index in zip(split.images, split.labels, split.indices):
        file = folder / CLASS_NAMES[label] / f"{index:05}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    (tmp_path / "no data").mkdir()
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path / "no data"))


@pytest.fixture
def made_up():
    """Returns a maker of small splits whose classes differ in colour."""

    def make(count: int, seed: int = 0) -> dataset.Split:
        draw = np.random.default_rng(seed)
        labels = np.arange(count) % 10
        base = np.linspace(20, 220, 10)[labels][:, None, None, None]
        images = (base + draw.normal(0, 20, (count, 32, 32, 3))).clip(0, 255).astype(np.uint8)
        return dataset.Split(images, labels, np.arange(count), "made up")

    return make


@pytest.fixture
def image_folder(made_up, tmp_path, monkeypatch) -> Path:
    """A data folder of 300 and 50 made-up pictures, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for split_name, split in (("train", made_up(300)), ("test", made_up(50, seed=1))):
        _save(split, tmp_path / "data" / split_name)
    return tmp_path / "data"
