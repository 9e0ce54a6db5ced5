"""Measures how long each page takes to answer a change, from the click to the drawn answer, in Chromium.

python benchmarks/response_times.py
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

import harness

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHANGES = {  # page: the choices that are clicked one after the other; each is new to the server's caches
    "averaging": ("group", "layer", "instance", "network"),
    "batch_mates": ("one class", "brightened", "noise", "frog"),
    "classify": ("airplane", "ship", "frog", "rocket"),
    "curves": ("published", "controlled"),
    "evidence": ("published", "controlled"),
    "invariances": ("2", "5", "6", "8"),
    "journey": ("3", "4", "6", "8"),
    "layer_statistics": ("3", "4", "6", "8"),
    "mistakes": ("published", "controlled"),
    "overview": ("published", "controlled"),
    "parameters": ("published", "controlled"),
    "train_or_evaluate": ("published", "controlled"),
}
NOTE_CLICK = "addEventListener('click', () => { window.clickedAt ??= performance.now(); }, true)"


def main() -> int:
    """Prints median and slowest answer of each page in milliseconds; returns 1 if one took half a second, else 0."""
    slow = 0
    with harness.running_app() as server, harness.running_browser() as browser:
        for name, choices in CHANGES.items():
            with harness.fresh_page(browser, server.url) as (page, _):
                harness.open_page(page, name)
                page.evaluate(NOTE_CLICK)
                times = [answer_ms(page, choice) for choice in choices]
            slow += statistics.median(times) >= 500
            print(f"{name:18} median {statistics.median(times):5.0f} ms, slowest {max(times):5.0f} ms", flush=True)
    return 1 if slow else 0


def answer_ms(page: Page, choice: str) -> float:
    """Clicks a choice; returns the milliseconds until the server's first answer to it is drawn."""
    page.evaluate("window.clickedAt = undefined")
    page.get_by_role("radio", name=choice, exact=True).first.click()
    page.wait_for_function("window.appSocket.sentAt > window.clickedAt")
    page.evaluate("window.idleSince = undefined")
    page.wait_for_function(harness.IS_SETTLED, arg=0, polling="raf")
    answered = page.evaluate("window.idleSince - window.clickedAt")
    harness.settle(page)
    return answered


if __name__ == "__main__":
    sys.exit(main())
