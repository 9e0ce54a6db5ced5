import pytest

from normviz.lab import slices
from normviz.lab.setup import Setup
from normviz.lab.tasks import Data, Slice
from normviz.training import runs
from normviz.words.classes import CLASS_NAMES
from tests.app.pages import assert_whole, new_session

DRAWN = Data("drawn", "", 500)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The folder of a visitor's own batch network, three steps old."""
    setup = Setup(("batch",), data="drawn", pictures=500, width="half")
    root = trained(setup, tmp_path_factory.mktemp("own"), classes=CLASS_NAMES)  # beside the shipped networks
    return {"root": str(root), "norms": ["batch"], "said": "1. Half the width, step 3"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """The folder of three networks of ten channels, in two groups."""
    setup = Setup(design="C10k3 U N P C20k3 U N P", groups=2, data="drawn", pictures=500)
    return {"root": str(trained(setup, tmp_path_factory.mktemp("narrow"))), "norms": list(setup.norms), "said": "2. Narrow"}


def trained(setup, root, **described):
    """Trains each column for three steps, and returns the folder of their runs."""
    for plan in setup.columns.values():
        outcome = slices.carry_out(Slice(plan, DRAWN, None, 3))
        info, contents = slices.export(plan, DRAWN, outcome.packed)
        info["architecture"].update(described)
        runs.save(info, contents, root / "controlled" / plan.norm)
    return root


def open_with(own, key):
    app = new_session()
    app.session_state["own"], app.query_params["layer"] = own, "1"
    app.run()
    return app.switch_page(f"app_pages/{key}.py").run()


@pytest.mark.parametrize("key", ["layer_statistics", "journey", "batch_mates", "invariances", "mistakes", "classify"])
def test_own_networks_stand_in_the_place_of_the_shipped_ones(key, own, no_data):
    app = open_with(own, key)
    assert_whole(app, key)
    assert any("from the lab (1\\. Half" in text.value or "from the lab (1. Half" in text.value for text in app.markdown)
    app.button[0].click().run()
    assert not any("from the lab" in text.value for text in app.markdown)


@pytest.mark.parametrize("key", ["invariances", "layer_statistics", "journey", "classify"])
def test_what_stands_around_own_networks_is_true_of_them(key, narrow, no_data):
    app = open_with(narrow, key)
    assert_whole(app, key)
    said = " ".join(text.value for kind in ("markdown", "caption") for text in app.get(kind))
    assert "shipped networks" not in said and "Only the norm differs" not in said
    written = " ".join(html.proto.body for html in app.get("html"))
    assert ("group norm with 2 groups" in said) if key == "invariances" else ("GroupNorm(2, C)" in written)
    app.button[0].click().run()
    assert "Only the norm differs" in app.caption[0].value


def test_pages_of_the_shipped_networks_stay_theirs(own, no_data):
    app = open_with(own, "overview")
    shipped = new_session().run()
    assert [metric.value for metric in app.metric] == [metric.value for metric in shipped.metric]


def test_own_answers_differ_from_the_shipped(own, no_data):
    app, shipped = open_with(own, "classify"), new_session().run().switch_page("app_pages/classify.py").run()
    tables = [[chart.proto.datasets[0].data.data for chart in page.get("vega_lite_chart")] for page in (app, shipped)]
    assert tables[0][0] != tables[1][0] and tables[0][1] == tables[1][1]
