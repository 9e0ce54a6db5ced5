"""Measures what an answer costs the server: CPU of its process, one visitor at a time, so that other work hardly counts.

python benchmarks/answer_cpu.py                      every page
python benchmarks/answer_cpu.py journey batch_mates  some of them
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.thirty import own_pixels
from benchmarks.visitors import Answer, Visitor
from normviz.explain import maps
from normviz.model.norms import STUDIES
from normviz.words import pages
from tests.browser import harness

BEFORE = {"layer_statistics": {"input": "picture"}}  # what is chosen before a picture can be handed in
TAKE_PICTURES = ("classify", "journey", "batch_mates", "layer_statistics")
REST_SECONDS = 0.4  # after an answer, for what follows it


def cpu_seconds(server: harness.Server) -> float:
    """Returns the CPU seconds of a server's process, threads that have ended included (Linux: clock_getcpuclockid(3))."""
    return time.clock_gettime((~server.process.pid << 3) | 2)


async def spent(server: harness.Server, answering) -> tuple[float, Answer]:
    """Returns the CPU milliseconds of an answer, and the answer."""
    before = cpu_seconds(server)
    answer = await answering
    await asyncio.sleep(REST_SECONDS)
    return 1000 * (cpu_seconds(server) - before), answer


async def measure(server: harness.Server, page: str, times: int) -> dict[str, list[float]]:
    """Returns milliseconds of a page that was opened before: asked again, with a new own picture, and again with that."""
    visitor = Visitor(server.url)
    await visitor.connect()
    for study in reversed(STUDIES):
        answer = await visitor.open(page, study=study)
    found = {"again": [(await spent(server, visitor.open(page)))[0] for _ in range(times)]}
    if page in TAKE_PICTURES:
        for key, option in (BEFORE.get(page, {}) | {"from": "upload"}).items():
            answer = await visitor.choose(page, answer, key, option)
        found |= await _with_pictures(server, visitor, page, answer, times)
    visitor.close()
    return found


async def _with_pictures(server: harness.Server, visitor: Visitor, page: str, answer: Answer, times: int) -> dict:
    new, again = [], []
    for number in range(times):
        handing_in = visitor.upload(page, answer, maps.png(own_pixels(number)), "picture.png")
        new.append((await spent(server, handing_in))[0])
        milliseconds, answer = await spent(server, visitor.open(page))
        again.append(milliseconds)
    return {"new picture": new, "the same picture": again}


def main() -> None:
    """Prints, by page, median and least milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=[*pages.PAGES], help="which (default: all)")
    parser.add_argument("--times", type=int, default=8, help="answers of each kind (default: %(default)s)")
    options = parser.parse_args()
    with harness.running_app(NORMVIZ_SERVER_AHEAD="off") as server:
        for page in options.pages:
            found = asyncio.run(measure(server, page, options.times))
            said = [f"{kind} {statistics.median(each):4.0f} ({min(each):.0f})" for kind, each in found.items()]
            print(f"{page:18} {'; '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
