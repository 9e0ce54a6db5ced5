"""Small sets of own pictures: three classes that differ in colour, of mixed sizes and odd names."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("café", "red <b>box", "$blue*")


def picture(label: int, seed: int) -> Image.Image:
    """A noisy picture of 20 to 90 pixels a side, brighter in the channel of its class."""
    draw = np.random.default_rng([label, seed])
    levels = draw.normal(80, 30, (*draw.integers(20, 90, 2), 3))
    levels[..., label % 3] += 80
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def fill(folder: Path, each: int = 12, first: int = 0, classes: tuple[str, ...] = CLASSES) -> Path:
    """Writes a folder of class folders."""
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + each):
            picture(label, seed).save(folder / name / f"photo {seed}.{'png' if seed % 2 else 'jpg'}")
    return folder


def fill_parts(folder: Path) -> Path:
    """Writes {train,test}/<class>/*: 12 and 4 pictures a class."""
    fill(folder / "train")
    fill(folder / "test", 4, first=100)
    return folder


def fill_table(folder: Path, each: int = 5) -> Path:
    """Writes a flat folder with its metadata.csv."""
    folder.mkdir(parents=True)
    rows = ["file_name,label"]
    for label, name in enumerate(CLASSES):
        for seed in range(each):
            picture(label, seed).save(folder / f"{label}-{seed}.png")
            rows.append(f'{label}-{seed}.png,"{name}"')
    (folder / "metadata.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def save_npz(file: Path, each: int = 10, shape: tuple[int, ...] = (28, 28)) -> Path:
    """Writes an .npz as MedMNIST has it, of four classes with an N x 1 column of labels."""
    draw, arrays = np.random.default_rng(0), {}
    for part, count in (("train", 4 * each), ("val", 4), ("test", 8)):
        arrays[f"{part}_images"] = draw.integers(0, 256, (count, *shape), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count) % 4).astype(np.uint8)[:, None]
    np.savez_compressed(file, **arrays)
    return file
