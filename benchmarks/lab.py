"""Measures the lab: from the click on Start to the first point, cold and warm; the opening demo; and other pages meanwhile.

python benchmarks/lab.py
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import answers, harness

NUMBERS = re.compile(r"Step [\d,]+ of")
PAGES = ("overview", "parameters", "classify", "curves", "mistakes", "averaging")


def main() -> int:
    """Prints seconds and ratios; returns 1 if a page took more than twice its usual time while two runs trained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="times that the pages are measured, alone and with trainings")
    parser.add_argument(
        "--unwatched", action="store_true", help="leave the pages of the two trainings: their browsers are on these cores too"
    )
    options = parser.parse_args()
    rounds = options.rounds
    with harness.running_app() as server, harness.running_browser() as browser:
        with harness.fresh_page(browser, server.url) as (page, _):
            print(f"first point, cold {first_point(page):5.1f} s", flush=True)
            print(f"opening demo      {until_the_end(page):5.1f} s", flush=True)
        with harness.fresh_page(browser, server.url) as (page, _):
            print(f"first point, warm {first_point(page):5.1f} s", flush=True)
            page.get_by_role("button", name="Stop", exact=True).click()
        return 1 if compare_pages(browser, server.url, rounds, options.unwatched) > 2 else 0


def first_point(page, query: str = "") -> float:
    """Opens the lab and clicks Start; returns the seconds until the first point is drawn."""
    page.goto(f"/lab{query}")
    page.get_by_role("button", name="Start", exact=True).click()
    started = time.monotonic()
    page.get_by_text(NUMBERS).first.wait_for()
    return time.monotonic() - started


def until_the_end(page) -> float:
    """Waits for the end of the run that was just begun; returns the seconds."""
    started = time.monotonic()
    page.get_by_role("heading", name="What came out").wait_for()
    return time.monotonic() - started


def compare_pages(browser, url: str, rounds: int, unwatched: bool) -> float:
    """Prints the median answer of some pages alone and while two runs train; returns the worst ratio."""
    alone = {name: measure(browser, url, name, rounds) for name in PAGES}
    with harness.fresh_page(browser, url) as (one, _), harness.fresh_page(browser, url) as (other, _):
        for page in (one, other):
            first_point(page, "?steps=50000")
            if unwatched:
                page.goto("about:blank")
        meanwhile = {name: measure(browser, url, name, rounds) for name in PAGES}
        if not unwatched:  # else they end by themselves
            for page in (one, other):
                page.get_by_role("button", name="Stop", exact=True).click()
    for name in PAGES:
        print(
            f"{name:18} {alone[name]:5.0f} ms alone, {meanwhile[name]:5.0f} ms with two trainings: "
            f"{meanwhile[name] / alone[name]:.2f} times",
            flush=True,
        )
    return max(meanwhile[name] / alone[name] for name in PAGES)


def measure(browser, url: str, name: str, rounds: int) -> float:
    """Returns the median answer of a page in milliseconds."""
    times = []
    for _ in range(rounds):
        with harness.fresh_page(browser, url) as (page, _):
            times += answers.answers_ms(page, name)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
