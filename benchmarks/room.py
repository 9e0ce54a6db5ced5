"""Measures a room: many phones that ask every two seconds whether it has gone on, and a page of the app in use beside them.

python benchmarks/room.py
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import sys
import threading
import time
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from normviz.classroom import phones
from tests.browser import answers, harness
from tests.browser.test_room import Client

PAGE = "averaging"


class Phones(threading.Thread):
    """Phones of one room: each opens its page and votes, then asks again and again.

    Attributes:
        seconds: how long each answer took.
        failed: answers that were none.
    """

    def __init__(self, url: str, code: str, count: int):
        super().__init__(daemon=True)
        self.url, self.code, self.count = url, code, count
        self.seconds, self.failed, self.over = [], 0, threading.Event()

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        client = AsyncHTTPClient(max_clients=self.count)
        await asyncio.gather(*(self._one(client) for _ in range(self.count)))

    async def _one(self, client: AsyncHTTPClient) -> None:
        wait = phones.WAIT / 1000
        await asyncio.sleep(random.random() * wait)
        joined = await self._ask(client, HTTPRequest(f"{self.url}/join/{self.code}"))
        if joined is not None:
            cookie = {"Cookie": joined.headers["Set-Cookie"].split(";")[0]}
            form = f"step=mates&round=1&choice={random.choice(('batch', 'group', 'layer'))}"
            vote = HTTPRequest(f"{self.url}/join/{self.code}", "POST", cookie, body=form, follow_redirects=False)
            await self._ask(client, vote)
        while not self.over.is_set():
            await self._ask(client, HTTPRequest(f"{self.url}/room/{self.code}/state"))
            await asyncio.sleep(wait * (1 + random.random() / 4))

    async def _ask(self, client: AsyncHTTPClient, request: HTTPRequest):
        started = time.monotonic()
        answer = await client.fetch(request, raise_error=False)
        self.seconds.append(time.monotonic() - started)
        if answer.code not in (200, 303):
            self.failed += 1
            return None
        return answer


def main() -> int:
    """Prints latencies, votes and ratios; returns 1 if an answer failed or a vote was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phones", type=int, default=300, help="how many (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="times that the page is measured (default: %(default)s)")
    options = parser.parse_args()
    with harness.running_app() as server, harness.running_browser() as browser:
        teacher, code = open_room(server.url)
        alone = page_ms(browser, server.url, options.rounds)
        crowd = Phones(server.url, code, options.phones)
        crowd.start()
        time.sleep(2 * phones.WAIT / 1000)
        meanwhile = page_ms(browser, server.url, options.rounds)
        crowd.over.set()
        crowd.join()
        votes = teacher.get(f"/room/{code}/votes.csv")[1].count("\n") - 1
    say(crowd, votes, alone, meanwhile)
    return int(crowd.failed > 0 or votes != options.phones)


def open_room(url: str) -> tuple[Client, str]:
    """Opens a room and its first vote; returns who may steer it, and its code."""
    teacher = Client(url)
    code = re.search(r"/room/(\w+)/state", teacher.post("/room/new", lesson="batch-size 15", address="")[1])[1]
    teacher.post(f"/room/{code}/go", version=1, to="next")
    return teacher, code


def page_ms(browser, url: str, rounds: int) -> float:
    """Returns the median answer of a page of the app, in milliseconds."""
    times = []
    for _ in range(rounds):
        with harness.fresh_page(browser, url) as (page, _):
            times += answers.answers_ms(page, PAGE)
    return statistics.median(times)


def say(crowd: Phones, votes: int, alone: float, meanwhile: float) -> None:
    """Prints what was measured."""
    cuts = statistics.quantiles(crowd.seconds, n=100)
    print(f"{crowd.count} phones: {len(crowd.seconds):,} answers, {crowd.failed} failed, {votes} votes kept")
    print(
        f"an answer: median {1000 * cuts[49]:.0f} ms, 95% within {1000 * cuts[94]:.0f} ms, worst {1000 * max(crowd.seconds):.0f} ms"
    )
    print(f"{PAGE} meanwhile: {meanwhile:.0f} ms, alone {alone:.0f} ms: {meanwhile / alone:.2f} times")


if __name__ == "__main__":
    sys.exit(main())
