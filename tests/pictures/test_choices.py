import pytest

from normviz import settings
from normviz.pictures import dataset
from normviz.pictures.choices import Choices, choices
from tests import own_pictures

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_file_names_the_data_and_the_environment_goes_before_it(encoding, tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine", 4)
    monkeypatch.setattr(settings, "FILE", tmp_path / "normviz.toml")
    settings.FILE.write_text(f'[data]\nfolder = "{path}"\nresize = "fit"\n', encoding=encoding)
    assert choices() == Choices(str(path), "fit") and dataset.find_folder() == path
    assert choices(resize="crop", skip_bad=None) == Choices(str(path), "crop")
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path / "other"))
    assert choices().folder == str(tmp_path / "other") and dataset.find_folder() is None


def test_every_choice_has_its_variable(monkeypatch):
    monkeypatch.setenv("NORMVIZ_DATA_FOLDER", "/mine")
    assert choices().folder == "/mine"
    monkeypatch.setenv("NORMVIZ_DATA", "/other")
    assert choices().folder == "/other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('data = "/srv/pictures"', r"data must be a table, \[data\] with a line a setting: data='/srv/pictures'"),
        ("[data]\nskip_bad = 0.9", "skip_bad must be a whole number: skip_bad=0.9"),
        ('[data]\nfolder = ["a", "b"]', r"folder must be a text: folder=\['a', 'b'\]"),
        ("[data]\nfolder = 5", "folder must be a text: folder=5"),
    ],
)
def test_a_file_of_another_form_is_named(text, said, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "FILE", tmp_path / "normviz.toml")
    settings.FILE.write_text(text)
    with pytest.raises(settings.SettingsError, match=said):
        choices()


@pytest.mark.parametrize(("name", "value"), [("RESIZE", "stretch"), ("SKIP_BAD", "2"), ("SKIP_BAD", "yes")])
def test_a_choice_that_cannot_be_used_is_named(name, value, monkeypatch):
    monkeypatch.setenv(f"NORMVIZ_DATA_{name}", value)
    with pytest.raises(settings.SettingsError, match=f"{name.lower()} must be .*{value}"):
        choices()
