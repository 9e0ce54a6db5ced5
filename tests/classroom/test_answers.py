import pandas as pd
import pytest

from normviz.classroom import answers, measures
from normviz.classroom.answers import Rule
from normviz.classroom.measures import Measured
from normviz.lab import outcome, recorded
from normviz.studies import evidence

NAMES = {"batch": "Batch norm", "group": "Group norm", "layer": "Layer norm"}


@pytest.fixture
def made_up(monkeypatch):
    """Batch norm leads clearly; group and layer norm cannot be told apart."""
    seeds = {"batch": [0.9, 0.91, 0.89], "group": [0.70, 0.72, 0.71], "layer": [0.72, 0.70, 0.715]}
    values = {norm: pd.Series(each, dtype=float) for norm, each in seeds.items()}
    found = Measured(values, NAMES, {norm: norm for norm in values}, "test accuracy, made up")
    monkeypatch.setitem(measures.MEASURES, "made up", (lambda: found, ()))


def compute(name, among, options=()):
    return answers.compute(Rule(name, "made up", tuple(among)), tuple(options))


def test_the_best_and_the_worst_are_found_where_they_are_separated(made_up):
    assert compute("best", NAMES).right == "batch"
    assert compute("worst", ["batch", "group"]).right == "group"


def test_the_right_answer_is_that_the_seeds_do_not_decide_where_that_is_offered(made_up):
    assert compute("best", ["group", "layer"], ["group", "layer", answers.UNDECIDED]).right == answers.UNDECIDED
    assert compute("best", ["batch", "layer"], ["batch", "layer", answers.UNDECIDED]).right == "batch"


def test_where_it_is_not_offered_each_that_the_seeds_do_not_separate_from_the_best_is_right(made_up):
    answer = compute("best", ["group", "layer"], ["group", "layer"])
    assert answer.right == "layer" and answers.accepts(answer, "choice", "group", 0)
    answer = compute("best", NAMES, NAMES)
    assert [answers.accepts(answer, "choice", norm, 0) for norm in NAMES] == [True, False, False]


def test_one_seed_does_not_decide_what_another_may_turn_round():
    first, *others = measures.measured("demo size-2").means().sort_values("mean", ascending=False)["key"]
    rule = Rule("best", "demo size-2", (first, *others))
    assert answers.compute(rule, (first, *others, answers.UNDECIDED)).right == answers.UNDECIDED
    answer = answers.compute(rule, (first, *others))
    assert answer.right == first and not any(answers.accepts(answer, "choice", other, 0) for other in others), "of that run"
    reported = Rule("best", "reported", tuple(NAMES))
    assert answers.compute(reported, (*NAMES, answers.UNDECIDED)).right == "batch", "a figure of the past stays as it is"


def test_the_best_is_told_from_every_other_not_from_the_second_alone(monkeypatch):
    seeds = {"batch": [0.80, 0.81, 0.79], "group": [0.77, 0.78, 0.76], "layer": [0.70, 0.79, 0.65]}
    found = Measured({norm: pd.Series(each) for norm, each in seeds.items()}, NAMES, {norm: norm for norm in seeds}, "made up")
    monkeypatch.setitem(measures.MEASURES, "made up", (lambda: found, ()))
    answer = compute("best", NAMES, [*NAMES, answers.UNDECIDED])
    assert answer.right == answers.UNDECIDED
    assert "Batch norm minus layer norm" in answer.said and "group norm:" not in answer.said, "the pair that is open is shown"


def test_neighbours_that_are_not_separated_may_stand_either_way_round(made_up):
    answer = compute("order", NAMES, NAMES)
    assert answer.right == "batch>layer>group" and answer.undecided == (("layer", "group"),)
    right = {
        given: answers.accepts(answer, "order", given, 0)
        for given in ("batch>layer>group", "batch>group>layer", "layer>batch>group")
    }
    assert list(right.values()) == [True, True, False]
    assert not answers.accepts(answer, "order", "batch>layer", 0)


def test_a_number_is_right_within_its_tolerance(made_up):
    answer = compute("difference", ["batch", "layer"])
    assert answer.right == "18.8" and "leads layer norm by 18.83" in answer.said
    assert answers.accepts(answer, "number", "18.3", 0.5) and not answers.accepts(answer, "number", "18.2", 0.5)
    assert compute("value", ["layer"]).right == "71.2"


def test_the_real_ones_come_from_the_projects_tables():
    table = evidence.load("seeds")
    lead = evidence.by_seed(table, "controlled", "batch").mean() - evidence.by_seed(table, "controlled", "layer").mean()
    assert float(answers.compute(Rule("difference", "seeds controlled", ("batch", "layer"))).right) == pytest.approx(
        100 * lead, abs=0.051
    )
    ends = outcome.last_by_norm(recorded.load("one-class").points)
    assert answers.compute(Rule("worst", "demo one-class", tuple(NAMES))).right == min(ends, key=ends.get)


def test_only_batch_norm_feels_its_mates():
    means = measures.measured("mates").means().set_index("key")["mean"]
    assert means["batch"] > 0.1 and means["group"] == means["layer"] == 0


@pytest.mark.parametrize("of", measures.known())
def test_each_measure_can_be_named_and_drawn(of):
    from normviz.charts import lesson as charts

    found = measures.measured(of)
    assert set(found.values) == set(found.norms) <= set(found.names)
    assert all(len(series) for series in found.values.values())
    charts.measured(found.means(), found.unit).to_dict()


@pytest.mark.parametrize(
    ("name", "given", "kind", "options", "said"),
    [
        ("best", {}, "choice", ("batch", "group"), "rule best takes of, and gets nothing"),
        ("best", {"of": "mates", "x": 1}, "choice", ("batch", "group"), "takes of, and gets of, x"),
        ("best", {"of": "seeds"}, "choice", ("batch", "group"), "of must be one of seeds controlled"),
        ("best", {"of": "mates"}, "choice", ("batch", answers.UNDECIDED), "too few"),
        ("difference", {"of": "mates", "among": ["batch", "x"]}, "number", (), "among must name some of batch, group, layer"),
    ],
)
def test_a_rule_that_does_not_fit_says_what_must_be(name, given, kind, options, said):
    with pytest.raises(ValueError, match=said):
        answers.check(name, given, kind, options)
