from unittest.mock import Mock

from normviz.pictures import dataset
from normviz.training import runs
from tests.app.pages import open_page


def test_each_run_looks_for_the_test_pictures_once(pictures, monkeypatch):
    app, looked = open_page("mistakes"), Mock(wraps=dataset.find_folder)
    monkeypatch.setattr(dataset, "find_folder", looked)
    for times in (1, 2):
        app.run()
        assert not app.exception and looked.call_count == times


def test_each_run_sees_weights_that_were_written_meanwhile(no_data, monkeypatch):
    app, folder_of = open_page("layer_statistics"), runs.folder_of
    looked = Mock(wraps=folder_of)
    monkeypatch.setattr(runs, "folder_of", looked)
    for times in (1, 2):
        app.run()
        assert not app.exception and looked.call_count == 3 * times, "one look a norm"
