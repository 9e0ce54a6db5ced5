"""The lab without its engine: no process may outlive a session of `AppTest`."""

import pytest

from normviz.lab.settings import settings


@pytest.fixture(autouse=True)
def lab_of_guests(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("NORMVIZ_LAB_MODE", "replay")
    monkeypatch.setenv("NORMVIZ_LAB_FOLDER", str(tmp_path_factory.getbasetemp() / "lab"))
    settings.cache_clear()
    yield
    settings.cache_clear()
