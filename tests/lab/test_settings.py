import pytest

from normviz import settings as module
from normviz.lab.settings import Settings, SettingsError, settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    for name in ("NORMVIZ_LAB_FOLDER", "NORMVIZ_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "FILE", tmp_path / "normviz.toml")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_defaults_leave_a_core_for_answers():
    assert settings() == Settings() and settings().mode == "on"


def test_the_environment_wins_over_the_file(monkeypatch):
    module.FILE.write_text('[lab]\nmode = "replay"\nworkers = 3\n')
    monkeypatch.setenv("NORMVIZ_LAB_WORKERS", "2")
    monkeypatch.setenv("NORMVIZ_CLUSTER", "tcp://there:8786")
    assert (settings().mode, settings().workers, settings().cluster) == ("replay", 2, "tcp://there:8786")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[lab]\nmode = "maybe"', "mode must be one of on, replay, off: mode='maybe'"),
        ("[lab]\nworkers = 0", "workers must be 1 or more: workers=0"),
        ("[lab]\nmost_pictures = 300", "most_pictures must be 500 or more: most_pictures=300"),
        ('[lab]\nworkers = "many"', "workers must be a whole number: workers='many'"),
        ("[lab]\nspeed = 3", "no such setting: speed"),
        ("[lab", "cannot be read"),
    ],
)
def test_errors_name_the_setting(content, said):
    module.FILE.write_text(content)
    with pytest.raises(SettingsError, match=said):
        settings()
