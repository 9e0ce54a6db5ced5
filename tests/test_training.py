import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from normviz import data, plans, runs, training

PLAN = plans.Plan("published", "layer", recipe=plans.Recipe(epochs=3, batch_size=50))


class Killed(Exception):
    pass


def stop_in_epoch(epoch):
    def report(step):
        if step.epoch == epoch:
            raise Killed

    return report


def test_learning_rate_equals_torch():
    recipe, steps = plans.Recipe(), 100
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=recipe.warm_up)
    for step in range(steps):
        assert plans.learning_rate(step, steps, recipe) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize(
    ("norm", "recipe"),
    [("batch", PLAN.recipe), ("layer", PLAN.recipe), ("layer", replace(plans.source_recipe("layer"), epochs=3, batch_size=50))],
)
def test_interrupted_training_ends_in_the_same_files(norm, recipe, made_up, tmp_path):
    plan = plans.Plan("controlled", norm, recipe=recipe)
    splits = made_up(200), made_up(100, seed=1)
    whole = training.train(plan, *splits, root=tmp_path / "whole")
    for epoch in (2, 3):
        with pytest.raises(Killed):
            training.train(plan, *splits, root=tmp_path / "cut", report=stop_in_epoch(epoch))
    steps = []
    resumed = training.train(plan, *splits, root=tmp_path / "cut", report=steps.append)
    assert {step.epoch for step in steps} == {3}
    assert resumed.contents == whole.contents
    assert not list((tmp_path / "cut").rglob("*.progress*"))


def test_another_seed_gives_another_history(made_up, tmp_path):
    splits = made_up(100), made_up(50, seed=1)
    one, two = (
        training.train(plans.Plan("published", "layer", seed, plans.Recipe(epochs=1)), *splits, root=tmp_path / str(seed))
        for seed in (0, 1)
    )
    assert one.contents["weights.safetensors"] != two.contents["weights.safetensors"]


def test_divergence_names_the_step_and_keeps_the_good_run(made_up, tmp_path):
    splits = made_up(100), made_up(50, seed=1)
    good = training.train(PLAN, *splits, root=tmp_path)
    wild = plans.Plan("published", "layer", recipe=plans.Recipe(epochs=3, batch_size=10, learning_rate=1e30))
    with pytest.raises(training.Diverged, match=r"at step \d+ of 30"):
        training.train(wild, *splits, root=tmp_path)
    assert runs.load("published", "layer", tmp_path).contents == good.contents


def test_progress_on_other_pictures_is_refused(made_up, tmp_path):
    with pytest.raises(Killed):
        training.train(PLAN, made_up(100), made_up(50), root=tmp_path, report=stop_in_epoch(2))
    with pytest.raises(runs.RunError, match="other pictures"):
        training.train(PLAN, made_up(100, seed=5), made_up(50), root=tmp_path)


def test_both_studies_share_the_batch_run(made_up, tmp_path):
    plan = plans.Plan("published", "batch", recipe=plans.Recipe(epochs=1))
    training.train(plan, made_up(50), made_up(50), root=tmp_path)
    assert runs.load("controlled", "batch", tmp_path).info == runs.load("published", "batch", tmp_path).info


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("learning_rate", -1), ("warm_up", 1), ("crop_padding", 32)])
def test_recipe_refuses_what_cannot_be_trained(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        plans.Recipe(**{name: value})


def _image_folder(root, count, made_up):
    from PIL import Image

    for split_name, split in (("train", made_up(count)), ("test", made_up(50, seed=1))):
        for image, label, index in zip(split.images, split.labels, split.indices):
            folder = root / split_name / data.CLASS_NAMES[label]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{index:05}.png")
    return root


def test_kill_minus_nine_loses_only_the_current_epoch(made_up, tmp_path):
    folder = _image_folder(tmp_path / "data", 300, made_up)
    command = [sys.executable, "-m", "normviz", "train", "--study", "published", "--norm", "layer", "--epochs", "3"]
    command += ["--batch-size", "4", "--data", str(folder), "--out"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    process = subprocess.Popen([*command, str(tmp_path / "cut")], stderr=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "cut").rglob("*.progress.safetensors")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list((tmp_path / "cut").rglob("run.json"))
    for name in ("cut", "whole"):
        subprocess.run([*command, str(tmp_path / name)], check=True, stderr=subprocess.DEVNULL, env=environment)
    cut, whole = (runs.load("published", "layer", tmp_path / name) for name in ("cut", "whole"))
    assert cut.contents == whole.contents


def test_augmentation_draws_for_each_picture():
    image = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(1, 32, 32, 3)
    batch = torch.as_tensor(np.repeat(image, 200, axis=0))
    out = data.augment(batch, torch.Generator().manual_seed(0), padding=2).numpy()
    padded = np.pad(image[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    crops = {padded[y : y + 32, x : x + 32].tobytes() for y in range(5) for x in range(5)}
    flipped = {padded[y : y + 32, x : x + 32][:, ::-1].tobytes() for y in range(5) for x in range(5)}
    found = {picture.tobytes() for picture in out}
    assert found <= crops | flipped and len(found) > 40 and found & crops and found & flipped
