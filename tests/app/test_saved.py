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
    root = tmp_path_factory.mktemp("own")
    plan = Setup(("batch",), data="drawn", pictures=500, width="half").columns["batch-0"]
    outcome = slices.carry_out(Slice(plan, DRAWN, None, 3))
    info, contents = slices.export(plan, DRAWN, outcome.packed)
    info["architecture"]["classes"] = CLASS_NAMES  # beside the shipped networks
    runs.save(info, contents, root / "controlled" / "batch")
    return {"root": str(root), "norms": ["batch"], "said": "1. Half the width, step 3"}


def open_with(own, key):
    app = new_session()
    app.session_state["own"] = own
    app.run()
    return app.switch_page(f"app_pages/{key}.py").run()


@pytest.mark.parametrize("key", ["layer_statistics", "journey", "batch_mates", "invariances", "mistakes", "classify"])
def test_own_networks_stand_in_the_place_of_the_shipped_ones(key, own, no_data):
    app = open_with(own, key)
    assert_whole(app, key)
    assert any("from the lab (1\\. Half" in text.value or "from the lab (1. Half" in text.value for text in app.markdown)
    app.button[0].click().run()
    assert not any("from the lab" in text.value for text in app.markdown)


def test_pages_of_the_shipped_networks_stay_theirs(own, no_data):
    app = open_with(own, "overview")
    shipped = new_session().run()
    assert [metric.value for metric in app.metric] == [metric.value for metric in shipped.metric]


def test_own_answers_differ_from_the_shipped(own, no_data):
    app, shipped = open_with(own, "classify"), new_session().run().switch_page("app_pages/classify.py").run()
    tables = [[chart.proto.datasets[0].data.data for chart in page.get("vega_lite_chart")] for page in (app, shipped)]
    assert tables[0][0] != tables[1][0] and tables[0][1] == tables[1][1]
