"""What a visitor hands in leaves the memory, and can still be asked for again."""

import shutil
from unittest.mock import Mock

import pytest
from safetensors.torch import save_file

from normviz.model import own_network, written
from normviz.pictures import inspection
from normviz.pictures.resizing import RESIZES
from normviz.words import own_network as words
from tests import own_pictures
from tests.app.pages import choice, open_page


@pytest.fixture
def archive(tmp_path):
    folder = own_pictures.fill(tmp_path / "mine", 4)
    with open(shutil.make_archive(str(tmp_path / "mine"), "zip", folder), "rb") as file:
        return file.read()


def said(app) -> str:
    return " ".join(each.value for each in app.markdown)


def hand_in(app, key: str, name: str, content: bytes):
    app.file_uploader(key=key).upload(name, content).run()
    assert not app.exception and not app.error
    assert app.session_state[key].getvalue() == b""
    return app.session_state[f"{key}_lies_at"][2]


def test_an_archive_is_read_again_when_another_resizing_is_chosen(archive, no_data):
    app = open_page("own_data")
    path = hand_in(app, "own_upload", "mine.zip", archive)
    assert app.subheader[0].value == "3 classes, 12 pictures" and RESIZES["crop"] in said(app)
    choice(app, "resize").set_value("fit").run()
    assert not app.exception and app.subheader[0].value == "3 classes, 12 pictures" and RESIZES["fit"] in said(app)
    app.file_uploader(key="own_upload").clear().run()
    assert not app.subheader and not path.exists()


def test_what_two_visitors_bring_alike_is_read_once(archive, no_data, monkeypatch):
    read = Mock(wraps=inspection.read_upload)
    monkeypatch.setattr(inspection, "read_upload", read)
    for name in ("mine.zip", "the same.zip"):
        hand_in(open_page("own_data"), "own_upload", name, archive + bytes([7]))
    assert read.call_count == 1


def test_the_place_of_an_earlier_file_is_given_up(archive, no_data):
    app = open_page("own_data")
    paths = []
    for name in ("one.zip", "two.zip"):
        app.file_uploader(key="own_upload").clear()
        paths.append(hand_in(app, "own_upload", name, archive))
    assert [path.exists() for path in paths] == [False, True] and paths[1].name == "two.zip"


def test_weights_stay_for_other_norms(tmp_path):
    save_file(own_network.seeded(lambda: written.load_text(words.EXAMPLE), seed=5).state_dict(), tmp_path / "w")
    app = open_page("own_network")
    path = hand_in(app, "weights", "mine.safetensors", (tmp_path / "w").read_bytes())
    choice(app, "swapped").set_value("none").run()
    assert not app.exception and "left over" in app.error[0].value and str(path.parent) not in app.error[0].value
