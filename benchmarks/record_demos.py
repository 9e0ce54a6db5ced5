"""Carries out the lab's demos on CIFAR-10 and keeps them as the recordings that the app plays.

python benchmarks/record_demos.py one-class groups
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from normviz.lab import asking, engine, recorded, store, workers
from normviz.lab.engine import Engine
from normviz.lab.presets import PRESETS
from normviz.lab.settings import settings
from normviz.words import lab as words


def main() -> None:
    """Records the demos that are named, all of them unless some are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("demos", nargs="*", metavar="DEMO", help=" ".join(PRESETS))
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(settings(), folder=folder, cluster="")
        with workers.client(chosen) as client:
            client.wait_for_workers(1)
            for demo in arguments.demos or PRESETS:
                print(recorded.record(carry_out(Engine(chosen, client), demo, arguments.seed), demo), flush=True)


def carry_out(leader: Engine, demo: str, seed: int) -> store.LabRun:
    """Returns the finished run of a demo."""
    setup = replace(PRESETS[demo].setup, seed=seed)
    run = store.create(leader.root, setup, store.About(words.DEMOS[demo].title, "recording", demo))
    while run.state().name not in store.OVER:
        run.look()
        asking.wake(leader.settings)
        leader.look()
        time.sleep(engine.LOOK_SECONDS)
    if run.state().name != "done":
        sys.exit(f"{demo} {run.state().name}: {run.state().why}")
    return run


if __name__ == "__main__":
    main()
