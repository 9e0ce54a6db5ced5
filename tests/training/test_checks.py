import os
import shutil
from types import SimpleNamespace

import pytest
import torch

from normviz import disk
from normviz.training import checks, loop, plans, runs

SMALL = plans.Recipe(epochs=2, batch_size=20)


@pytest.mark.parametrize(("groups", "channels"), [(3, 16), (5, 16), (32, 16)])
def test_groups_must_divide_the_channels(groups, channels, tmp_path):
    with pytest.raises(ValueError, match=f"groups must divide channels: groups={groups}, channels={channels}"):
        checks.check_plan(plans.Plan("controlled", "group", groups=groups), tmp_path)


@pytest.mark.parametrize("groups", [0, -4, 2.0])
def test_groups_must_be_a_count(groups):
    with pytest.raises(ValueError, match=f"groups must be a whole number from 1 to .*: groups={groups}"):
        plans.Plan("controlled", "group", groups=groups)


def test_a_good_plan_passes_and_leaves_nothing(tmp_path, made_up):
    plan = plans.Plan("controlled", "group", recipe=SMALL)
    checks.check_plan(plan, tmp_path)
    checks.check_pictures(plan, made_up(20), made_up(10), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_cuda_must_be_there(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device=cuda"):
        checks.check_plan(plans.Plan("controlled", "group"), tmp_path, "cuda")


def test_a_file_in_the_place_of_the_run_is_named(tmp_path):
    (tmp_path / "controlled").mkdir()
    (tmp_path / "controlled" / "group").touch()
    with pytest.raises(disk.DiskError, match="controlled/group must be a folder"):
        checks.check_plan(plans.Plan("controlled", "group"), tmp_path)


def test_what_would_be_lost_with_the_run_that_is_replaced_is_named(tmp_path):
    folder = tmp_path / "controlled" / "group"
    folder.mkdir(parents=True)
    for name in ("run.json", *runs.FILES):
        (folder / name).touch()
    checks.check_plan(plans.Plan("controlled", "group"), tmp_path)
    (folder / "notes.txt").touch()
    with pytest.raises(disk.DiskError, match="controlled/group must be .* hold a run alone, .* it holds notes.txt;"):
        checks.check_plan(plans.Plan("controlled", "group"), tmp_path)


def test_a_batch_may_not_be_larger_than_the_training_set(tmp_path, made_up):
    with pytest.raises(ValueError, match="batch_size=20, pictures=19"):
        checks.check_pictures(plans.Plan("controlled", "group", recipe=SMALL), made_up(19), made_up(10), tmp_path)


def test_a_disk_without_room_for_the_run_is_named(tmp_path, made_up, monkeypatch):
    plan = plans.Plan("controlled", "group", recipe=SMALL)
    free = checks.run_bytes(plan, 10) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    checks.check_plan(plan, tmp_path)
    with pytest.raises(disk.DiskError, match="disk must have .* MB free"):
        checks.check_pictures(plan, made_up(20), made_up(10), tmp_path)


@pytest.mark.parametrize(
    ("study", "norm", "epochs", "pictures"), [("published", "group", 2, 10), ("controlled", "none", 1, 2000)]
)
def test_a_run_never_takes_more_than_was_said(study, norm, epochs, pictures, made_up, tmp_path, monkeypatch):
    sizes, flush = [], os.fsync

    def measure(descriptor):
        flush(descriptor)
        sizes.append(sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()))

    monkeypatch.setattr(os, "fsync", measure)
    plan = plans.Plan(study, norm, recipe=plans.Recipe(epochs=epochs, batch_size=20))
    loop.train(plan, made_up(20), made_up(pictures, seed=1), tmp_path)
    assert max(sizes) <= checks.run_bytes(plan, pictures) <= 3 * max(sizes)
