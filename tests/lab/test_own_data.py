"""The lab on the owner's own pictures."""

from dataclasses import replace

import pytest

from normviz.lab import engine, slices
from normviz.lab.setup import Setup
from normviz.lab.tasks import Data, Slice
from normviz.pictures.choices import Choices, choices
from normviz.pictures.originals import DataError
from normviz.training import inference, runs
from tests import own_pictures

SETUP = Setup(("layer",), data="own", pictures=500, batch_size=8, steps=3)


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = own_pictures.fill(tmp_path / "mine", 20)
    return Slice(SETUP.columns["layer-0"], Data("own", str(folder), 500, Choices(resize="fit")), None, 3)


def test_own_pictures_are_trained_on_and_exported_with_their_classes(job, tmp_path):
    outcome = slices.carry_out(job)
    assert outcome.point["step"] == 3 and outcome.point["pictures"] == 24 and 0 <= outcome.point["accuracy"] <= 1
    runs.save(*slices.export(job.plan, job.data, outcome.packed), tmp_path / "out" / "controlled" / "layer")
    run = runs.load("controlled", "layer", tmp_path / "out")
    assert run.classes == tuple(sorted(own_pictures.CLASSES)) and run.is_own and len(run.predictions) == 12
    assert inference.restore(run).head.out_channels == 3


@pytest.mark.parametrize("name", ["cifar10", "own"])
def test_a_run_never_changes_its_data(name, job, image_folder):
    other = str(image_folder) if name == "own" else job.data.folder
    with pytest.raises(DataError, match=f"data={name}, the data folder holds"):
        slices.carry_out(replace(job, data=replace(job.data, name=name, folder=other)))


def test_the_owners_choices_go_to_the_workers(monkeypatch):
    for name, value in {"": "/mine", "_RESIZE": "fit", "_SKIP_BAD": "1"}.items():
        monkeypatch.setenv(f"NORMVIZ_DATA{name}", value)
    assert engine.data_of(SETUP, choices()) == Data("own", "/mine", 500, Choices("/mine", "fit", 1))
