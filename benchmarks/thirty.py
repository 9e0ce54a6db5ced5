"""Measures a class: visitors who each open every page in their own order, in both studies, over Streamlit's own websocket.

python benchmarks/thirty.py            after every page has been opened once
python benchmarks/thirty.py --cold     right after the server has started
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.visitors import Answer, Visitor, Wrong
from normviz.explain import verdicts
from normviz.model.norms import COMPARED, STUDIES
from normviz.pictures import uploads
from normviz.training import inference, runs
from normviz.words import pages
from tests.browser import harness

ARRIVING_SECONDS = 10  # within which all visitors come
FLOOR = """
import streamlit as st
st.title("A heading")
st.segmented_control("Study", ["controlled", "published"], default="controlled", required=True, key="study", bind="query-params")
"""


class Crowd:
    """Visitors of one server.

    Attributes:
        seconds: by page, how long each answer took.
        wrong: what went wrong, in words.
        peak: largest resident memory of the server's own process, in bytes; the lab's workers have theirs.
    """

    def __init__(self, server: harness.Server, thought: float, seed: int):
        self.server, self.thought, self.draw = server, thought, random.Random(seed)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []
        self.peak = 0

    async def walk(self, visitors: int, walk, arriving: float = ARRIVING_SECONDS) -> None:
        """Lets so many visitors take a walk, a function of (crowd, visitor, number)."""
        watching = asyncio.create_task(self._watch())
        await asyncio.gather(*(self._one(number, walk, arriving) for number in range(visitors)))
        watching.cancel()

    async def _one(self, number: int, walk, arriving: float) -> None:
        await asyncio.sleep(self.draw.random() * arriving)
        visitor = Visitor(self.server.url)
        try:
            await visitor.connect()
            await walk(self, visitor, number)
            visitor.close()
        except (Wrong, OSError) as error:
            self.wrong.append(f"visitor {number}: {error}")

    async def note(self, page: str, answering) -> Answer:
        """Waits for an answer, notes its seconds, and thinks about it."""
        answer = await answering
        self.seconds[page].append(answer.seconds)
        await asyncio.sleep(self.thought * (0.5 + self.draw.random()))
        return answer

    async def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, memory(self.server))
            await asyncio.sleep(0.5)


def memory(server: harness.Server) -> int:
    """Returns the resident bytes of a server's own process."""
    return psutil.Process(server.process.pid).memory_info().rss


async def all_pages(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Opens each page once and changes the study on it; on Classify the visitor's own picture must be the one that is answered."""
    for page in crowd.draw.sample(list(pages.PAGES), len(pages.PAGES)):
        if page == "classify":
            await own_picture(crowd, visitor, number)
            continue
        answer = await crowd.note(page, visitor.open(page))
        if any(element.query_param_key == "study" for element in answer.elements("button_group")):
            await crowd.note(page, visitor.choose(page, answer, "study", crowd.draw.choice(list(STUDIES))))


async def own_picture(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Hands in a picture of the visitor's own, and looks whether the answers of all three networks are those for it."""
    picture = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    opened = await crowd.note("classify", visitor.open("classify"))
    asked = await crowd.note("classify", visitor.choose("classify", opened, "from", "upload"))
    answer = await crowd.note("classify", visitor.upload("classify", asked, picture))
    study = visitor.chosen.get("study", next(iter(STUDIES)))
    for norm in COMPARED:
        if not answer.holds(expected(study, norm, picture)):
            crowd.wrong.append(f"visitor {number}: not the answer of {study}/{norm} to the own picture")


def expected(study: str, norm: str, picture: np.ndarray) -> str:
    """Returns the sentence that the page must say of a picture."""
    network = NETWORKS.setdefault((study, norm), None) or inference.restore(runs.load(study, norm))
    NETWORKS[study, norm] = network
    pixels = uploads.to_network_size(uploads.Image.fromarray(picture))
    return f"Probabilities of the {norm} network. {verdicts.top_sentence(inference.class_probabilities(network, pixels))}"


NETWORKS: dict = {}


async def same_page(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Asks the floor's only page as often as `all_pages` asks pages."""
    for _ in pages.PAGES:
        answer = await crowd.note("floor", visitor.open(""))
        await crowd.note("floor", visitor.choose("", answer, "study", crowd.draw.choice(("controlled", "published"))))


async def once(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Opens every page in every study, without a thought."""
    for page in pages.PAGES:
        answer = await visitor.open(page)
        for study in STUDIES:
            await visitor.choose(page, answer, "study", study)


def main() -> int:
    """Prints latencies by page, memory and the floor; returns 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=30, help="how many (default: %(default)s)")
    parser.add_argument(
        "--thought", type=float, default=3.0, help="mean seconds between an answer and the next click (default: 3)"
    )
    parser.add_argument("--rounds", type=int, default=1, help="walks, each with new visitors (default: %(default)s)")
    parser.add_argument("--cold", action="store_true", help="measure right after the start of a server, a new one each round")
    parser.add_argument("--no-floor", action="store_true", help="do not walk over the app of one heading as well")
    options = parser.parse_args()
    wrong = sum(measure(options, round_) for round_ in range(options.rounds))
    if not options.no_floor:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "floor.py"
            script.write_text(FLOOR)
            with harness.running_app(script=str(script)) as server:
                crowd = Crowd(server, options.thought, 0)
                asyncio.run(crowd.walk(options.visitors, same_page))
        say(crowd, "floor: one heading and one segmented control")
    return int(wrong > 0)


def measure(options: argparse.Namespace, round_: int) -> int:
    """Takes one walk; returns how many things went wrong."""
    with harness.running_app() as server:
        crowd = Crowd(server, options.thought, round_)
        if not options.cold:
            asyncio.run(Crowd(server, 0, 0).walk(1, once, arriving=0))
            time.sleep(1)
        alone = memory(server)
        asyncio.run(crowd.walk(options.visitors, all_pages))
    say(crowd, f"round {round_ + 1}, {'cold' if options.cold else 'warm'}, memory before {alone / 2**20:,.0f} MB")
    return len(crowd.wrong)


def say(crowd: Crowd, title: str) -> None:
    """Prints what one walk gave."""
    print(f"\n{title}")
    for page, seconds in sorted(crowd.seconds.items(), key=lambda item: -statistics.median(item[1])):
        print(f"{page:18} {_line(seconds)}")
    print(f"{'all':18} {_line([each for seconds in crowd.seconds.values() for each in seconds])}")
    print(f"memory at most {crowd.peak / 2**20:,.0f} MB; {len(crowd.wrong)} wrong", flush=True)
    for each in crowd.wrong:
        print(f"  {each}")


def _line(seconds: list[float]) -> str:
    low = sorted(seconds)[int(0.95 * (len(seconds) - 1))]
    return f"{len(seconds):5} answers: median {statistics.median(seconds):6.3f} s, 95 % within {low:6.3f}, worst {max(seconds):6.3f}"


if __name__ == "__main__":
    sys.exit(main())
