import pytest

from normviz import settings as module
from normviz.classroom.settings import Settings, settings
from normviz.settings import SettingsError


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "FILE", tmp_path / "normviz.toml")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(monkeypatch, tmp_path):
    assert settings() == Settings()
    module.FILE.write_text(f'[lab]\nworkers = 3\n[classroom]\nlessons = "there"\nfolder = "{tmp_path}"\n')
    monkeypatch.setenv("NORMVIZ_CLASSROOM_LESSONS", "elsewhere")
    settings.cache_clear()
    assert settings() == Settings(str(tmp_path), "elsewhere", "")


def test_a_setting_that_is_none_is_named():
    module.FILE.write_text("[classroom]\nfolders = 'x'\n")
    with pytest.raises(SettingsError, match="no such setting: folders; the classroom knows folder, lessons, address"):
        settings()
