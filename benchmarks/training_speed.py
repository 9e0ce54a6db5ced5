"""Measures pictures a second in training, beside the usual tutorial's pipeline on the same networks, in turns.

The tutorial's: torchvision's transforms on PIL pictures, a DataLoader with two workers, contiguous tensors, PyTorch's AdamW.

python benchmarks/training_speed.py --data DIR
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms

from normviz.model.network import Network, architecture
from normviz.pictures import dataset
from normviz.training import loop, memory, state
from normviz.training.plans import CHOICES, Plan, Recipe, recipe_of
from normviz.words.classes import MEAN, STD

NETWORKS = [("controlled", "batch"), ("controlled", "group"), ("published", "layer")]
NETWORKS += [("budget", norm) for norm in ("batch", "group", "layer")]
BATCH, WARM_UP = Recipe.batch_size, 5  # steps that are not counted


class Tutorial(Dataset):
    """One PIL picture at a time, augmented and turned into a tensor by torchvision."""

    def __init__(self, split: dataset.Split):
        self.split = split
        crop = transforms.RandomCrop(32, padding=Recipe.crop_padding, padding_mode="reflect")
        steps = [crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
        self.transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.split.images[place])), int(self.split.labels[place])


def main() -> int:
    """Prints a line a network and precision: pictures a second of both, their ratio, seconds an epoch, share of this machine's peak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="as the command line takes it")
    parser.add_argument("--rounds", type=int, default=5, help="of each pipeline, in turns")
    parser.add_argument("--steps", type=int, default=40, help="a round")
    parser.add_argument(
        "--precision", nargs="+", choices=CHOICES["precision"], default=["float32"], help="of the project's steps"
    )
    options = parser.parse_args()
    memory.keep_freed_memory()
    training, peak = dataset.load_split("train", options.data), peak_flops()
    print(f"{torch.get_num_threads()} threads, float32 peak measured {peak / 1e9:.0f} GFLOP/s, batch {BATCH}")
    for study, norm in NETWORKS:
        rounds = [
            (
                *(ours(study, norm, precision, training, options.steps) for precision in options.precision),
                tutorial(study, norm, training, options.steps),
            )
            for _ in range(options.rounds)
        ]
        *ours_by_precision, there = zip(*rounds, strict=True)
        for precision, here in zip(options.precision, ours_by_precision, strict=True):
            print(line(f"{study:10} {norm:5} {precision:7}", here, there, len(training), flops(study, norm) / peak), flush=True)
    return 0


def line(name: str, here: tuple[float, ...], there: tuple[float, ...], pictures: int, peak_seconds: float) -> str:
    """Returns what is printed of one network; speeds in pictures a second, medians with the lowest and highest.

    Args:
        name: of the network.
        here: the project's speeds, round by round.
        there: the tutorial's.
        pictures: of an epoch.
        peak_seconds: that a picture's operations take at this machine's float32 peak.
    """
    ratios = [one / other for one, other in zip(here, there, strict=True)]
    speeds = [f"{statistics.median(each):6,.0f} ({min(each):,.0f} to {max(each):,.0f})" for each in (here, there)]
    share = statistics.median(here) * peak_seconds
    return (
        f"{name} {speeds[0]} pictures a second, tutorial {speeds[1]}, ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}), epoch {pictures / statistics.median(here):.1f} s, {share:.0%} of the peak"
    )


def ours(study: str, norm: str, precision: str, training: dataset.Split, steps: int) -> float:
    """Returns the pictures a second of the project's own loop."""
    run = state.begin(Plan(study, norm, recipe=replace(recipe_of(study), precision=precision)), training=training)
    loop.advance(run, training, WARM_UP)
    started = time.perf_counter()
    loop.advance(run, training, steps)
    return steps * BATCH / (time.perf_counter() - started)


def tutorial(study: str, norm: str, training: dataset.Split, steps: int) -> float:
    """Returns the pictures a second of the usual pipeline."""
    network = Network(architecture(study, norm)).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=Recipe.learning_rate, weight_decay=Recipe.weight_decay)
    batches = chain.from_iterable(repeat(DataLoader(Tutorial(training), BATCH, shuffle=True, num_workers=2)))
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            started = time.perf_counter()
        pictures, labels = next(batches)
        loss = nn.functional.cross_entropy(network(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return steps * BATCH / (time.perf_counter() - started)


def flops(study: str, norm: str) -> float:
    """Returns the floating point operations of convolutions, forward and backward, for one picture."""
    network = Network(architecture(study, norm))
    with FlopCounterMode(display=False) as counter:
        network(torch.randn(1, 3, 32, 32)).sum().backward()
    return counter.get_total_flops()


def peak_flops(side: int = 2048, rounds: int = 5) -> float:
    """Returns the operations a second of a product of two float32 matrices, the best of a few."""
    one, other = torch.randn(side, side), torch.randn(side, side)
    one @ other
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        one @ other
        seconds.append(time.perf_counter() - started)
    return 2 * side**3 / min(seconds)


if __name__ == "__main__":
    sys.exit(main())
