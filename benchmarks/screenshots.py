"""Takes a full-height picture of every page, from a phone to a projector, light and dark.

python benchmarks/screenshots.py --out /tmp/shots
python benchmarks/screenshots.py --out /tmp/shots --study controlled --pages mistakes classify --widths 390
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import harness

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (390, 1024, 1280, 1920)  # a phone, an old projector, a laptop, a new projector
SCHEMES = ("light", "dark")
TALLEST = 16_000  # Chromium draws no picture higher than 16,384 pixels


@dataclass(frozen=True)
class Shot:
    """One picture to take: a page, the study it shows, the window's width and the colour scheme."""

    page: str
    study: str | None
    width: int
    scheme: str

    @property
    def file_name(self) -> str:
        """The picture's name, such as `curves-controlled-390-dark.png`."""
        return "-".join(filter(None, [self.page, self.study, str(self.width), self.scheme])) + ".png"

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the page's address."""
        return {"study": self.study} if self.study else {}


def main() -> int:
    """Takes the pictures; returns 1 if anything is wrong with any page, else 0."""
    arguments = parse_arguments()
    if missing := harness.missing_browser():
        sys.exit(missing)
    arguments.out.mkdir(parents=True, exist_ok=True)
    faulty = 0
    with app_address(arguments.url) as url, harness.running_browser() as browser:
        for page, width, scheme in itertools.product(arguments.pages, arguments.widths, SCHEMES):
            faulty += not take(Shot(page, arguments.study, width, scheme), browser, url, arguments.out)
    return 1 if faulty else 0


def parse_arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pictures")
    parser.add_argument("--url", help="a running app; without it one is started")
    parser.add_argument(
        "--pages", nargs="+", choices=harness.PAGES, default=harness.PAGES, metavar="PAGE", help=" ".join(harness.PAGES)
    )
    parser.add_argument(
        "--widths", nargs="+", type=int, default=WIDTHS, metavar="PX", help=f"of the window, else {' '.join(map(str, WIDTHS))}"
    )
    parser.add_argument("--study", help="the study to show, else the app's first")
    return parser.parse_args()


@contextlib.contextmanager
def app_address(url: str | None) -> Iterator[str]:
    """Yields the given address, or that of an app which runs until the block ends."""
    if url:
        yield url.rstrip("/")
        return
    with harness.running_app() as server:
        yield server.url


def take(shot: Shot, browser: Browser, url: str, folder: Path) -> bool:
    """Saves one picture, prints its path and what is wrong with the page; returns whether nothing is."""
    with harness.fresh_page(browser, url, shot.width, shot.scheme) as (page, faults):
        harness.open_page(page, shot.page, **shot.query)
        show_whole(page)
        page.screenshot(path=folder / shot.file_name)
        wrong = [*faults, *harness.error_texts(page)]
        if sideways := harness.sideways_scroll(page):
            wrong.append(f"wider than the window by {sideways} px")
    print(folder / shot.file_name, *wrong, sep="\n  ", flush=True)
    return not wrong


def show_whole(page: Page) -> None:
    """Makes the window as tall as the page: Streamlit scrolls a box inside it, not the window."""
    for _ in range(3):
        height = page.locator('[data-testid="stMain"]').evaluate("main => main.scrollHeight")
        if height <= page.viewport_size["height"]:
            return
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, TALLEST)})
        harness.settle(page)


if __name__ == "__main__":
    sys.exit(main())
