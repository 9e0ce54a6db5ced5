import pytest

from normviz.explain import accuracies
from normviz.studies import evidence, headline
from normviz.training import runs
from tests.app.pages import charts, open_page

COMPARED = ("batch", "group", "layer")


def said(app) -> str:
    return " ".join(element.value for element in [*app.subheader, *app.markdown, *app.caption])


def test_the_headline_is_that_of_the_seeds_and_cards_name_the_shipped_network():
    app, table = open_page("overview"), evidence.load("seeds")
    gap = headline.apart(table, "controlled")
    assert app.subheader[0].value == f"From {headline.reported():.1f} points apart to {gap.points:.1f}"
    assert headline.sentence(table) in said(app) and f"over {gap.seeds} seeds" in said(app)
    assert "Mean test accuracy over seeds" in charts(app)[0].proto.alt
    for norm, metric in zip(COMPARED, app.metric, strict=True):
        run = runs.load("controlled", norm)
        assert metric.label == f"Shipped network, seed {run.info['seed']}: test accuracy"
        assert metric.value == f"{run.info['final']['accuracy']:.1%}"
        mean = evidence.by_seed(table, "controlled", norm).mean()
        assert f"Mean of {gap.seeds} seeds: **{mean:.1%}**" in said(app)


@pytest.mark.parametrize("state", ["missing", "damaged"])
def test_without_the_study_the_shipped_networks_stand_in(state, monkeypatch, tmp_path):
    if state == "damaged":
        (tmp_path / "seeds.parquet").write_bytes(b"PAR1")
    real = evidence.files
    monkeypatch.setattr(evidence, "files", lambda name, root=tmp_path: real(name, tmp_path))
    app = open_page("overview")
    assert not app.exception and bool(app.warning) == (state == "damaged")
    shipped = [runs.load("controlled", norm).info["final"]["accuracy"] for norm in COMPARED]
    assert app.subheader[0].value.endswith(f"apart to {accuracies.spread(shipped):.1f}")
    assert "One run each" in said(app) and "seed 0 alone" in said(app) and "Mean of" not in said(app)
    assert "single runs" in charts(app)[0].proto.alt


def test_the_chart_shows_the_means_over_seeds():
    table = accuracies.over_seeds(evidence.load("seeds"))
    for row in table[3:].itertuples():
        found = evidence.mean_interval(evidence.by_seed(evidence.load("seeds"), row.study, row.norm))
        assert (row.accuracy, row.low, row.high) == pytest.approx((found["mean"], found["low"], found["high"]))
    assert len(table) == 9
