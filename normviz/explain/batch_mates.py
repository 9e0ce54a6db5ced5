"""One picture in many batches: who else is in the batch, and what each network then answers for the picture.

PyTorch is imported where it is needed, so that a page can name the choices without it.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from normviz.pictures import uploads
from normviz.training import evaluation
from normviz.words.classes import CLASS_NAMES

KINDS = ("random", "one class", "brightened", "noise")
SIZES = tuple(2**power for power in range(1, 8))  # pictures in a batch
BATCHES = 16  # in how many batches the picture is classified
ROUND = 128  # pictures that go through each network before the page answers
BRIGHTENING = 1.8  # factor on every pixel of the mates, cut at white
VARIETY = (0.6, 1.4)  # range of the brightness factors that make many mates out of few examples
SHIFT = 4  # pixels, the farthest that an example is moved
STRIPS = {  # name: (network, mode of batch norm)
    "batch in training": ("batch", "training mode"),
    "batch in evaluation": ("batch", "evaluation mode"),
    "group": ("group", ""),
    "layer": ("layer", ""),
}
TILE, FRAME, FRAME_COLOUR = 36, 2, (213, 94, 0, 255)  # pixels, and vermillion, which is no norm's colour


@dataclass(frozen=True)
class Pool:
    """The pictures that mates are drawn from.

    Attributes:
        images: uint8, M x 32 x 32 x 3.
        labels: class from 0 on, M; -1 for none of them.
        few: they are the shipped examples, so that each is drawn often and altered each time.
        fingerprint: of all of them, which tells them from another pool's; "" for the shipped examples.
        left_out: places in `images` that are not drawn.
        names: of the classes.
    """

    images: np.ndarray
    labels: np.ndarray
    few: bool
    fingerprint: str = ""
    left_out: tuple[int, ...] = ()
    names: tuple[str, ...] = CLASS_NAMES

    def without(self, pixels: np.ndarray) -> "Pool":
        """Returns the pool without one picture, uint8 32 x 32 x 3."""
        alike = np.flatnonzero((self.images[:, 0, 0] == pixels[0, 0]).all(axis=1))
        same = alike[(self.images[alike] == pixels).all(axis=(1, 2, 3))]
        return replace(self, left_out=tuple(same.tolist()))

    def places(self, label: str | None = None) -> np.ndarray:
        """Returns the places in `images` that are drawn from, of one class if it is named."""
        wanted = np.ones(len(self.images), bool) if label is None else self.labels == self.names.index(label)
        wanted[list(self.left_out)] = False
        return np.flatnonzero(wanted)

    def classes(self) -> list[str]:
        """Returns the names of the classes that it holds."""
        held = set(self.labels[self.places()].tolist())
        return [name for number, name in enumerate(self.names) if number in held]


@dataclass(frozen=True)
class Company:
    """Who else is in the batch: one of `KINDS`, pictures in the batch, and the class for "one class"."""

    kind: str
    size: int
    label: str | None = None


def example_pool(names: tuple[str, ...] = CLASS_NAMES) -> Pool:
    """Returns the examples that the project ships, for networks that know these classes."""
    shipped = uploads.examples()
    pixels = [uploads.to_network_size(uploads.example_picture(example.key)) for example in shipped]
    labels = [names.index(example.true_class) if example.true_class in names else -1 for example in shipped]
    return Pool(np.stack(pixels), np.array(labels), True, names=names)


def batch(pixels: np.ndarray, pool: Pool, company: Company, number: int) -> np.ndarray:
    """Returns batch `number` of a choice: the picture first, then its mates; the same numbers give the same batch.

    Args:
        pixels: the picture, uint8, 32 x 32 x 3.
        pool: where mates come from; the picture itself is left out.
        company: who else is in the batch.
        number: of the batch, from 0.

    Returns:
        uint8, size x 32 x 32 x 3.

    Raises:
        ValueError: no such kind of mates, or no picture of that class.
    """
    draw = np.random.default_rng([number, company.size])
    return np.concatenate([pixels[None], _mates(pool.without(pixels), company, draw)])


def _mates(pool: Pool, company: Company, draw: np.random.Generator) -> np.ndarray:
    count = company.size - 1
    if company.kind not in KINDS:
        raise ValueError(f"mates must be one of {', '.join(KINDS)}: mates={company.kind!r}")
    if company.kind == "noise":
        return draw.integers(0, 256, (count, *pool.images.shape[1:]), dtype=np.uint8)
    places = _places(pool, company)
    chosen = pool.images[draw.choice(places, count, replace=len(places) < count or pool.few)]
    chosen = _altered(chosen, draw) if pool.few else chosen
    return brightened(chosen, np.full(count, BRIGHTENING)) if company.kind == "brightened" else chosen


def _places(pool: Pool, company: Company) -> np.ndarray:
    if company.kind != "one class":
        return pool.places()
    if company.label not in pool.classes():
        raise ValueError(f"class must be one of {', '.join(pool.classes())}: class={company.label!r}")
    return pool.places(company.label)


def _altered(chosen: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Flips, shifts and brightens or darkens each picture by its own draw."""
    import torch

    from normviz.pictures import tensors

    generator = torch.Generator().manual_seed(int(draw.integers(2**31)))
    moved = tensors.augment(torch.as_tensor(chosen), generator, SHIFT).numpy()
    return brightened(moved, draw.uniform(*VARIETY, len(moved)))


def brightened(pictures: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiplies each picture, uint8 N x 32 x 32 x 3, by its own of N factors; what goes beyond 255 is cut."""
    return (pictures * factors[:, None, None, None]).clip(0, 255).astype(np.uint8)


def answers(networks: dict, batches: list[np.ndarray]) -> np.ndarray:
    """Puts whole batches through the networks and keeps what is answered for the first picture of each.

    Args:
        networks: {"batch", "group", "layer": network in evaluation mode}; left untouched, other sessions may be using them.
        batches: uint8, each size x 32 x 32 x 3.

    Returns:
        Probabilities, strips x batches x classes, in the order of `STRIPS`.
    """
    from normviz.pictures import tensors
    from normviz.training import inference

    ready = [networks["batch"], networks["group"], networks["layer"]]
    ready.insert(0, inference.in_training_mode(networks["batch"]))
    standards = {network.standard for network in ready}
    inputs = {standard: [tensors.standardise(one, *standard) for one in batches] for standard in standards}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a convolution lets the other networks compute
        return np.stack([*pool.map(lambda network: _first_answers(network, inputs[network.standard]), ready)])


def _first_answers(network, inputs: list) -> np.ndarray:
    import torch

    with torch.inference_mode():
        logits = torch.stack([network(one)[0] for one in inputs])
    return evaluation.probabilities(logits.numpy())


def own_answers(networks: dict, pixels: np.ndarray) -> list[int]:
    """Returns, for each strip, the class that its network in evaluation mode gives the picture alone."""
    from normviz.training import inference

    alone = {norm: int(inference.logits(network, pixels[None]).argmax()) for norm, network in networks.items()}
    return [alone[norm] for norm, _ in STRIPS.values()]


def strips(probabilities: np.ndarray, own: list[int], classes: tuple[str, ...] = CLASS_NAMES) -> pd.DataFrame:
    """Returns what is drawn, one row a strip and batch.

    Args:
        probabilities: see `answers`.
        own: see `own_answers`.
        classes: their names.

    Returns:
        strip, norm, batch (from 1), own and answer (class names), probability (of the own answer), same (both are one).
    """
    rows = [
        {"strip": strip, "norm": norm, "batch": number, "own": classes[expected], "probability": one[expected]}
        | {"answer": classes[one.argmax()], "same": bool(one.argmax() == expected)}
        for (strip, (norm, _)), of_strip, expected in zip(STRIPS.items(), probabilities, own, strict=True)
        for number, one in enumerate(of_strip, start=1)
    ]
    return pd.DataFrame(rows)


def spreads(table: pd.DataFrame) -> pd.DataFrame:
    """Returns one row a strip: strip, norm, own, lowest, highest, spread (highest - lowest), answers (how many different),
    given (each answer with the number of batches that led to it, most frequent first)."""
    rows = []
    for strip, part in table.groupby("strip", sort=False):
        given, probability = Counter(part["answer"]), part["probability"].to_numpy()
        row = {"strip": strip, "norm": part["norm"].iloc[0], "own": part["own"].iloc[0]}
        row |= {"lowest": probability.min(), "highest": probability.max(), "answers": len(given)}
        rows.append({**row, "given": ", ".join(f"{name} {count}" for name, count in given.most_common())})
    result = pd.DataFrame(rows)
    return result.assign(spread=result["highest"] - result["lowest"])


def written(spread: float) -> str:
    """Returns a spread as text: 0 only where it is exactly zero."""
    return f"{spread:.3f}" if spread >= 5e-4 else f"{spread:.0e}" if spread else "0"


def sentence(found: pd.DataFrame, count: int) -> str:
    """States what `count` batches did to the answers, out of `spreads`."""
    moving, rest = found.iloc[0], found.iloc[1:]
    different = f"{moving['answers']} different answers" if moving["answers"] > 1 else "one and the same answer"
    return (
        f"In {count} batches, batch norm in training mode gives “{moving['own']}” anything from {moving['lowest']:.1%} to "
        f"{moving['highest']:.1%}: a spread of {written(moving['spread'])}, and {different}. The largest spread of the other "
        f"three is {written(rest['spread'].max())}."
    )


def sheet(shown: np.ndarray, columns: int = 8) -> np.ndarray:
    """Lays pictures, uint8 N x 32 x 32 x 3, out in rows, the first one framed; RGBA, transparent between them."""
    rows = -(-len(shown) // columns)
    tiles = np.zeros((rows * columns, TILE, TILE, 4), np.uint8)
    tiles[0] = FRAME_COLOUR
    inside = slice(FRAME, TILE - FRAME)
    tiles[: len(shown), inside, inside, :3] = shown
    tiles[: len(shown), inside, inside, 3] = 255
    return tiles.reshape(rows, columns, TILE, TILE, 4).swapaxes(1, 2).reshape(rows * TILE, columns * TILE, 4)
