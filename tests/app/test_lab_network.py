"""The lab without its engine: its runs and whose they are, a network of the visitor's own, and pictures that were brought."""

from dataclasses import replace

import pytest

from normviz.app import steering
from normviz.app.saved import OWN_PAGES
from normviz.lab import brought
from normviz.lab.presets import PRESETS
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
    monkeypatch.setattr("normviz.app.lab.keep_engine", lambda chosen: False)
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


def test_a_demo_is_one_only_with_all_that_makes_its_effect():
    demo = PRESETS["ten-times"].setup
    assert steering.is_of("ten-times", replace(demo, steps=10, seeds=2, seed=5, pictures=600, data="drawn"))
    assert steering.is_of("ten-times", replace(demo, rule="fixed", learning_rate=demo.rate))
    assert not steering.is_of("ten-times", replace(demo, rule="linear")), f"{demo.batch_size} pictures a batch: another rate"
    assert not steering.is_of("ten-times", replace(demo, width="half"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NORMVIZ_LAB_FOLDER", str(tmp_path / "file" / "lab"))
    settings.cache_clear()
    try:
        app = open_page("lab")
    finally:
        settings.cache_clear()
    assert not app.exception and "must be one that can be written" in app.error[0].value


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


def labels(app) -> list[str]:
    return [each.label for each in app.button]


def test_who_comes_by_a_link_watches_and_takes_nothing_away(lab):
    from normviz.lab import store

    teacher = open_page("lab")
    start(teacher)
    (run,) = store.all_runs(settings().folder)
    student = open_page("lab", run=run.key)
    assert not student.exception and words.WATCHED in texts(student)
    assert not {"Pause", "One step", "Stop"} & set(labels(student)) and {"Pause", "Stop"} <= set(labels(teacher))
    assert "Name of this run" not in [each.label for each in student.text_input]
    assert "Runs of this visit" not in [each.label for each in student.expander], "it would open onto nothing"
    start(student)
    assert run.wanted().do == "run" and len(store.all_runs(settings().folder)) == 2
    button(teacher, "Stop").click().run()
    assert run.wanted().do == "stop"


def test_who_may_not_train_steers_nothing_either(lab, monkeypatch):
    from normviz.lab import store

    start(open_page("lab"))
    (run,) = store.all_runs(settings().folder)
    monkeypatch.setenv("NORMVIZ_LAB_MODE", "replay")
    settings.cache_clear()
    guest = open_page("lab", run=run.key)
    assert not guest.exception and "**1. One class a batch**" in texts(guest)
    assert not {"Pause", "Stop", "Start", "Again, same seed", "One step"} & set(labels(guest))
    steering.begin(settings(), run.setup(), "one-class", ("", ""))
    assert len(store.all_runs(settings().folder)) == 1


def test_a_check_takes_no_more_pictures_than_the_owner_allows(lab, monkeypatch):
    from normviz.lab import store

    monkeypatch.setenv("NORMVIZ_LAB_MOST_PICTURES", "600")
    settings.cache_clear()
    app = open_page("lab")
    button(app, "Check this demo here").click().run()
    assert not app.exception and store.all_runs(settings().folder)[-1].setup().pictures == 600


@pytest.mark.parametrize("query", [{"batch_size": "512", "learning_rate": "3"}, {"batch_size": "2", "learning_rate": "5e-5"}])
def test_a_rate_that_the_rule_takes_beyond_the_limits_can_be_watched(lab, query):
    app = open_page("lab", rule="linear", **query)
    start(app)
    (rate,) = [each for each in app.number_input if each.label == "Learning rate from here on"]
    assert not 1e-6 <= rate.value <= 10


def test_a_name_is_shown_letter_by_letter(lab):
    from normviz.lab import store

    app = open_page("lab")
    start(app)
    store.all_runs(settings().folder)[0].rename("![x](http://198.51.100.7/pixel.png) $a$")
    start(app.run())
    shown = texts(app) + " ".join(labels(app))
    button(app, next(each for each in labels(app) if "pixel" in each)).click().run()
    shown += texts(app)
    assert shown.count("pixel") >= 2 and "![x](" not in shown and "$a$" not in shown.replace("\\$", "")


def test_a_full_disk_is_named_on_the_page(lab, monkeypatch):
    from normviz.lab import store

    app = open_page("lab")
    start(app)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_whole", refuse)
    for label in ("Pause", "Start"):
        button(app, label).click().run()
        assert not app.exception and "No space left on device" in app.error[0].value


@pytest.mark.parametrize("query", [{"demo": ""}, {"steps": "1e999", "learning_rate": "1e999"}, {"data": ""}])
def test_choices_without_a_value_in_the_address_are_the_usual_ones(lab, query):
    app = open_page("lab", **query)
    assert not app.exception and not button(app, "Start").disabled


@pytest.mark.parametrize("key", ["", "a" * 300, "../../etc", "20261127-120000-000000-abcdef"])
def test_a_run_that_is_not_there_is_none(lab, key):
    (lab / "runs").mkdir(parents=True)
    app = open_page("lab", run=key)
    assert not app.exception
