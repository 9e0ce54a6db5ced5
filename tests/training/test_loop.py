import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from normviz.pictures import tensors
from normviz.training import loop, plans, runs, state

PLAN = plans.Plan("published", "layer", recipe=plans.Recipe(epochs=3, batch_size=50))


class Killed(Exception):
    pass


def stop_in_epoch(epoch):
    def report(step):
        if step.epoch == epoch:
            raise Killed

    return report


@pytest.mark.parametrize(
    ("norm", "recipe"),
    [("batch", PLAN.recipe), ("layer", PLAN.recipe), ("layer", replace(plans.source_recipe("layer"), epochs=3, batch_size=50))],
)
def test_interrupted_training_ends_in_the_same_files(norm, recipe, made_up, tmp_path):
    plan = plans.Plan("controlled", norm, recipe=recipe)
    splits = made_up(200), made_up(100, seed=1)
    whole = loop.train(plan, *splits, root=tmp_path / "whole")
    for epoch in (2, 3):
        with pytest.raises(Killed):
            loop.train(plan, *splits, root=tmp_path / "cut", report=stop_in_epoch(epoch))
    steps = []
    resumed = loop.train(plan, *splits, root=tmp_path / "cut", report=steps.append)
    assert {step.epoch for step in steps} == {3}
    assert resumed.contents == whole.contents
    assert not list((tmp_path / "cut").rglob("*.progress*"))


def test_another_seed_gives_another_history(made_up, tmp_path):
    splits = made_up(100), made_up(50, seed=1)
    one, two = (
        loop.train(plans.Plan("published", "layer", seed, plans.Recipe(epochs=1)), *splits, root=tmp_path / str(seed))
        for seed in (0, 1)
    )
    assert one.contents["weights.safetensors"] != two.contents["weights.safetensors"]


def test_label_smoothing_changes_the_gradient_and_not_what_is_reported(made_up):
    pictures, smoothing = made_up(20), 0.3
    recipe = plans.Recipe(1, 20, 0.1, 0.0, optimizer="sgd", schedule="constant", augmentation="none", label_smoothing=smoothing)
    run, other = (state.begin(plans.Plan("published", "layer", recipe=recipe), training=pictures) for _ in range(2))
    steps = []
    loop.advance(run, pictures, report=steps.append)

    answers = other.network(tensors.standardise(pictures.images, *other.network.standard)).log_softmax(dim=1)
    target = torch.full_like(answers, smoothing / 10)
    target[torch.arange(20), torch.as_tensor(pictures.labels)] += 1 - smoothing
    (-(target * answers).sum(dim=1).mean()).backward()
    for stepped, weight in zip(run.network.parameters(), other.network.parameters()):
        torch.testing.assert_close(stepped.data, weight.data - 0.1 * weight.grad, atol=1e-5, rtol=1e-4)
    assert steps[0].loss == pytest.approx(
        torch.nn.functional.nll_loss(answers, torch.as_tensor(pictures.labels)).item(), rel=1e-5
    )


def test_divergence_names_the_step_and_keeps_the_good_run(made_up, tmp_path):
    splits = made_up(100), made_up(50, seed=1)
    good = loop.train(PLAN, *splits, root=tmp_path)
    wild = plans.Plan("published", "layer", recipe=plans.Recipe(epochs=3, batch_size=10, learning_rate=1e30))
    with pytest.raises(loop.Diverged, match=r"at step \d+ of 30"):
        loop.train(wild, *splits, root=tmp_path)
    assert runs.load("published", "layer", tmp_path).contents == good.contents


def test_progress_on_other_pictures_is_refused(made_up, tmp_path):
    with pytest.raises(Killed):
        loop.train(PLAN, made_up(100), made_up(50), root=tmp_path, report=stop_in_epoch(2))
    with pytest.raises(runs.RunError, match="other pictures"):
        loop.train(PLAN, made_up(100, seed=5), made_up(50), root=tmp_path)


@pytest.mark.parametrize("content", [{}, {"data": None}, {"data": "of the pictures"}])
def test_foreign_progress_is_refused(content, made_up, tmp_path):
    training = made_up(50)
    record = {key: training.fingerprint if value else value for key, value in content.items()}
    file = loop.progress_file(PLAN, tmp_path)
    file.parent.mkdir(parents=True)
    save_file({"network.head": torch.zeros(1)}, file, {"record": json.dumps(record)})
    with pytest.raises(runs.RunError, match="delete it|delete the file"):
        loop.train(PLAN, training, made_up(50), root=tmp_path)


def test_both_studies_share_the_batch_run(made_up, tmp_path):
    plan = plans.Plan("published", "batch", recipe=plans.Recipe(epochs=1))
    loop.train(plan, made_up(50), made_up(50), root=tmp_path)
    assert runs.load("controlled", "batch", tmp_path).info == runs.load("published", "batch", tmp_path).info


def test_the_sources_scheduler_cuts_the_rate_of_a_falling_loss(made_up, tmp_path):
    plan = plans.Plan("published", "batch", recipe=replace(plans.source_recipe("batch"), epochs=6, batch_size=50))
    whole = loop.train(plan, made_up(200), made_up(50, seed=1), root=tmp_path / "whole")
    rates = whole.history["learning_rate"]
    assert rates.iloc[0] == 0.01 and rates.iloc[-1] < rates.iloc[0]
    assert whole.history["train_loss"].iloc[-1] < whole.history["train_loss"].iloc[0]
    assert whole.info["recipe"]["optimizer"] == "adam" and whole.info["architecture"]["dropout"] == 0.05


def test_kill_minus_nine_loses_only_the_current_epoch(image_folder, tmp_path):
    command = [sys.executable, "-m", "normviz", "train", "--study", "published", "--norm", "layer", "--epochs", "3"]
    command += ["--batch-size", "4", "--data", str(image_folder), "--out"]
    process = subprocess.Popen([*command, str(tmp_path / "cut")], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "cut").rglob("*.progress.safetensors")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list((tmp_path / "cut").rglob("run.json"))
    for name in ("cut", "whole"):
        subprocess.run([*command, str(tmp_path / name)], check=True, stderr=subprocess.DEVNULL)
    cut, whole = (runs.load("published", "layer", tmp_path / name) for name in ("cut", "whole"))
    assert cut.contents == whole.contents


def test_progress_with_other_test_pictures_is_refused(made_up, tmp_path):
    training = made_up(100)
    with pytest.raises(Killed):
        loop.train(PLAN, training, made_up(20), tmp_path, report=stop_in_epoch(2))
    with pytest.raises(runs.RunError, match="was begun on other pictures"):
        loop.train(PLAN, training, made_up(20, seed=5), tmp_path)


def test_a_network_that_breaks_in_its_last_step_is_not_saved(made_up, tmp_path):
    recipe = plans.Recipe(epochs=1, batch_size=100, learning_rate=1e30, schedule="constant")
    plan = replace(PLAN, recipe=recipe)
    with pytest.raises(loop.Diverged, match="test loss=nan after epoch 1"):
        loop.train(plan, made_up(100), made_up(20), tmp_path)
    assert not list(tmp_path.rglob("run.json"))
