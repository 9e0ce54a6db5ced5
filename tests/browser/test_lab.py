"""The lab as a first-time visitor uses it, on a machine without data."""

import csv
import re

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.harness import assert_no_error, fresh_page, running_app
from tests.browser.test_layout import assert_readable, charts_at
from tests.waiting import until


@pytest.fixture(scope="module")
def lab_server(tmp_path_factory):
    with running_app(NORMVIZ_SERVER_AHEAD="off", NORMVIZ_DATA=str(tmp_path_factory.mktemp("no-data"))) as server:
        yield server


@pytest.fixture(scope="module")
def app_url(lab_server):
    return lab_server.url


def open_lab(page, query: str = "") -> None:
    page.goto(f"/lab{query}")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def numbers(page) -> str:
    return page.get_by_text(re.compile(r"Step [\d,]+ of")).first.inner_text()


def step(page) -> int:
    return int(re.search(r"Step ([\d,]+) of", numbers(page))[1].replace(",", ""))


def guess(page, label: str, norm: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=norm).click()


def test_a_visitor_guesses_trains_steers_and_finds_the_run_again(page, browser, app_url, tmp_path):
    open_lab(page)
    expect(page.get_by_text("ten classes of textured shapes")).to_be_visible()
    guess(page, "Your guess: best at the end", "Batch norm")
    page.get_by_role("button", name="Start", exact=True).click()
    until(lambda: step(page) > 0)
    said = numbers(page)
    assert all(f"{norm} norm" in said for norm in ("Batch", "Group", "Layer"))

    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("paused")).to_be_visible()
    at = step(page)
    page.get_by_role("button", name="One step", exact=True).click()
    until(lambda: step(page) == at + 1)

    page.get_by_role("button", name="Go on", exact=True).click()
    until(lambda: step(page) > at + 1)
    page.reload()  # the same browser still steers it; another one, by the link, does not
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    with fresh_page(browser, app_url) as (other, faults):
        other.goto(page.url)
        expect(other.get_by_text("Another browser has begun this run")).to_be_visible()
        expect(other.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
        assert not faults
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped by hand at step")).to_be_visible()
    expect(page.get_by_text("You said batch norm would be best")).to_be_visible()
    stopped = numbers(page)

    with page.expect_download() as download:
        page.get_by_role("button", name="Points as CSV", exact=True).click()
    download.value.save_as(tmp_path / "points.csv")
    rows = list(csv.DictReader((tmp_path / "points.csv").read_text().splitlines()))
    by_norm = {norm: [row["step"] for row in rows if row["norm"] == norm] for norm in ("batch", "group", "layer")}
    assert by_norm["batch"] == by_norm["group"] == by_norm["layer"] and len(by_norm["batch"]) > 2

    assert "run=" in page.url
    page.reload()
    expect(page.get_by_text("stopped by hand at step")).to_be_visible()
    assert numbers(page) == stopped
    assert_no_error(page)


def test_a_dead_worker_is_told_and_the_run_goes_on(page, lab_server):
    open_lab(page, "?steps=5000")
    page.get_by_role("button", name="Start", exact=True).click()
    until(lambda: step(page) > 0)
    engine = next(process for process in psutil.process_iter(["cmdline"]) if _is_engine_of(process, lab_server))
    max(engine.children(recursive=True), key=lambda process: process.memory_info().rss).kill()
    expect(page.get_by_text("A worker died at step")).to_be_visible()
    at = step(page)
    until(lambda: step(page) > at)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped by hand")).to_be_visible()


def _is_engine_of(process, server) -> bool:
    if "normviz.lab.engine" not in (process.info["cmdline"] or []):
        return False
    return process.environ().get("NORMVIZ_LAB_FOLDER") == str(server.log_path.parent / "lab")


def test_nothing_is_left_when_the_server_is_killed_while_it_trains(browser, tmp_path):
    with (
        running_app(NORMVIZ_SERVER_AHEAD="off", NORMVIZ_DATA=str(tmp_path)) as server,
        fresh_page(browser, server.url) as (page, _),
    ):
        open_lab(page, "?steps=5000")
        page.get_by_role("button", name="Start", exact=True).click()
        until(lambda: step(page) > 0)
        engine = next(process for process in psutil.process_iter(["cmdline"]) if _is_engine_of(process, server))
        processes = [engine, *engine.children(recursive=True)]
        assert len(processes) >= 4  # engine, scheduler, nanny, worker
        engine.parent().kill()
        until(lambda: not any(map(_is_alive, processes)))


def _is_alive(process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_recording_plays_steps_and_ends_with_its_verdict(page):
    open_lab(page)
    page.get_by_role("button", name="Play the recording").click()
    expect(page.get_by_text("Recorded on")).to_be_visible()
    page.get_by_role("radio", name="20x").click()
    expect(page.get_by_role("heading", name="What came out")).to_be_visible()
    for width in (390, 1024):
        charts = charts_at(page, width)
        assert len(charts) == 5
        for chart in charts:
            assert_readable(chart)
    assert_no_error(page)


def test_values_of_an_edited_address_are_checked_like_typed_ones(page):
    open_lab(page, "?batch_size=100000&groups=5&optimizer=magic&learning_rate=-3")
    expect(page.get_by_text("groups must divide channels: groups=5")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    assert not page.locator('[data-testid="stException"]').count()
