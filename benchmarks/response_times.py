"""Measures how long each page takes to answer a change, from the click to the drawn answer, in Chromium.

python benchmarks/response_times.py
"""

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import answers, harness

READING_MS = 12_000  # of the first visitor on the first page; meanwhile the server imports what is slow to import


def main() -> int:
    """Prints median and slowest answer of each page in milliseconds; returns 1 if a median took half a second, else 0."""
    slow = 0
    with harness.running_app() as server, harness.running_browser() as browser:
        with harness.fresh_page(browser, server.url) as (page, _):
            harness.open_page(page, harness.HOME)
            page.wait_for_timeout(READING_MS)
        for name in answers.CHANGES:
            with harness.fresh_page(browser, server.url) as (page, _):
                times = answers.answers_ms(page, name)
            slow += statistics.median(times) >= 500
            print(f"{name:18} median {statistics.median(times):5.0f} ms, slowest {max(times):5.0f} ms", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
