from dataclasses import replace

import pytest
from safetensors.numpy import load

from normviz.lab import slices
from normviz.lab.setup import Setup
from normviz.lab.tasks import TEST_PICTURES, Data, Slice
from normviz.training import runs

DRAWN = Data("drawn", "", 500)


def job(norm, steps=3, **setup):
    plan = Setup((norm,), data="drawn", pictures=500, **setup).columns[f"{norm}-0"]
    return Slice(plan, DRAWN, None, steps, test_pictures=40)


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_a_point_holds_what_was_measured(norm):
    point = slices.carry_out(job(norm)).point
    assert point["step"] == 3 and point["pictures"] == 48
    assert 0 <= point["accuracy"] <= 1 and 0 <= point["dead"] <= 1 and point["gradient"] > 0 and 1 < point["loss"] < 6
    assert (point["batch_accuracy"] is None) == (point["stray"] is None) == (norm != "batch")
    if norm == "batch":
        assert len(point["stray"]) == 8 and min(point["stray"]) > 0


def test_slices_end_where_one_piece_does():
    whole = slices.carry_out(job("layer", steps=4))
    first = slices.carry_out(job("layer", steps=1))
    rest = slices.carry_out(replace(job("layer"), packed=first.packed))
    assert rest.packed == whole.packed and rest.point["accuracy"] == whole.point["accuracy"]


def test_pictures_are_counted_where_the_last_batch_of_a_class_is_smaller():
    point = slices.carry_out(job("layer", steps=50, order="one class")).point
    assert point["step"] == 50 and 50 * 16 > point["pictures"] > 500  # 50 pictures a class: batches of 16, 16, 16 and 2


def test_measuring_changes_nothing():
    first = slices.carry_out(job("batch", steps=2))
    again = slices.carry_out(replace(job("batch", steps=0), packed=first.packed))
    assert again.point["accuracy"] == first.point["accuracy"] and again.point["loss"] is None
    one, other = load(first.packed), load(again.packed)
    assert all((one[name] == other[name]).all() for name in one)


def test_a_batch_of_one_picture_trains_batch_norm():
    assert slices.carry_out(job("batch", batch_size=1)).point["pictures"] == 3


def test_a_diverging_training_says_at_which_step():
    outcome = slices.carry_out(job("none", steps=30, learning_rate=10.0, optimizer="sgd"))
    assert "loss must stay finite" in outcome.diverged and "at step" in outcome.diverged


def test_an_export_is_a_run_like_any_other(tmp_path):
    begun = job("group", steps=2)
    outcome = slices.carry_out(begun)
    runs.save(*slices.export(begun.plan, DRAWN, outcome.packed), tmp_path / "controlled" / "group")
    run = runs.load("controlled", "group", tmp_path)
    assert len(run.predictions) == TEST_PICTURES and len(run.history) == 1
    assert run.info["final"]["accuracy"] == pytest.approx(run.info["final"]["test_accuracy"])


def test_speed_is_that_of_steps_and_points():
    speed = slices.measure_speed(job("batch").plan, DRAWN, steps=2)
    assert 0 < speed.step < 5 and 0 < speed.point < 5
