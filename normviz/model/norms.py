"""What each norm averages over: the registry, and the formulas written out.

Everything here is NumPy, so that a page can name a norm or work a value by hand without loading PyTorch. The tests compare
each formula with its `torch.nn` counterpart.
"""

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-5  # added to every variance; the default of torch.nn's norms


@dataclass(frozen=True)
class Norm:
    """One way to normalize an N x C x H x W tensor, and how every page names and draws it.

    Attributes:
        key: the name used in files, URLs and tables.
        label: the name on screen.
        colour: Okabe-Ito colour, the same on every page.
        ink: colour of text on `colour`.
        shape: shape of its points, the second cue beside colour.
        averages_over: what shares one mean and variance, in words.
    """

    key: str
    label: str
    colour: str
    ink: str
    shape: str
    averages_over: str


NORMS = {
    norm.key: norm
    for norm in (
        Norm("batch", "Batch norm", "#0072B2", "#FFFFFF", "circle", "one channel, all pictures of the batch"),
        Norm("group", "Group norm", "#E69F00", "#000000", "square", "a few channels of one picture"),
        Norm("layer", "Layer norm", "#009E73", "#000000", "triangle-up", "all channels of one picture"),
        Norm("instance", "Instance norm", "#CC79A7", "#000000", "diamond", "one channel of one picture"),
        Norm("none", "No norm", "#7F7F7F", "#000000", "cross", "nothing"),
    )
}
COMPARED = ("batch", "group", "layer")  # the three models, in the order every page keeps
STUDIES = {"controlled": "Only the norm differs", "published": "As the source published it"}


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
        norm: batch, group, layer or instance.
        groups: channel groups of group norm; must divide C.

    Returns:
        C x (N H W) for batch norm; (N G) x (C/G H W) for the others, where layer norm is G = 1 and instance norm G = C
        (Wu & He 2018, section 3.1).
    """
    n, c = x.shape[:2]
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
        norm: batch, group, layer, instance, or none (which returns `x`).
        groups: channel groups of group norm.
        running: for batch norm in evaluation, the (mean, variance) of length C to use instead of the batch's own.

    Returns:
        The normalized values before gamma and beta, N x C x H x W (Ioffe & Szegedy 2015, algorithm 1).
    """
    if norm == "none":
        return x
    mean, variance = running if running is not None else statistics(x, norm, groups)
    rows = (statistic_rows(x, norm, groups) - mean[:, None]) / np.sqrt(variance[:, None] + EPSILON)
    if norm == "batch":
        n, c, h, w = x.shape
        return np.moveaxis(rows.reshape(c, n, h, w), 0, 1)
    return rows.reshape(x.shape)


def scale_and_shift(normalized: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Applies the learned gamma and beta: one value a channel (C), or one a place (C x H x W)."""
    per_place = (1, *gamma.shape) if gamma.ndim == 3 else (1, -1, 1, 1)
    return normalized * gamma.reshape(per_place) + beta.reshape(per_place)
