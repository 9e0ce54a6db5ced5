import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from normviz.model.network import Network, architecture
from normviz.studies import catalogue, evidence, findings
from normviz.training import runs
from tests.studies.tables import seeds_table


def test_interval_of_the_mean_is_scipys():
    values = [0.7, 0.72, 0.71, 0.75, 0.69]
    found = evidence.mean_interval(values)
    expected = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (found["low"], found["high"]) == pytest.approx(expected) and found["count"] == 5
    assert math.isnan(evidence.mean_interval([0.7])["low"])


def test_a_difference_is_paired_by_seed():
    table = seeds_table(batch=[0.70, 0.80, 0.90], group=[0.69, 0.79, 0.89, 0.1])
    one, other = (evidence.by_seed(table, "controlled", norm) for norm in ("batch", "group"))
    found = evidence.difference(one, other)
    assert found["count"] == 3 and found["mean"] == pytest.approx(0.01) and found["high"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"mean": 0.012, "low": 0.002, "high": 0.022, "count": 5},
            "A leads b by 1.20 ± 1.00 points; the interval excludes zero.",
        ),
        ({"mean": -0.012, "low": -0.022, "high": -0.002, "count": 5}, "B leads a by 1.20 ± 1.00 points; the interval excludes"),
        (
            {"mean": 0.01, "low": -0.01, "high": 0.03, "count": 5},
            "A minus b: +1.00 ± 2.00 points. The interval includes zero: these 5",
        ),
        ({"mean": 0.01, "low": math.nan, "high": math.nan, "count": 1}, "one seed allows no interval"),
    ],
)
def test_what_may_be_concluded(found, said):
    assert said in evidence.conclusion("A", "b", found)


def differences(**by_name) -> pd.DataFrame:
    rows = [
        {"name": name, "seed": seed, "value": value} for name, values in by_name.items() for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["name", "seed", "value"])


def test_what_stays_when_several_differences_are_taken_together():
    clear, bare, none = [0.05, 0.051, 0.049, 0.05], [0.01, 0.02, 0.03, 0.04], [-0.01, 0.01, -0.02, 0.02]
    assert evidence.mean_interval(bare)["low"] > 0 > evidence.mean_interval(bare, 1 - 0.05 / 3)["low"], (
        "tells alone, not among three"
    )
    first, last = evidence.together(["first"], differences(a=clear, b=bare, c=none))
    assert first == "first" and last.endswith("hold for all at once (95%, Bonferroni), zero stays excluded only for a.")
    assert evidence.together([], differences(b=bare, c=none))[0].endswith("none of them excludes zero.")
    assert evidence.together([], differences(a=clear, c=[-each for each in clear]))[0].endswith(
        "all of them still exclude zero."
    )


@pytest.mark.parametrize("few", [{}, {"a": [0.1, 0.2]}, {"a": [0.1, 0.2], "b": [0.1]}])
def test_too_few_differences_are_not_taken_together(few):
    assert evidence.together(["first"], differences(**few)) == ["first"]


def test_instance_norm_gives_every_picture_the_same_answer():
    torch.manual_seed(0)
    network = Network(architecture("controlled", "instance")).eval()
    with torch.inference_mode():
        answers = network(torch.randn(4, 3, 32, 32))
    assert torch.allclose(answers, answers[:1].expand_as(answers), atol=1e-5)
    assert evidence.by_seed(evidence.load("seeds"), "controlled", "instance").eq(0.1).all()


def test_a_study_that_is_not_begun_has_no_rows_for_a_page_to_show():
    assert not findings.covers(evidence.load("seeds"), "budget") and findings.covers(evidence.load("seeds"), "published")


@pytest.mark.parametrize("name", [name for name in catalogue.PLANS if evidence.files(name)[0].exists()])
def test_shipped_studies_hold_every_run_of_a_seed_at_least_and_no_other_runs(name):
    table, plans = evidence.load(name), catalogue.study(name).plans
    assert {plan.digest for plan in plans if plan.seed == 0} <= set(table["plan"]) <= {plan.digest for plan in plans}
    assert (table.groupby("plan")["epoch"].nunique() == table.groupby("plan")["epochs"].first()).all()
    assert json.loads(evidence.files(name)[1].read_text()) == evidence.provenance(name, table)


def test_batch_norm_cannot_see_the_class_of_a_sorted_batch_even_in_training():
    last = evidence.results(evidence.load("sorted"))
    sorted_runs = last[last["settings"].str.contains('"order": "one class"')].groupby("norm")["train_accuracy"]
    assert sorted_runs.max()["batch"] < 0.12 < 0.25 < sorted_runs.min().drop("batch").min()


@pytest.mark.parametrize("name", ["shift", "sorted-shift", "batch-statistics"])
def test_shipped_measurements_are_of_the_shipped_networks(name):
    assert set(evidence.load(name)["plan"]) == {what.digest for what in catalogue.study(name).plans}


@pytest.mark.parametrize("name", ["shift", "batch-statistics"])
def test_shipped_measurements_begin_with_the_stored_accuracy(name):
    table = evidence.load(name)
    for study, norm in {("controlled", "batch"), ("controlled", "group"), ("published", "layer")}:
        rows = findings.of_network(table, study, norm)
        clean = rows[rows["shift"] == "none"] if name == "shift" else rows[rows["layer"] == 0]
        assert runs.load(study, norm).info["final"]["accuracy"] in set(clean["accuracy"].round(6))


def test_a_damaged_table_is_named(tmp_path):
    (tmp_path / "seeds.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(evidence.EvidenceError, match="seeds.parquet.*python -m normviz study seeds"):
        evidence.load("seeds", tmp_path)


def test_a_table_that_is_none_is_to_be_moved_away_first(tmp_path):
    file = tmp_path / "gap.parquet"
    for content in (b"cut", runs.parquet(pd.DataFrame({"plan": ["a"]}))):
        file.write_bytes(content)
        with pytest.raises(evidence.EvidenceError, match="cannot be read .*; move it away, and run it with"):
            evidence.load_if_any("gap", tmp_path)


@pytest.mark.parametrize("column", ["norm", "network", "test_accuracy"])
def test_a_table_without_a_column_is_named(column, tmp_path):
    table = evidence.load("seeds").drop(columns=column)
    table.to_parquet(evidence.files("seeds", tmp_path)[0])
    with pytest.raises(evidence.EvidenceError, match=f"no column {column}"):
        evidence.load("seeds", tmp_path)
