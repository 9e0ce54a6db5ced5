"""The app where the server's data are own pictures of three classes with awkward names."""

from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest

from normviz.app import handed_in
from normviz.app.saved import OWN_PAGES
from normviz.pictures import dataset
from normviz.pictures.choices import Choices
from normviz.training import loop, plans, runs
from tests import own_pictures
from tests.app.pages import assert_whole, charts, choice, new_session, open_page


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A folder of own pictures, and networks that saw it for one epoch, as the lab hands them over."""
    folder = own_pictures.fill(tmp_path_factory.mktemp("own") / "mine", 20)
    root = folder.parent / "runs"
    splits = [dataset.load_split(part, folder, Choices()) for part in ("train", "test")]
    for norm in ("batch", "group", "layer"):
        loop.train(plans.Plan("controlled", norm, recipe=plans.Recipe(epochs=1, batch_size=16)), *splits, root=root)
    return folder, {"root": str(root), "norms": ["batch", "group", "layer"], "said": "1. Mine"}


@pytest.fixture
def at_hand(mine, monkeypatch):
    monkeypatch.setenv("NORMVIZ_DATA", str(mine[0]))


def open_with(own, key, **query):
    app = new_session()
    app.session_state["own"] = own
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page(f"app_pages/{key}.py").run()


def texts(app) -> str:
    return " ".join(str(element.value) for kind in ("markdown", "info", "caption", "warning") for element in app.get(kind))


@pytest.mark.parametrize("key", OWN_PAGES)
def test_pages_show_own_networks_with_their_classes(key, mine, at_hand):
    app = open_with(mine[1], key)
    assert_whole(app, key)
    written = " ".join(html.proto.body for html in app.get("html"))
    if key in ("mistakes", "classify"):
        assert any(escape(name) in written for name in own_pictures.CLASSES)
        assert not any(name in written for name in ("<b>box", "airplane"))


def test_names_of_classes_are_no_markdown_beside_the_strips(mine, at_hand):
    app = open_with(mine[1], "batch_mates", mates="noise")
    said = next(text.value for text in app.markdown if "batches, batch norm" in text.value)
    named = set(app.table[0].value["Alone"]) | set(app.table[0].value["In these batches"])
    assert "<b>" not in said.replace("\\<", "") and not any(name in said for name in own_pictures.CLASSES[1:])
    assert not any(name in cell for name in own_pictures.CLASSES[1:] for cell in named)


def test_no_class_is_offered_where_no_picture_of_one_is_at_hand(mine, no_data):
    app = open_with(mine[1], "batch_mates", mates="one class")
    assert_whole(app, "batch_mates")
    assert "one class" not in choice(app, "mates").options


def test_the_logits_of_own_networks_are_counted(mine, at_hand):
    assert "and the 3 logits" in texts(open_with(mine[1], "invariances"))


@pytest.mark.parametrize("key", ["mistakes", "classify"])
def test_classes_can_be_chosen_by_name(key, mine, at_hand):
    name = "true" if key == "mistakes" else "saliency"
    app = open_with(mine[1], key, **{name: own_pictures.CLASSES[1] if key == "mistakes" else "Grad-CAM"})
    assert_whole(app, key)
    box = next(box for box in app.selectbox if box.key in ("true", "target"))
    assert box.options[1:] == sorted(own_pictures.CLASSES)
    box.select(own_pictures.CLASSES[0]).run()
    assert_whole(app, key)


def test_a_test_picture_of_ones_own_is_named(mine, at_hand):
    app = open_with(mine[1], "classify", **{"from": "test image", "index": "3"})
    assert_whole(app, "classify")
    said = app.get("image")[0].proto.imgs[0].alt
    assert any(said == f"The picture as given: Test image 3: {name}" for name in own_pictures.CLASSES)


@pytest.fixture
def twin(mine, tmp_path):
    """Another visitor's networks: of the same weights, with half the test pictures and other names of the classes."""
    root, names = tmp_path / "twin", ["coffee", "box", "blue"]
    for norm in mine[1]["norms"]:
        run = runs.load("controlled", norm, mine[1]["root"])
        half = run.predictions.iloc[: len(run.predictions) // 2]
        info = run.info | {"architecture": run.info["architecture"] | {"classes": names}}
        runs.save(info, run.contents | {"predictions.parquet": runs.parquet(half)}, root / "controlled" / norm)
    return mine[1] | {"root": str(root)}, names, len(half)


def test_networks_of_equal_weights_keep_their_own_names_and_counts(mine, twin, no_data):
    theirs, names, count = twin
    query = {"show": "everything", "saliency": "Grad-CAM"}
    for key in ("mistakes", "classify"):
        open_with(mine[1], key, **query)
    assert f"of {count} test pictures" in texts(open_with(theirs, "mistakes", **query))
    said = [text.value for text in open_with(theirs, "classify", **query).markdown if text.value.startswith("For **")]
    assert len(said) == 3 and all(any(text.startswith(f"For **{name}**") for name in names) for text in said)


@pytest.mark.parametrize(
    ("key", "query"), [("mistakes", {}), ("classify", {"from": "test image"}), ("journey", {"over": "32 test images"})]
)
def test_beside_shipped_networks_a_page_says_what_cannot_be_shown(key, query, at_hand):
    app = open_page(key, **query)
    assert not app.exception and "The data at hand are your own" in texts(app)
    assert not any(button.label == "Fetch CIFAR-10" for button in app.button)


def test_own_networks_without_their_pictures_say_so(mine, no_data):
    app = open_with(mine[1], "mistakes")
    assert_whole(app, "mistakes")
    assert "These pictures are not at hand" in texts(app)


def test_the_page_on_own_data_tells_what_they_hold(at_hand):
    app = open_page("own_data")
    assert_whole(app, "own_data")
    assert app.subheader[0].value == "3 classes, 60 pictures" and "**48** pictures for training" in texts(app)
    assert charts(app) and "photo" in " ".join(html.proto.body for html in app.get("html"))


def test_every_bad_file_stands_on_the_page(mine, tmp_path, monkeypatch):
    folder = own_pictures.fill(tmp_path / "mine", 4)
    for number in range(3):
        (folder / own_pictures.CLASSES[0] / f"{number}.txt").write_text("?")
    monkeypatch.setenv("NORMVIZ_DATA", str(folder))
    app = open_page("own_data")
    assert not app.exception and "Files that cannot be used: 3" in texts(app)
    assert [f"café/{number}.txt" for number in range(3)] == app.dataframe[-1].value["file"].tolist()


def test_a_folder_that_the_owner_named_in_vain_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path / "mispelt_$x$"))
    app = open_page("own_data")
    assert "mispelt" in app.info[0].value and "inspect-data" in app.info[0].value and "$x$" not in app.info[0].value


@pytest.mark.parametrize("name", ["猫" * 80 + ".zip", "mine.npz"])
def test_a_file_is_moved_whatever_its_name(name):
    folder, path = handed_in._moved(SimpleNamespace(name=name, size=3, getbuffer=lambda: b"abc"))
    assert path.read_bytes() == b"abc" and path.suffix == Path(name).suffix and len(path.name.encode()) < 256
    folder.cleanup()


def test_a_full_disk_is_named_before_a_file_is_moved(monkeypatch):
    monkeypatch.setattr(handed_in.disk.shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(handed_in.disk.DiskError, match="must have 5.0 MB free"):
        handed_in._moved(SimpleNamespace(name="a.zip", size=5_000_000, getbuffer=bytes))


def test_the_lab_offers_them(at_hand, monkeypatch):
    monkeypatch.setenv("NORMVIZ_LAB_MODE", "replay")
    monkeypatch.setenv("NORMVIZ_LAB_OWNER", "me")
    monkeypatch.setattr("normviz.app.lab.keep_engine", lambda chosen: False)
    app = open_page("lab", owner="me", data="cifar10")
    assert not app.exception and "3 classes of your own" in texts(app)
