"""A data set that needs no file: ten classes of textured shapes, drawn picture by picture from a seed.

A class is a texture and a shape. Colours, background, place, size, turn, clutter, contrast, brightness and noise are drawn
anew for every picture, so that no colour and no single pixel tells the class.
"""

from dataclasses import dataclass

import numpy as np

from normviz.pictures import dataset

SIDE = 32  # pixels
MOST = 50_000  # pictures of a split, as many as CIFAR-10 has for training
CHUNK = 500  # pictures drawn at once; every chunk has a generator of its own, so a smaller set begins a larger one
CLUTTER = 3  # spots of a picture, partly behind the shape

_SPLITS = {"train": 0, "test": 1}


def _disc(u: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.hypot(u, v) - radius


def _square(u: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.maximum(abs(u), abs(v)) - 0.9 * radius


def _triangle(u: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.maximum(0.866 * abs(u) - 0.5 * v, v) - 0.6 * radius


def _ring(u: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return abs(np.hypot(u, v) - 0.8 * radius) - 0.28 * radius


def _cross(u: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    far, near = np.maximum(abs(u), abs(v)), np.minimum(abs(u), abs(v))
    return np.maximum(far - 1.1 * radius, near - 0.36 * radius)


def _stripes(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.sin(u)


def _dots(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.cos(u) + np.cos(v) - 0.6


SHAPES = {"disc": _disc, "square": _square, "triangle": _triangle, "ring": _ring, "cross": _cross}
TEXTURES = {"striped": _stripes, "dotted": _dots}
CLASSES = tuple(f"{texture} {shape}" for shape in SHAPES for texture in TEXTURES)


def split(name: str, count: int, seed: int = 0) -> dataset.Split:
    """Draws a split; the same arguments give the same pictures, and a smaller split is the beginning of a larger one.

    Args:
        name: "train" or "test"; the two share no picture.
        count: pictures, 1 to 50,000; each class has count / 10 of them, give or take less than one.
        seed: of everything drawn, 0 or above.

    Returns:
        uint8 pictures, count x 32 x 32 x 3, with indices 0 to count - 1 and the classes of `CLASSES`.

    Raises:
        ValueError: no such split, or a count or seed out of its range.
    """
    _check(name, count, seed)
    labels = _labels(name, count, seed)
    starts = range(0, count, CHUNK)
    images = [_draw(labels[start : start + CHUNK], [seed, _SPLITS[name], start]) for start in starts]
    return dataset.Split(np.concatenate(images), labels, np.arange(count), f"drawn shapes, seed {seed}", CLASSES)


def _check(name: str, count: int, seed: int) -> None:
    if name not in _SPLITS:
        raise ValueError(f"name must be one of {', '.join(_SPLITS)}: name={name!r}")
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be from 1 to {MOST:,} pictures: count={count}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or above: seed={seed}")


def _labels(name: str, count: int, seed: int) -> np.ndarray:
    """Returns every ten classes in an order of their own."""
    draw = np.random.default_rng([seed, _SPLITS[name], MOST])  # the chunks' seeds end below MOST
    tens = -(-count // len(CLASSES))
    return draw.random((tens, len(CLASSES))).argsort(axis=1).ravel()[:count]


@dataclass(frozen=True)
class _Dice:
    """What is drawn for the `count` first pictures of a chunk; every draw is made for a whole chunk."""

    draw: np.random.Generator
    count: int

    def between(self, low: float, high: float) -> np.ndarray:
        """Returns a number a picture, N x 1 x 1."""
        numbers = self.draw.random((CHUNK, 1, 1), dtype=np.float32)[: self.count]
        return np.float32(low) + np.float32(high - low) * numbers

    def angle(self) -> np.ndarray:
        """Returns an angle a picture in radians, N x 1 x 1."""
        return self.between(0, 2 * np.pi)

    def colour(self, level: np.ndarray) -> np.ndarray:
        """Returns a colour a picture, of any hue: N x 1 x 1 x 3, as fractions around the level (N x 1 x 1)."""
        hue, strength = self.angle()[..., None], self.between(0.05, 0.3)[..., None]
        around = np.arange(3, dtype=np.float32) * np.float32(2 * np.pi / 3)
        return level[..., None] + strength * np.cos(hue + around)

    def noise(self) -> np.ndarray:
        """Returns standard normal noise, N x 32 x 32 x 1; it is drawn for `count` pictures, so it comes last."""
        return self.draw.standard_normal((self.count, SIDE, SIDE, 1), dtype=np.float32)


def _draw(labels: np.ndarray, seed: list[int]) -> np.ndarray:
    """Returns one chunk of pictures, uint8, N x 32 x 32 x 3."""
    dice = _Dice(np.random.default_rng(seed), len(labels))
    picture = _background(dice)
    inside, ink = _figure(labels, dice)
    tone, step = dice.between(0.3, 0.7), dice.between(0.2, 0.35)
    figure = _mix(dice.colour(tone - step), dice.colour(tone + step), ink)
    picture = _mix(picture, figure, inside)
    contrast, brightness, grain = dice.between(0.6, 1), dice.between(-0.15, 0.15), dice.between(0, 0.05)
    picture = 0.5 + brightness[..., None] + contrast[..., None] * (picture - 0.5) + grain[..., None] * dice.noise()
    return (picture * 255).clip(0, 255).astype(np.uint8)


def _background(dice: _Dice) -> np.ndarray:
    """Returns a slope from one colour to another with spots on it, N x 32 x 32 x 3."""
    x, y = _grid()
    turn = dice.angle()
    slope = 0.5 + (np.cos(turn) * x + np.sin(turn) * y) / SIDE
    picture = _mix(dice.colour(dice.between(0.2, 0.8)), dice.colour(dice.between(0.2, 0.8)), slope)
    for _ in range(CLUTTER):
        across, down, radius = dice.between(-16, 16), dice.between(-16, 16), dice.between(1, 3.5)
        spot = _edge(_disc(x - across, y - down, radius))
        picture = _mix(picture, dice.colour(dice.between(0.1, 0.9)), spot)
    return picture


def _figure(labels: np.ndarray, dice: _Dice) -> tuple[np.ndarray, np.ndarray]:
    """Returns how much of each pixel the shape covers, and the texture's share of the second ink, both N x 32 x 32."""
    x, y = _grid()
    u, v = x - dice.between(-3, 3), y - dice.between(-3, 3)
    radius = dice.between(10, 12.5)
    wave = 2 * np.pi / dice.between(4, 5.5)
    across, along = _turned(u, v, dice.between(0, np.pi))
    phases = dice.angle(), dice.angle()
    inside = _by_class(SHAPES, labels // len(TEXTURES), *_turned(u, v, dice.between(-0.25, 0.25)), radius)
    ink = _by_class(TEXTURES, labels % len(TEXTURES), wave * across + phases[0], wave * along + phases[1])
    return _edge(inside), (0.5 + 1.5 * ink).clip(0, 1)


def _by_class(makers: dict, chosen: np.ndarray, *arrays: np.ndarray) -> np.ndarray:
    """Returns for each picture what its own maker makes of it, N x 32 x 32."""
    made = np.empty((len(chosen), SIDE, SIDE), dtype=np.float32)
    for number, make in enumerate(makers.values()):
        rows = chosen == number
        made[rows] = make(*(array[rows] for array in arrays))
    return made


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Returns the places of the pixels from the middle, right and down: 1 x 1 x 32 and 1 x 32 x 1."""
    places = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    return places[None, None, :], places[None, :, None]


def _turned(u: np.ndarray, v: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u


def _edge(distance: np.ndarray) -> np.ndarray:
    """Returns the share of a pixel inside a shape, from its distance to the outline in pixels (negative inside)."""
    return (0.5 - distance).clip(0, 1)


def _mix(under: np.ndarray, over: np.ndarray, share: np.ndarray) -> np.ndarray:
    return under + share[..., None] * (over - under)
