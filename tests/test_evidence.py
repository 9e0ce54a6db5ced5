import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from normviz import evidence, evidence_charts, findings, papers, published, questions, results, runs, small_batches, studies
from normviz.evidence_charts import Axis
from normviz.network import Network, architecture
from normviz.norms import STUDIES
from normviz.plans import Plan


def trained(name: str, accuracy_by_plan: dict[Plan, float]) -> pd.DataFrame:
    """Returns a study's table of two epochs a run, the second with the given accuracy."""
    rows = []
    for plan, accuracy in accuracy_by_plan.items():
        plan, about = plan.shared(), {"study": name, "epochs": 2, "device": "CPU"}
        about |= {"network": plan.study, "norm": plan.norm, "groups": studies._groups_of(plan), "seed": plan.seed}
        about |= {"batch_size": plan.recipe.batch_size, "plan": plan.digest}
        about["recipe"] = "source" if plan.recipe.schedule == "plateau" else "repaired"
        rows += [about | {"epoch": epoch, "test_accuracy": epoch * accuracy / 2, "train_accuracy": 0.5} for epoch in (1, 2)]
    return pd.DataFrame(rows)


def seeds_table(**accuracies: list[float]) -> pd.DataFrame:
    plans = {Plan("controlled", norm, seed): value for norm, all_ in accuracies.items() for seed, value in enumerate(all_)}
    return trained("seeds", plans)


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
        ({"mean": -0.012, "low": -0.022, "high": -0.002, "count": 5}, "b leads A by 1.20 ± 1.00 points; the interval excludes"),
        (
            {"mean": 0.01, "low": -0.01, "high": 0.03, "count": 5},
            "A minus b: +1.00 ± 2.00 points. The interval includes zero: these 5",
        ),
        ({"mean": 0.01, "low": math.nan, "high": math.nan, "count": 1}, "one seed allows no interval"),
    ],
)
def test_what_may_be_concluded(found, said):
    assert said in evidence.conclusion("A", "b", found)


def test_the_band_is_lowest_to_highest_by_epoch():
    table = seeds_table(batch=[0.6, 0.8], group=[0.5, 0.5], layer=[0.5, 0.7])
    band = findings.bands(table, "test_accuracy", "controlled").query("norm == 'batch' and x == 2").iloc[0]
    assert (band["low"], band["high"], band["count"]) == (0.6, 0.8, 2)
    gap = findings.bands(table, "gap", "controlled").query("norm == 'batch' and x == 2").iloc[0]
    assert gap["low"] == pytest.approx(0.5 - 0.8)


def gap_table(levels: dict[str, float]) -> pd.DataFrame:
    """Returns a gap study in which batch is right on 80 % and the other networks by `levels` less, the same at both seeds."""
    accuracy = {}
    for seed in (0, 1):
        source, repaired = (
            {norm: Plan("published", norm, seed, *recipe(norm)) for norm in ("batch", "group")}
            for recipe in (lambda norm: (studies.source_recipe(norm),), lambda norm: ())
        )
        accuracy |= {source["batch"]: 0.8, repaired["batch"]: 0.8}
        accuracy |= {source["group"]: 0.8 - levels["source"], repaired["group"]: 0.8 - levels["repaired"]}
        accuracy[Plan("controlled", "layer_elementwise", seed)] = 0.8 - levels["width"]
        accuracy[Plan("controlled", "group", seed)] = 0.8 - levels["norm"]
    return trained("gap", accuracy)


def test_the_waterfall_adds_up():
    steps = findings.gap(gap_table({"source": 0.10, "repaired": 0.06, "width": 0.03, "norm": 0.01}), "group")
    reported = published.reported("batch") - published.reported("group")
    assert list(steps["end"]) == pytest.approx([reported, 0.10, 0.06, 0.03, 0.01, 0.01])
    assert list(steps["label"]) == ["6.8", "+3.2", "-4.0", "-3.0", "-2.0", "1.0"]
    said = findings.gap_sentence(steps, "The source's “GN”")
    assert "1.0 points" in said and "-4.0 points, comes with repaired recipe" in said
    assert findings.gap(gap_table({"source": 0, "repaired": 0, "width": 0, "norm": 0}), "layer").empty, "layer was not run"


def test_the_best_number_of_groups_is_compared_with_the_worst_that_learns():
    accuracy = {Plan("controlled", "group", seed, groups=groups): 0.7 + groups / 100 for seed in (0, 1) for groups in (2, 8)}
    accuracy |= {Plan("controlled", "instance", seed): 0.1 for seed in (0, 1)}
    means, seeds = findings.group_counts(trained("groups", accuracy))
    assert list(means["name"]) == [questions.GROUP_COUNTS[count] for count in ("2", "8", "C")]
    assert findings.group_count_sentence(seeds).startswith("Best and worst: 8 groups leads 2 groups by 6.00 ± 0.00")


def test_instance_norm_gives_every_picture_the_same_answer():
    torch.manual_seed(0)
    network = Network(architecture("controlled", "instance")).eval()
    with torch.inference_mode():
        answers = network(torch.randn(4, 3, 32, 32))
    assert torch.allclose(answers, answers[:1].expand_as(answers), atol=1e-5)
    assert evidence.by_seed(evidence.load("seeds"), "controlled", "instance").eq(0.1).all()


def test_growth_of_the_error_stands_beside_the_papers():
    seeds = pd.DataFrame({"norm": "batch", "seed": [0, 1] * 2, "x": [2, 2, 32, 32], "value": [0.5, 0.6, 0.3, 0.4]})
    (said,) = small_batches.growth_sentences(seeds)
    theirs = papers.IMAGENET_ERROR["batch"]
    assert "+20.0 ± 0.0 points" in said and f"{100 * (theirs[2] - theirs[32]):+.1f}" in said


@pytest.mark.parametrize("name", list(studies.PLANS))
def test_shipped_studies_are_whole(name):
    table = evidence.load(name)
    assert set(table["plan"]) == {plan.digest for plan in studies.study(name).plans}
    assert (table.groupby("plan")["epoch"].nunique() == table.groupby("plan")["epochs"].first()).all()
    assert json.loads(evidence.files(name)[1].read_text()) == evidence.provenance(name, table)


@pytest.mark.parametrize("name", ["shift", "batch-statistics"])
def test_shipped_measurements_are_of_the_shipped_networks(name):
    table = evidence.load(name)
    assert set(table["plan"]) == {what.digest for what in studies.study(name).plans}
    for study, norm in {("controlled", "batch"), ("controlled", "group"), ("published", "layer")}:
        rows = findings.of_network(table, study, norm)
        clean = rows[rows["shift"] == "none"] if name == "shift" else rows[rows["layer"] == 0]
        assert runs.load(study, norm).info["final"]["accuracy"] in set(clean["accuracy"].round(6))


def test_a_damaged_table_is_named(tmp_path):
    (tmp_path / "seeds.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(evidence.EvidenceError, match="seeds.parquet.*python -m normviz study seeds"):
        evidence.load("seeds", tmp_path)


def without_nan(chart) -> str:
    return json.dumps(chart.to_dict(), allow_nan=False)


@pytest.mark.parametrize("study", STUDIES)
def test_charts_of_seeds(study):
    table = evidence.load("seeds")
    for means, seeds in (findings.models(table, study), findings.pairs(table, study)):
        drawn = without_nan(evidence_charts.intervals(means, seeds, "accuracy"))
        assert all(json.dumps(name)[1:-1] in drawn for name in means["name"])


def test_a_line_of_one_seed_has_no_interval_and_is_drawn():
    table = pd.DataFrame({"series": "batch", "norm": "batch", "x": [2, 4], "mean": [0.5, 0.6], "label": "B", "dashed": False})
    axis = Axis("size", (2, 4), doubling=True)
    without_nan(evidence_charts.lines(table.assign(**findings.NO_INTERVAL), axis, Axis("accuracy", percent=True)))


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_chart_of_the_gap(norm):
    without_nan(evidence_charts.waterfall(findings.gap(evidence.load("gap"), norm), norm))


def test_the_readme_holds_what_the_command_prints():
    readme = (runs.CHECKPOINTS.parent / "README.md").read_text(encoding="utf-8")
    assert f"{results.BEGIN}\n{results.markdown()}\n{results.END}" in readme


def test_results_need_their_place(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("nothing here")
    with pytest.raises(results.ResultsError, match="README.md has no place"):
        results.write(file)
    assert file.read_text() == "nothing here"
    file.write_text(f"before\n{results.BEGIN}\nold\n{results.END}\nafter")
    results.write(file)
    assert file.read_text().startswith("before\n") and file.read_text().endswith("\nafter") and "old" not in file.read_text()


@pytest.mark.parametrize(
    ("batch_at_2", "said"), [([0.50, 0.52], "The paper's shape repeats"), ([0.30, 0.33], "does not show in these seeds")]
)
def test_whether_the_papers_shape_repeats_is_computed(batch_at_2, said):
    rows = [("batch", seed, 2, value) for seed, value in enumerate(batch_at_2)]
    rows += [(norm, seed, size, 0.3) for seed in (0, 1) for norm, size in (("batch", 32), ("group", 2), ("group", 32))]
    seeds = pd.DataFrame(rows, columns=["norm", "seed", "x", "value"])
    assert said in small_batches.shape_sentence(seeds)
    assert "One seed allows no interval" in small_batches.shape_sentence(seeds[seeds["seed"] == 0])
    assert small_batches.shape_sentence(seeds[seeds["x"] == 2]) == "Not every batch size has been run."
