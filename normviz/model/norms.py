"""What each norm averages over: the registry, and the formulas written out.

Everything here is NumPy, so that a page can name a norm or work a value by hand without loading PyTorch. The tests compare
each formula with its `torch.nn` counterpart.
"""

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-5  # added to every variance; the default of torch.nn's norms


@dataclass(frozen=True)
class Tones:
    """A norm's hue on one kind of page, as contrast needs it (WCAG 2.2, 1.4.3 and 1.4.11).

    Attributes:
        mark: of lines, points and bars; at least 3:1 against the page.
        words: of text; at least 4.5:1 against the page.
        ink: of text that stands on `mark`; at least 4.5:1 against it.
    """

    mark: str
    words: str
    ink: str


@dataclass(frozen=True)
class Norm:
    """One way to normalize an N x C x H x W tensor, and how every page names and draws it.

    The hues are those of Okabe & Ito (2008): blue, orange, bluish green, reddish purple, grey. Where their own tone is too
    faint against the page, or would come too near another norm's, a tone of the same hue stands for it: darker on a light
    page, lighter on a dark one. For readers with any one kind of cone missing, the tones of a page lie at least as far apart as
    the nearest two of Okabe & Ito's own.

    Attributes:
        key: the name used in files, URLs and tables.
        label: the name on screen.
        light: its tones on a light page.
        dark: its tones on a dark page.
        shape: shape of its points, the second cue beside colour.
        averages_over: what shares one mean and variance, in words.
    """

    key: str
    label: str
    light: Tones
    dark: Tones
    shape: str
    averages_over: str

    @property
    def short(self) -> str:
        """Its name beside a line."""
        return self.label if self.key == "none" else self.label.removesuffix(" norm")

    def on(self, scheme: str) -> Tones:
        """Returns its tones on a page of that scheme, "light" or "dark"."""
        return {"light": self.light, "dark": self.dark}[scheme]


def _norm(key: str, label: str, light: tuple[str, str, str], dark: str, shape: str, averages_over: str) -> Norm:
    """Returns a norm; on a dark page one tone does for marks and words, and text on it is black."""
    return Norm(key, label, Tones(*light), Tones(dark, dark, "#000000"), shape, averages_over)


# on a light page: mark, words, ink
BLUE = ("#0072B2", "#0072B2", "#FFFFFF")
ORANGE = ("#C48000", "#9E6500", "#000000")
GREEN = ("#009E73", "#006543", "#000000")
PURPLE = ("#9E4F7C", "#843865", "#FFFFFF")
NEUTRAL = ("#7F7F7F", "#737373", "#000000")
NORMS = {
    norm.key: norm
    for norm in (
        _norm("batch", "Batch norm", BLUE, "#57B0F5", "circle", "one channel, all pictures of the batch"),
        _norm("group", "Group norm", ORANGE, "#E69F00", "square", "a few channels of one picture"),
        _norm("layer", "Layer norm", GREEN, "#009E73", "triangle-up", "all channels of one picture"),
        _norm("instance", "Instance norm", PURPLE, "#CC79A7", "diamond", "one channel of one picture"),
        _norm("none", "No norm", NEUTRAL, "#828282", "cross", "nothing"),
    )
}
COMPARED = ("batch", "group", "layer")  # the three models, in the order every page keeps
STUDIES = {
    "controlled": "Only the norm differs",
    "published": "As the source published it",
    "budget": "Only the norm differs, on a better network of the same budget",
}


def groups_of(norm: str, channels: int, groups: int) -> int:
    """Returns into how many groups a picture's channels are divided: 1 (layer) to `channels` (instance).

    Raises:
        ValueError: the groups do not divide the channels, or the norm does not group channels.
    """
    counts = {"layer": 1, "group": groups, "instance": channels}
    if norm not in counts:
        raise ValueError(f"norm must be one of {', '.join(counts)} to have channel groups: norm={norm!r}")
    if not 1 <= counts[norm] <= channels or channels % counts[norm]:
        raise ValueError(f"groups must divide channels: groups={groups}, channels={channels}")
    return counts[norm]


def statistic_rows(x: np.ndarray, norm: str, groups: int = 4) -> np.ndarray:
    """Lays out a tensor so that each row holds the values that share one mean and variance.

    Args:
        x: activations, N x C x H x W.
        norm: batch, group, layer or instance; or place, a layer norm of each place by itself.
        groups: channel groups of group norm; must divide C.

    Returns:
        C x (N H W) for batch norm; (N H W) x C for each place; (N G) x (C/G H W) for the others, where layer norm is G = 1 and
        instance norm G = C (Wu & He 2018, section 3.1).
    """
    n, c = x.shape[:2]
    if norm == "place":
        return np.moveaxis(x, 1, -1).reshape(-1, c)
    if norm == "batch":
        return np.moveaxis(x, 1, 0).reshape(c, -1)
    return x.reshape(n * groups_of(norm, c, groups), -1)


def statistics(x: np.ndarray, norm: str, groups: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and (biased) variance of each statistic group, one value a row of `statistic_rows`."""
    rows = statistic_rows(x, norm, groups)
    return rows.mean(axis=1), rows.var(axis=1)


def normalize(x: np.ndarray, norm: str, groups: int = 4, running: tuple | None = None) -> np.ndarray:
    """Subtracts the mean of each statistic group and divides by its standard deviation.

    Args:
        x: activations, N x C x H x W.
        norm: batch, group, layer, instance, place, or none (which returns `x`).
        groups: channel groups of group norm.
        running: for batch norm in evaluation, the (mean, variance) of length C to use instead of the batch's own.

    Returns:
        The normalized values before gamma and beta, N x C x H x W (Ioffe & Szegedy 2015, algorithm 1).
    """
    if norm == "none":
        return x
    mean, variance = running if running is not None else statistics(x, norm, groups)
    rows = (statistic_rows(x, norm, groups) - mean[:, None]) / np.sqrt(variance[:, None] + EPSILON)
    n, c, h, w = x.shape
    if norm == "place":
        return np.moveaxis(rows.reshape(n, h, w, c), -1, 1)
    if norm == "batch":
        return np.moveaxis(rows.reshape(c, n, h, w), 0, 1)
    return rows.reshape(x.shape)


def scale_and_shift(normalized: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Applies the learned gamma and beta: one value a channel (C), or one a place (C x H x W)."""
    per_place = (1, *gamma.shape) if gamma.ndim == 3 else (1, -1, 1, 1)
    return normalized * gamma.reshape(per_place) + beta.reshape(per_place)
