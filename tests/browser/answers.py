"""How long each page takes to answer a change: from the click or key to the drawn answer, in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser import harness

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUIET_MS = 100  # without which an answer has not ended; it is not counted
STUDIES = ("published", "controlled", "published")
CHANGES = {  # page: what is clicked one after the other, or slid one step further; only a study comes twice
    "averaging": ("layer", "instance", "network", "group", "published"),
    "batch_mates": ("one class", "brightened", "noise", "frog", "slider: Pictures in the batch", "published"),
    "classify": ("airplane", "ship", "frog", "rocket", "published"),
    "curves": STUDIES,
    "evidence": STUDIES,
    "invariances": ("2", "5", "slider: Factor", "slider: Brightness of the picture, factor", "published"),
    "lab": ("Batch size 2", "No norm at all", "One group to C groups", "One class a batch"),
    "lesson": ("Why batch size matters", "Which norm wins?"),
    "journey": ("3", "4", "6", "slider: Places in that order", "published"),
    "layer_statistics": ("3", "4", "6", "8", "published"),
    "mistakes": STUDIES,
    "overview": STUDIES,
    "own_data": ("fit", "crop"),
    "own_network": ("group", "layer", "none", "kept", "statistics", "changed input", "other batches", "one picture"),
    "parameters": STUDIES,
    "train_or_evaluate": STUDIES,
}
NOTE_TIME = """
for (const kind of ['click', 'keydown'])
  addEventListener(kind, () => { window.clickedAt ??= performance.now(); }, true)
"""


def answers_ms(page: Page, name: str, changes: tuple[str, ...] | None = None) -> list[float]:
    """Opens a page and makes changes, its `CHANGES` unless others are given; returns how long the answer to each took, in
    milliseconds."""
    harness.open_page(page, name)
    page.evaluate(NOTE_TIME)
    return [_answer_ms(page, choice) for choice in changes or CHANGES[name]]


def _answer_ms(page: Page, choice: str) -> float:
    """Makes a choice; returns the milliseconds until the server's first answer to it is drawn."""
    page.evaluate("window.clickedAt = undefined")
    if choice.startswith("slider: "):
        page.get_by_role("slider", name=choice.removeprefix("slider: ")).first.press("ArrowRight")
    else:
        page.get_by_role("radio", name=choice, exact=True).first.click()
    page.wait_for_function("window.appSocket.sentAt > window.clickedAt")
    page.evaluate("window.idleSince = undefined")
    page.wait_for_function(harness.IS_SETTLED, arg=QUIET_MS, polling="raf")
    answered = page.evaluate("window.idleSince - window.clickedAt")
    harness.settle(page)
    return answered
