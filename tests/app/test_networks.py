"""Two visitors at once: nothing that one of them does may reach the networks that both use."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.runtime.caching.storage.dummy_cache_storage import MemoryCacheStorageManager
from streamlit.runtime.dataframe_source_manager import DataframeSourceManager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest, app_test
from streamlit.testing.v1.util import build_mock_config_get_option
from torch import nn

from normviz.app import invariances, journey, networks, saliency, saved
from normviz.model import layer_statistics
from normviz.model.norms import COMPARED
from normviz.training import inference
from tests.app.pages import open_page

WAIT = 60  # seconds after which a session that never comes counts as lost
VISITS = {  # what the first visitor does meanwhile: page and its choices
    "batch_mates": {"mates": "noise", "batch": "32"},
    "invariances": {"layer": "2", "factor": "10"},
    "layer_statistics": {"layer": "4"},
    "journey": {"layer": "5", "saliency": "integrated gradients"},
    "averaging": {"tensor": "network"},
}
WAYS_IN = ("train", "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook")


class Shared:
    """The networks that all sessions share, as they were when they were loaded, and whatever is done to them since."""

    def __init__(self):
        self.weights = {}
        self.faults = []

    def add(self, network: nn.Module) -> nn.Module:
        self.weights[network] = {name: value.clone() for name, value in network.state_dict().items()}
        return network

    def note(self, way: str, module: nn.Module, arguments: tuple) -> None:
        evaluating = way == "train" and arguments == (False,)
        if not evaluating and any(module is part for network in list(self.weights) for part in network.modules()):
            self.faults.append(f"{way}{arguments} on a shared {type(module).__name__}")

    def assert_untouched(self) -> None:
        assert not self.faults
        for network, weights in self.weights.items():
            assert not any(module.training for module in network.modules())
            assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


@pytest.fixture
def shared(monkeypatch) -> Shared:
    """Loads networks anew, keeps what was loaded, and notes who switches it to training mode or hooks it."""
    st.cache_resource.clear()
    st.cache_data.clear()
    watched, restore = Shared(), inference.restore
    monkeypatch.setattr(inference, "restore", lambda run: watched.add(restore(run)))
    for way in WAYS_IN:
        monkeypatch.setattr(nn.Module, way, _noting(watched, way, getattr(nn.Module, way)))
    yield watched
    st.cache_resource.clear()


def test_what_is_kept_of_a_pass_does_not_reach_into_the_pass_of_another_visitor(monkeypatch):
    which = "controlled", "batch", saved.stamp("controlled", "batch")
    kept, reached = networks._go_through(*which, np.zeros((1, 32, 32, 3), np.uint8)), []
    monkeypatch.setattr(layer_statistics, "_averages", {})
    with networks._lent(*which) as copy:
        hooks = [norm.register_forward_hook(lambda module, _, y: reached.append(module)) for norm in copy.norms]
        kinds = {layer_statistics.statistic_kind(passage) for passage in kept}  # runs a layer like it
        for hook in hooks:
            hook.remove()
    assert kinds == {("batch", 1)} and not reached


def forget() -> None:
    """Takes from the caches what was computed with networks, but not the networks."""
    st.cache_data.clear()
    for drawn_once in (journey.show_way, invariances._table_of_changes, invariances._draw_one, invariances._table_of_pictures):
        drawn_once.clear()
    saliency._show_one.clear()
    networks._of_few.clear()
    networks._of_many.clear()


def _noting(watched: Shared, way: str, original):
    def call(module, *arguments, **named):
        watched.note(way, module, arguments)
        return original(module, *arguments, **named)

    return call


@pytest.fixture(autouse=True)
def one_runtime(monkeypatch, no_data):
    """Gives all AppTest sessions one runtime, as on a server; each would else replace and remove the others'."""
    runtime = MagicMock(spec=Runtime)
    runtime.media_file_mgr = MediaFileManager(MemoryMediaFileStorage("/media"))
    runtime.dataframe_source_mgr = DataframeSourceManager()
    runtime.cache_storage_manager = MemoryCacheStorageManager()
    monkeypatch.setattr(Runtime, "_instance", runtime)
    monkeypatch.setattr(app_test, "Runtime", SimpleNamespace(_instance=None))
    # AppTest switches this on for a run and back for all at its end, while the other session still runs
    options = build_mock_config_get_option({"global.appTest": True})
    monkeypatch.setattr(config, "get_option", options)


def drawn(app: AppTest) -> list[bytes]:
    """Returns the charts of a page, bit by bit."""
    assert not app.exception and not app.error
    return [chart.proto.SerializeToString(deterministic=True) for chart in app.get("vega_lite_chart")]


def test_a_session_in_training_mode_is_not_seen_by_another(shared, monkeypatch):
    """Stops the first session while it holds its training copy, and lets the second one classify meanwhile."""
    held, classified, copies = threading.Event(), threading.Event(), []

    def hold(network):
        copies.append(in_training_mode(network))
        held.set()
        assert classified.wait(WAIT)
        return copies[-1]

    in_training_mode = inference.in_training_mode
    visitor = open_page("classify")
    alone = drawn(visitor)
    monkeypatch.setattr(inference, "in_training_mode", hold)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(open_page, "batch_mates", batch="64")
        assert held.wait(WAIT)
        try:
            meanwhile = drawn(visitor.run())
        finally:
            classified.set()
        drawn(other.result(WAIT))
    assert len(alone) == len(COMPARED) and meanwhile == alone and drawn(visitor.run()) == alone
    assert copies[0].training and not any(copies[0] is network for network in shared.weights)
    shared.assert_untouched()


@pytest.mark.parametrize("page", VISITS)
def test_two_sessions_at_once(page, shared):
    """Lets one session work on a page while another classifies again and again."""
    visitor, ended = open_page("classify"), threading.Event()
    alone, runs = drawn(visitor), 0

    def work():
        try:
            app = open_page(page, **VISITS[page])
            for _ in range(3):
                forget()
                drawn(app.run())
        finally:
            ended.set()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(work)
        while not ended.is_set() or not runs:
            assert drawn(visitor.run()) == alone
            runs += 1
        other.result(WAIT)
    assert len(shared.weights) == len(COMPARED), "both sessions must use the same networks"
    shared.assert_untouched()


def test_two_sessions_on_the_page_of_batch_mates_get_the_same(shared):
    """Runs the page in two sessions from the same moment; each must draw what it draws alone."""
    alone = drawn(open_page("batch_mates"))
    start = threading.Barrier(2)

    def visit(_):
        st.cache_data.clear()
        start.wait(WAIT)
        return drawn(open_page("batch_mates"))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(visit, range(2))) == [alone, alone]
    shared.assert_untouched()
