"""The lab without its engine: its runs, a network of the visitor's own, and pictures that were brought."""

import pytest

from normviz.app.saved import OWN_PAGES
from normviz.lab import brought
from normviz.lab.settings import settings
from normviz.lab.setup import Setup
from normviz.lab.tasks import TEST_PICTURES
from normviz.model import written
from normviz.pictures import drawn, own
from normviz.training import loop
from normviz.words import lab as words
from normviz.words import own_network
from tests import own_pictures
from tests.app.pages import assert_whole, new_session, open_page

DESIGN = written.design_of(own_network.EXAMPLE)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab without an engine; returns its folder."""
    monkeypatch.setenv("NORMVIZ_LAB_FOLDER", str(tmp_path / "lab"))
    monkeypatch.setenv("NORMVIZ_LAB_MODE", "on")
    monkeypatch.setattr("normviz.app.lab._keep_engine", lambda chosen: None)
    monkeypatch.setattr("normviz.lab.asking.wake", lambda chosen: False)
    settings.cache_clear()
    yield tmp_path / "lab"
    settings.cache_clear()


def texts(app) -> str:
    return " ".join(element.value for kind in ("markdown", "caption", "warning", "info") for element in app.get(kind))


def button(app, label):
    return next(each for each in app.button if each.label == label)


def start(app):
    """Returns the set-up of the run that is begun."""
    from normviz.lab import store

    button(app, "Start").click().run()
    assert not app.exception
    return store.all_runs(settings().folder)[-1].setup()


def test_a_network_in_the_address_is_trained_and_stays_with_the_visit(lab):
    app = open_page("lab", design=DESIGN)
    assert "convolution 3x3 to 16 channels, norm, ReLU, max pooling, basic residual block to 32" in texts(app)
    assert app.selectbox(key="width").disabled and not button(app, "Start").disabled
    assert start(app).design == DESIGN
    assert "This run trains: convolution 3x3" in texts(app) and app.query_params["design"] == DESIGN
    button(app, "The lab's own network").click().run()
    assert "design" not in app.query_params and not app.selectbox(key="width").disabled
    assert start(app).design == ""


def test_what_is_chosen_just_before_the_click_counts(lab):
    from normviz.lab import store

    app = open_page("lab")
    app.selectbox(key="best").set_value("batch")
    app.number_input(key="steps").set_value(123)
    assert start(app).steps == 123 and store.all_runs(settings().folder)[-1].about().best == "batch"


def test_a_click_on_start_counts_though_the_time_is_known_just_then(lab, monkeypatch):
    from normviz.lab import asking

    def measure(chosen, setup, steps, seeds):
        file = asking.speed_file(chosen, setup)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return 9.0

    app = open_page("lab")
    monkeypatch.setattr(asking, "expected_seconds", measure)
    assert start(app).steps and "Takes about **9 s**" in texts(app)


@pytest.mark.parametrize("reads", range(3))
def test_a_run_that_ends_while_the_page_is_drawn_gets_the_buttons_of_one_that_is_over(reads, lab, monkeypatch):
    from normviz.lab.store import LabRun

    def end_after_reads(run):
        nonlocal reads
        reads -= 1
        return run.report(name="stopped") if reads == -1 else read(run)

    app, read = open_page("lab"), LabRun.state
    start(app)
    monkeypatch.setattr(LabRun, "state", end_after_reads)
    while reads >= 0:
        app.run()
    assert f": {words.STATES['stopped']}." in texts(app)
    assert {"Again, same seed", "Close"} <= {each.label for each in app.button}


@pytest.mark.parametrize(
    ("design", "said"), [("C16k3 Q", "part='Q'"), ("C512k3 N C512k3", "200,000 weights"), ("<b>" * 600, "1,000 letters")]
)
def test_a_network_that_cannot_be_trained_is_refused_in_a_sentence(lab, design, said):
    app = open_page("lab", design=design)
    assert not app.exception and button(app, "Start").disabled
    assert said in app.warning[0].value.replace("\\", "") and "<b>" not in texts(app)


def test_pictures_that_were_brought_are_offered_and_kept_apart(lab, tmp_path):
    album = own.read(own_pictures.fill(tmp_path / "mine", 10), guest=True)
    key = brought.keep(lab, album, "crop")
    app = open_page("lab", brought=key)
    assert not app.exception and "3 classes of your own" in texts(app)
    setup = start(app)
    assert (setup.data, setup.brought) == ("brought", key)
    assert "the pictures that were brought are kept for a day" in texts(open_page("lab", brought="gone")).replace("\\", "")


@pytest.fixture(scope="module")
def drawn_run(tmp_path_factory):
    """Networks of the visitor's own design that saw drawn pictures for one epoch, as the lab hands them over."""
    root, setup = tmp_path_factory.mktemp("drawn"), Setup(design=DESIGN, data="drawn", pictures=500)
    for plan in setup.columns.values():
        recipe = plan.recipe.__class__(epochs=1, batch_size=50)
        splits = drawn.split("train", 500), drawn.split("test", TEST_PICTURES)
        loop.train(plan.__class__("controlled", plan.norm, recipe=recipe, design=plan.design), *splits, root=root)
    return {"root": str(root), "norms": ["batch", "group", "layer"], "said": "1. Mine"}


@pytest.mark.parametrize("key", OWN_PAGES)
@pytest.mark.parametrize("data", [True, False])
def test_every_page_shows_such_a_network_on_drawn_pictures(key, data, drawn_run, monkeypatch, tmp_path):
    if not data:
        monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path))
    app = new_session()
    app.session_state["own"] = drawn_run
    app.run()
    app.switch_page(f"app_pages/{key}.py").run()
    assert_whole(app, key)
    assert not any(each.label == "Fetch CIFAR-10" for each in app.button)
    if key in ("layer_statistics", "journey"):
        layers = next(group for group in app.button_group if group.key == "layer")
        assert layers.options == ["1", "2", "3", "4"]
    if key == "mistakes":
        assert f"of {TEST_PICTURES:,} test pictures" in texts(app)
