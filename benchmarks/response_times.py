"""Measures how long each page takes to answer a change, from the click to the drawn answer, in Chromium.

python benchmarks/response_times.py
"""

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.floor import running_floor
from tests.browser import answers, harness

READING_MS = 12_000  # of the first visitor on the first page; meanwhile the server imports what is slow to import


def main() -> int:
    """Prints median and slowest answer of each page in milliseconds, and of the floor; returns 1 if a median took half a
    second, else 0."""
    medians = []
    with harness.running_app() as server, running_floor() as floor, harness.running_browser() as browser:
        with harness.fresh_page(browser, server.url) as (page, _):
            harness.open_page(page, harness.HOME)
            page.wait_for_timeout(READING_MS)
        for name in answers.CHANGES:
            with harness.fresh_page(browser, server.url) as (page, _):
                times = answers.answers_ms(page, name)
            medians.append(statistics.median(times))
            say(name, times)
        print(f"median of the pages' medians {statistics.median(medians):.0f} ms")
        with harness.fresh_page(browser, floor.url) as (page, _):
            say("floor", answers.answers_ms(page, "", answers.STUDIES))
    return int(max(medians) >= 500)


def say(name: str, times: list[float]) -> None:
    print(f"{name:18} median {statistics.median(times):5.0f} ms, slowest {max(times):5.0f} ms", flush=True)


if __name__ == "__main__":
    sys.exit(main())
