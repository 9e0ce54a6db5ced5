"""Measures a class: visitors who each open every page in their own order, in both studies, over Streamlit's own websocket.

python benchmarks/thirty.py                after every page has been opened once
python benchmarks/thirty.py --cold         right after the server has started
python benchmarks/thirty.py --photographs  all hand in a photograph of 10 MB at once, beside others who walk
python benchmarks/thirty.py --minutes 60   walk after walk: do memory, file handles and threads pile up?
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import statistics
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from tornado.websocket import WebSocketClosedError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.floor import running_floor
from benchmarks.visitors import Answer, Visitor, Wrong
from normviz.explain import maps, verdicts
from normviz.model.norms import COMPARED, STUDIES
from normviz.pictures import uploads
from normviz.training import inference, runs
from normviz.words import pages
from tests.browser import harness

ARRIVING_SECONDS = 10  # within which all visitors come
OTHERS = 5  # who walk while photographs are handed in
SIDES, GRAIN = (3000, 4000), 70  # of a photograph, in pixels; noise that makes its JPEG 10 MB large


class Crowd:
    """Visitors of one server.

    Attributes:
        seconds: by page, how long each answer took.
        wrong: what went wrong, in words.
        handed_in: number of a visitor, study, file and the page's answer to it; looked at when all walks are over.
        samples: of the server's own process, each half second: seconds, resident bytes, file handles, threads; the lab's
            workers have theirs.
        cpu_seconds: of that process, during the walks.
    """

    def __init__(self, server: harness.Server, thought: float, seed: int):
        self.server, self.thought, self.draw = server, thought, random.Random(seed)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []
        self.handed_in: list[tuple[int, str, bytes, Answer]] = []
        self.samples: list[tuple[float, int, int, int]] = []
        self.cpu_seconds = 0.0

    async def walk(self, visitors: int, walk, arriving: float = ARRIVING_SECONDS) -> None:
        """Lets so many visitors take a walk, a function of (crowd, visitor, number)."""
        watching, before = asyncio.create_task(self._watch()), cpu_seconds(self.server)
        await asyncio.gather(*(self._one(number, walk, arriving) for number in range(visitors)))
        watching.cancel()
        self.cpu_seconds += cpu_seconds(self.server) - before

    async def _one(self, number: int, walk, arriving: float) -> None:
        await asyncio.sleep(self.draw.random() * arriving)
        visitor = Visitor(self.server.url)
        try:
            await visitor.connect()
            await walk(self, visitor, number)
            visitor.close()
        except (Wrong, OSError, WebSocketClosedError) as error:
            self.wrong.append(f"visitor {number}: {type(error).__name__} {error}")

    async def note(self, page: str, answering) -> Answer:
        """Waits for an answer, notes its seconds, and thinks about it."""
        answer = await answering
        self.seconds[page].append(answer.seconds)
        await asyncio.sleep(self.thought * (0.5 + self.draw.random()))
        return answer

    async def _watch(self) -> None:
        process = psutil.Process(self.server.process.pid)
        while True:
            self.samples.append((time.monotonic(), memory(self.server), process.num_fds(), process.num_threads()))
            await asyncio.sleep(0.5)


def memory(server: harness.Server) -> int:
    """Returns the resident bytes of a server's own process."""
    return psutil.Process(server.process.pid).memory_info().rss


def cpu_seconds(server: harness.Server) -> float:
    """Returns the CPU seconds that a server's own process has taken."""
    return sum(psutil.Process(server.process.pid).cpu_times()[:2])


async def all_pages(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Opens each page once and changes the study on it; on Classify the visitor's own picture must be the one that is answered."""
    for page in crowd.draw.sample(list(pages.PAGES), len(pages.PAGES)):
        if page == "classify":
            await own_picture(crowd, visitor, number)
        else:
            await one_page(crowd, visitor, page)


async def shown_pages(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Opens each page but Classify once and changes the study on it."""
    for page in crowd.draw.sample([page for page in pages.PAGES if page != "classify"], len(pages.PAGES) - 1):
        await one_page(crowd, visitor, page)


async def one_page(crowd: Crowd, visitor: Visitor, page: str) -> None:
    answer = await crowd.note(page, visitor.open(page))
    if any(element.query_param_key == "study" for element in answer.elements("button_group")):
        await crowd.note(page, visitor.choose(page, answer, "study", crowd.draw.choice(list(STUDIES))))


async def own_picture(crowd: Crowd, visitor: Visitor, number: int) -> None:
    """Hands in a picture of the visitor's own."""
    await hand_in(crowd, visitor, number, maps.png(own_pixels(number)), "picture.png")


async def hand_in(crowd: Crowd, visitor: Visitor, number: int, content: bytes, name: str) -> None:
    """Hands in a file, for which the answers of all three networks must be."""
    opened = await crowd.note("classify", visitor.open("classify"))
    asked = await crowd.note("classify", visitor.choose("classify", opened, "from", "upload"))
    answer = await crowd.note("classify", visitor.upload("classify", asked, content, name))
    crowd.handed_in.append((number, visitor.chosen.get("study", next(iter(STUDIES))), content, answer))


def faults(number: int, study: str, content: bytes, answer: Answer) -> list[str]:
    """Returns a line for each network whose answer is not the one for the file."""
    pixels = uploads.to_network_size(uploads.read_picture(content, "picture"))
    wrong = [norm for norm in COMPARED if not answer.holds(expected(study, norm, pixels))]
    return [f"visitor {number}: not the answer of {study}/{norm} to the own picture" for norm in wrong]


def own_pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def photograph(number: int) -> bytes:
    """Returns a JPEG of 12 megapixels and some 10 MB, unlike that of any other number."""
    picture = Image.fromarray(own_pixels(number)).resize(SIDES[::-1], Image.Resampling.BICUBIC)
    noise = np.random.default_rng(number).integers(-GRAIN, GRAIN, (*SIDES, 1), dtype=np.int16)
    file = io.BytesIO()
    Image.fromarray((np.asarray(picture, np.int16) + noise).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=95)
    return file.getvalue()


def expected(study: str, norm: str, pixels: np.ndarray) -> str:
    """Returns the sentence that the page must say of a picture, uint8 32 x 32 x 3."""
    network = NETWORKS.setdefault((study, norm), None) or inference.restore(runs.load(study, norm))
    NETWORKS[study, norm] = network
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
    """Prints latencies by page, CPU, memory and the floor; returns 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=30, help="how many (default: %(default)s)")
    parser.add_argument(
        "--thought", type=float, default=3.0, help="mean seconds between an answer and the next click (default: 3)"
    )
    parser.add_argument("--rounds", type=int, default=1, help="walks, each with new visitors (default: %(default)s)")
    parser.add_argument("--cold", action="store_true", help="measure right after the start of a server, a new one each round")
    parser.add_argument("--photographs", action="store_true", help="let all hand in a photograph of 10 MB at once")
    parser.add_argument("--minutes", type=float, default=0, help="walk again and again for so long")
    parser.add_argument("--no-floor", action="store_true", help="do not walk over the app of one heading as well")
    options = parser.parse_args()
    take = hand_in_at_once if options.photographs else walk_long if options.minutes else walk_once
    wrong = sum(take(options, number) for number in range(options.rounds))
    if not options.no_floor:
        with running_floor() as server:
            crowd = Crowd(server, options.thought, 0)
            asyncio.run(crowd.walk(options.visitors, same_page))
        say(crowd, "floor: one heading and one segmented control")
    return int(wrong > 0)


@contextmanager
def warm():
    """Runs the app, every page of which was opened once."""
    with harness.running_app() as server:
        asyncio.run(Crowd(server, 0, 0).walk(1, once, arriving=0))
        time.sleep(1)
        yield server


def walk_once(options: argparse.Namespace, number: int) -> int:
    """Takes one walk; returns how many things went wrong."""
    with harness.running_app() if options.cold else warm() as server:
        crowd, alone = Crowd(server, options.thought, number), memory(server)
        asyncio.run(crowd.walk(options.visitors, all_pages))
    say(crowd, f"round {number + 1}, {'cold' if options.cold else 'warm'}, memory before {alone / 2**20:,.0f} MB")
    return len(crowd.wrong)


def walk_long(options: argparse.Namespace, number: int) -> int:
    """Takes walks for so many minutes; says whether memory, file handles and threads grow in the second half of them."""
    with warm() as server:
        crowd = Crowd(server, options.thought, number)
        end = time.monotonic() + 60 * options.minutes
        while time.monotonic() < end:
            asyncio.run(crowd.walk(options.visitors, all_pages))
    say(crowd, f"walks for {options.minutes:g} minutes")
    at, *measured = np.array(crowd.samples[len(crowd.samples) // 2 :]).T
    for name, values, unit in zip(("memory", "file handles", "threads"), measured, (2**20, 1, 1), strict=True):
        slope = np.polyfit((at - at[0]) / 60, values / unit, 1)[0]
        print(f"{name}: from {values[0] / unit:,.0f} to {values[-1] / unit:,.0f}, {slope:+.2f} a minute over the second half")
    return len(crowd.wrong)


def hand_in_at_once(options: argparse.Namespace, number: int) -> int:
    """Lets all hand in a photograph within a second while others walk; before that the others walk alone."""
    files = [photograph(each) for each in range(options.visitors)]

    async def upload(crowd: Crowd, visitor: Visitor, each: int) -> None:
        await hand_in(crowd, visitor, each, files[each], "photograph.jpeg")

    async def both() -> None:
        await asyncio.gather(crowd.walk(options.visitors, upload, arriving=1), beside.walk(OTHERS, shown_pages, arriving=0))

    with warm() as server:
        usual, beside, crowd = (Crowd(server, thought, number) for thought in (1, 1, 0))
        asyncio.run(usual.walk(OTHERS, shown_pages, arriving=0))
        alone = memory(server)
        asyncio.run(both())
    say(usual, f"{OTHERS} others alone, memory at their end {alone / 2**20:,.0f} MB")
    say(beside, f"{OTHERS} others beside {options.visitors} photographs of {statistics.mean(map(len, files)) / 1e6:.1f} MB")
    say(crowd, "the photographs")
    return len(crowd.wrong) + len(usual.wrong) + len(beside.wrong)


def say(crowd: Crowd, title: str) -> None:
    """Looks at what was handed in, and prints what a crowd found."""
    while crowd.handed_in:
        crowd.wrong += faults(*crowd.handed_in.pop())
    print(f"\n{title}")
    for page, seconds in sorted(crowd.seconds.items(), key=lambda item: -statistics.median(item[1])):
        print(f"{page:18} {_line(seconds)}")
    every = [each for seconds in crowd.seconds.values() for each in seconds]
    print(f"{'all':18} {_line(every)}")
    peak = max(sample[1] for sample in crowd.samples) / 2**20
    print(
        f"CPU {1000 * crowd.cpu_seconds / len(every):.0f} ms an answer; memory at most {peak:,.0f} MB; {len(crowd.wrong)} wrong"
    )
    print(*(f"  {each}" for each in crowd.wrong), sep="\n", flush=True)


def _line(seconds: list[float]) -> str:
    low = sorted(seconds)[int(0.95 * (len(seconds) - 1))]
    return f"{len(seconds):5} answers: median {statistics.median(seconds):6.3f} s, 95% within {low:6.3f}, worst {max(seconds):6.3f}"


if __name__ == "__main__":
    sys.exit(main())
