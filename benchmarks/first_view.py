"""Measures the first view of a visitor who has never been here, beside that of `streamlit hello`, in Chromium: first words, all.

python benchmarks/first_view.py
"""

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.floor import HELLO
from tests.browser import harness

QUIET_MS = 300  # without which a view has not ended; it is not counted


def main() -> int:
    """Prints the medians of both, taken in turns, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="views of each (default: %(default)s)")
    options = parser.parse_args()
    with (
        harness.running_app() as ours,
        harness.running_app(script=str(HELLO)) as hello,
        harness.running_browser() as browser,
    ):
        rounds = [[view_ms(browser, server.url) for server in (ours, hello)] for _ in range(options.rounds + 1)]
    for what, times in zip(("first words", "whole page"), zip(*(zip(*each) for each in rounds[1:])), strict=True):
        say(what, times)  # without the first round, which is each server's own first
    return 0


def say(what: str, times: list[tuple[float, float]]) -> None:
    one, other = map(statistics.median, zip(*times, strict=True))
    ratio = statistics.median(first / second for first, second in times)
    print(f"{what}: {one:,.0f} ms; streamlit hello: {other:,.0f} ms; median ratio of a round {ratio:.2f}")


def view_ms(browser, url: str) -> tuple[float, float]:
    """Returns the milliseconds from the request to the first words, and to the drawn page."""
    with harness.fresh_page(browser, url) as (page, _):
        page.goto("/")
        page.wait_for_function(harness.IS_SETTLED, arg=QUIET_MS, polling="raf")
        return tuple(page.evaluate("[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.idleSince]"))


if __name__ == "__main__":
    sys.exit(main())
