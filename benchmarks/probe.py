"""Measures a probe of ResNet-18 and of ViT-B/16 beside torchinfo's summary: seconds, and the most memory of the process.

python benchmarks/probe.py
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PICTURES, SIDE = 8, 224
NETWORKS = ("resnet18", "vit_b_16")
WAYS = ("forward pass", "torchinfo", "probe")


def main() -> int:
    """Prints a line a network and way; each measurement is a process of its own, which builds the network first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="processes a line; the median is printed")
    parser.add_argument("--one", nargs=2, metavar=("NETWORK", "WAY"), help="measure once, in this process")
    options = parser.parse_args()
    if options.one:
        print(*measure(*options.one))
        return 0
    for network in NETWORKS:
        for way in WAYS:
            rounds = [in_a_process(network, way) for _ in range(options.rounds)]
            seconds, cpu_seconds, megabytes = map(statistics.median, zip(*rounds, strict=True))
            print(f"{network:10} {way:12} {seconds:6.2f} s, {cpu_seconds:6.2f} s of CPU, {megabytes:6,.0f} MB", flush=True)
    return 0


def in_a_process(network: str, way: str) -> tuple[float, float, float]:
    command = [sys.executable, __file__, "--one", network, way]
    return tuple(map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()))


def measure(name: str, way: str) -> tuple[float, float, float]:
    """Returns seconds, CPU seconds of all threads, and the most memory that the process has had, in megabytes."""
    import torch

    from normviz.model import own_network

    network, example = own_network.build(name), torch.randn(PICTURES, 3, SIDE, SIDE)
    look = looker(way)
    started, cpu = time.perf_counter(), time.process_time()
    look(network, example)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return seconds, cpu_seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def looker(way: str):
    """Returns what is measured, imported already."""
    import torch

    if way == "probe":
        from normviz.probe.norms import probe

        return probe
    if way == "torchinfo":
        from torchinfo import summary

        return lambda network, example: summary(network, input_data=example, verbose=0)
    return torch.inference_mode()(lambda network, example: network(example))


if __name__ == "__main__":
    sys.exit(main())
