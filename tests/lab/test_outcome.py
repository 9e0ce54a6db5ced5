import numpy as np
import pandas as pd
import pytest

from normviz.lab import outcome
from normviz.lab.presets import PRESETS
from normviz.lab.setup import Setup
from normviz.lab.store import About


def points(last, seeds=1, count=3):
    rows = []
    for norm, accuracy in last.items():
        for seed in range(seeds):
            for place in range(1, count + 1):
                value = accuracy * place / count + 0.001 * seed * (norm == "batch")
                own = value / 2 if norm == "batch" else np.nan
                rows.append(
                    {
                        "column": f"{norm}-{seed}",
                        "norm": norm,
                        "seed": seed,
                        "step": place,
                        "pictures": 16 * place,
                        "accuracy": value,
                        "batch_accuracy": own,
                        "loss": 2.0,
                        "stray": [0.5] * 8,
                        "seconds": place,
                    }
                )
    return pd.DataFrame(rows)


def test_lines_have_a_range_over_seeds_and_batch_norm_a_second_one():
    table = outcome.lines(points({"batch": 0.4, "group": 0.3}, seeds=3), "accuracy")
    ends = table[table["x"] == 48].set_index("series")
    assert sorted(ends.index) == ["batch", "batch, its batch", "group"]
    assert ends.loc["batch", ["low", "mean", "high"]].tolist() == pytest.approx([0.4, 0.401, 0.402])
    assert ends["dashed"].to_dict() == {"batch": False, "group": False, "batch, its batch": True}


def test_before_the_first_point_there_are_lines_without_rows():
    table = outcome.lines(pd.DataFrame(), "loss")
    assert table.empty and list(table) == outcome.COLUMNS
    assert outcome.stray(pd.DataFrame()).empty


def test_long_lines_are_thinned_and_keep_their_end():
    table = outcome.lines(points({"layer": 0.5}, count=1000), "accuracy")
    assert len(table) <= outcome.MOST_POINTS + 1 and table["x"].max() == 16_000


def test_the_verdict_is_paired_by_seed():
    assert "one seed allows no interval" in outcome.verdict(points({"batch": 0.4, "group": 0.3}))[0]
    said = outcome.verdict(points({"batch": 0.4, "group": 0.3, "layer": 0.39}, seeds=3))
    assert said[0].startswith("Batch norm leads layer norm") and said[1].startswith("Batch norm leads group norm")


def test_the_guess_is_answered():
    found = points({"batch": 0.1, "group": 0.3, "layer": 0.2})
    said = outcome.answer(About("x", "v", best="batch", worst="batch"), found)
    assert (
        "would be best (10.0%): in this run it is group norm (30.0%)" in said
        and "would be worst (10.0%): in this run it is." in said
    )
    assert outcome.answer(About("x", "v"), found) == ""
    alike = points({"group": 0.1, "layer": 0.1})
    assert all(outcome.answer(About("x", "v", best=norm), alike).endswith("in this run it is.") for norm in ("group", "layer"))


def test_numbers_say_where_each_norm_stands():
    said = outcome.numbers(points({"batch": 0.4, "layer": 0.2}), Setup(steps=10))
    assert "Step 3 of 10, 48 pictures seen" in said and "40.0% (20.0% with its batch's statistics)" in said


def test_a_rehearsal_says_whether_the_effect_shows_and_what_the_whole_takes():
    found = points({"batch": 0.1, "group": 0.3, "layer": 0.3})
    about = About("x", "v", preset="one-class", rehearsal=True)
    whole = PRESETS["one-class"].setup.steps  # a step a second here
    assert f"The effect shows here. The whole demo takes about {whole} s" in outcome.rehearsed(about, found)
    assert "does not show" in outcome.rehearsed(about, points({"batch": 0.3, "group": 0.3, "layer": 0.3}))


def test_a_diverged_training_is_named():
    found = points({"batch": 0.1}).assign(diverged=None)
    assert outcome.diverged(found) == []
    found.loc[len(found)] = {**found.iloc[-1], "step": 4, "accuracy": np.nan, "diverged": "loss must stay finite"}
    assert outcome.diverged(found) == ["Batch norm diverged after step 4 (seed 0)."]


def test_a_change_of_the_rate_stands_where_its_first_point_is():
    found = outcome.changes(points({"batch": 0.1}), ((2, 0.01), (9, 0.1)))
    assert found.to_dict("records") == [{"x": 32, "text": "rate 0.01"}]
    assert outcome.changes(pd.DataFrame(), ((2, 0.01),)).empty
