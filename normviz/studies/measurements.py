"""Measured once over the whole test set: shipped networks under shifted pictures, and batch norm on batch statistics."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from normviz.model.layer_statistics import running
from normviz.model.network import Network
from normviz.model.norms import STUDIES
from normviz.pictures import dataset, tensors
from normviz.training import batches, inference, runs

SHIFTS = {  # kind: five severities, mildest first; all but “darker” are kinds of Hendrycks & Dietterich 2019, the values ours
    "darker": (0.8, 0.65, 0.5, 0.35, 0.2),
    "brighter": (1.25, 1.5, 1.8, 2.2, 2.7),
    "lower contrast": (0.75, 0.6, 0.45, 0.3, 0.15),
    "blurred": (0.5, 0.7, 0.9, 1.2, 1.6),
    "noisy": (0.02, 0.04, 0.06, 0.09, 0.13),
    "JPEG": (60, 40, 25, 15, 8),
}
GREY = torch.tensor((0.2989, 0.587, 0.114)).view(3, 1, 1)  # of red, green and blue, ITU-R BT.601
SHIFT_BATCH = 128  # pictures that share their statistics, as in training
DISTANCES = ("mean_distance", "std_distance")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
NETWORKS = tuple(
    (study, norm) for study in STUDIES for norm in ("batch", "group", "layer") if (study, norm) not in runs.SHARED_RUNS
)


def networks_of(kind: str) -> tuple[tuple[str, str], ...]:
    """Returns which shipped networks a study of `measure` is about, as (study, norm)."""
    return tuple((study, norm) for study, norm in NETWORKS if kind != "sorted-shift" or norm == "batch")


@dataclass(frozen=True)
class Measurement:
    """One shipped network, measured for one study ("shift", "sorted-shift" or "batch-statistics")."""

    kind: str
    study: str
    norm: str

    @property
    def digest(self) -> str:
        """A short name for this measurement of exactly these weights."""
        weights = runs.load(self.study, self.norm).info["files"]["weights.safetensors"]
        return hashlib.sha256(f"{self} {weights}".encode()).hexdigest()[:8]


def measure(what: Measurement, test: dataset.Split) -> pd.DataFrame:
    """Carries out one measurement over a whole test split.

    Returns:
        For "shift" one row a kind of shift, severity (0 for none, to 5) and kind of statistics: shift, severity, amount,
        statistics ("running", "batch", or "own" where the norm never uses the batch), accuracy (a fraction).
        For "sorted-shift" the same of batch norm alone, each batch of pictures of one class: statistics "one class".
        For "batch-statistics" one row with evaluation_batch and layer 0 for the network as it is shipped, and for batch norm
        one row a batch size and norm layer: statistics, evaluation_batch, accuracy, layer, and `DISTANCES`; see `stray`.
        The last batch of a size that does not divide the test set is smaller.
    """
    network = inference.restore(runs.load(what.study, what.norm))
    rows = {"shift": _shift_rows, "sorted-shift": _sorted_rows, "batch-statistics": _batch_rows}[what.kind]
    return pd.DataFrame(rows(network, test))


def shifted(images: np.ndarray, shift: str, amount: float) -> np.ndarray:
    """Applies one of `SHIFTS`: brightness and contrast as torchvision does, but without its 150 MB; blur and noise with it.

    Args:
        images: uint8, N x 32 x 32 x 3.
        shift: a key of `SHIFTS`.
        amount: in the unit that `questions.SHIFT_UNITS` names.

    Returns:
        uint8, N x 32 x 32 x 3; noise is drawn with a fixed seed.
    """
    if shift == "JPEG":
        return np.stack([_recompressed(image, int(amount)) for image in images])
    pictures = torch.as_tensor(images).permute(0, 3, 1, 2).contiguous()
    return _SHIFTERS[shift](pictures, amount).permute(0, 2, 3, 1).contiguous().numpy()


def _recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    content = BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=quality)
    return np.asarray(Image.open(content))


def _brighter(pictures: torch.Tensor, factor: float) -> torch.Tensor:
    return _away_from(torch.zeros(1), pictures, factor)


def _away_from(middle: torch.Tensor, pictures: torch.Tensor, factor: float) -> torch.Tensor:
    return torch.add(pictures * factor, middle, alpha=1 - factor).clamp(0, 255).to(torch.uint8)


def _with_contrast(pictures: torch.Tensor, factor: float) -> torch.Tensor:
    grey = (pictures * GREY).sum(dim=1, keepdim=True).floor()
    return _away_from(grey.mean(dim=(1, 2, 3), keepdim=True), pictures, factor)


def _torchvision():
    import torchvision  # noqa: F401  whole before a part of it: sessions that import at once would meet it half made
    from torchvision.transforms.v2 import functional

    return functional


def _blurred(pictures: torch.Tensor, sigma: float) -> torch.Tensor:
    return _torchvision().gaussian_blur(pictures, [9, 9], [sigma, sigma])


def _noisy(pictures: torch.Tensor, sigma: float) -> torch.Tensor:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        noisy = _torchvision().gaussian_noise(pictures.float() / 255, sigma=sigma)
    return (noisy * 255).round().to(torch.uint8)


_SHIFTERS = {
    "darker": _brighter,
    "brighter": _brighter,
    "lower contrast": _with_contrast,
    "blurred": _blurred,
    "noisy": _noisy,
}


def _shift_rows(network: Network, test: dataset.Split) -> Iterator[dict]:
    for case, images in _cases(test):
        for statistics, answers in _answers(network, images).items():
            yield {**case, "statistics": statistics, "accuracy": _accuracy(answers, test)}


def _sorted_rows(network: Network, test: dataset.Split) -> Iterator[dict]:
    together = batches.draw(torch.as_tensor(test.labels), "one class", SHIFT_BATCH, torch.Generator().manual_seed(0))
    for case, images in _cases(test):
        answers = _by_batch(network, images, [each.numpy() for each in together])[0]
        yield {**case, "statistics": "one class", "accuracy": _accuracy(answers, test)}


def _cases(test: dataset.Split) -> Iterator[tuple[dict, np.ndarray]]:
    """Yields each shift at each severity, 0 for the pictures as they are, with the pictures shifted so."""
    cases = [(shift, level, amount) for shift in SHIFTS for level, amount in enumerate(SHIFTS[shift], start=1)]
    for shift, severity, amount in [("none", 0, np.nan), *cases]:
        images = test.images if severity == 0 else shifted(test.images, shift, amount)
        yield {"shift": shift, "severity": severity, "amount": amount}, images


def _answers(network: Network, images: np.ndarray) -> dict[str, np.ndarray]:
    if not uses_batch(network):
        return {"own": inference.logits(network, images)}
    return {
        "running": inference.logits(network, images),
        "batch": _by_batch(network, images, _mixed(len(images), SHIFT_BATCH))[0],
    }


def uses_batch(network: Network) -> bool:
    """Returns whether a network's norms look at the other pictures of a batch in training."""
    return isinstance(network.norms[0], nn.BatchNorm2d)


def _mixed(pictures: int, size: int) -> list[np.ndarray]:
    """Returns the places of all pictures in batches drawn without order."""
    order = np.random.default_rng(0).permutation(pictures)
    return [order[start : start + size] for start in range(0, pictures, size)]


def _by_batch(network: Network, images: np.ndarray, together: list[np.ndarray]) -> tuple[np.ndarray, pd.DataFrame]:
    """Returns logits in the order of `images`, and `stray` by layer; `together` has the places of each batch's pictures."""
    copy = inference.in_training_mode(network)
    answers, strays = np.empty((len(images), len(network.architecture.classes)), np.float32), []
    with torch.inference_mode(), stray(copy, strays):
        for chosen in together:
            answers[chosen] = copy(tensors.standardise(images[chosen], *network.standard)).numpy()
    return answers, pd.DataFrame(strays).groupby("layer", as_index=False).mean()


@contextmanager
def stray(network: Network, rows: list[dict]) -> Iterator[None]:
    """Collects how far each batch's statistics lie from the running ones, while the block runs.

    Adds to `rows`, for each batch and norm layer: layer (from 1), mean_distance = mean over channels of
    |batch mean - running mean| / running std, and std_distance = mean over channels of |ln(batch std / running std)|.
    """
    hooks = [module.register_forward_pre_hook(_watch(layer, module, rows)) for layer, module in enumerate(network.norms, 1)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _watch(layer: int, module: nn.BatchNorm2d, rows: list[dict]):
    kept_mean, kept_std = (torch.as_tensor(values).clone() for values in running(module))

    def look(_, inputs) -> None:
        std, mean = torch.std_mean(inputs[0], dim=(0, 2, 3), correction=0)
        distances = (mean - kept_mean).abs() / kept_std, ((std + 1e-12) / kept_std).log().abs()
        rows.append({"layer": layer, **dict(zip(DISTANCES, [d.mean().item() for d in distances]))})

    return look


def _batch_rows(network: Network, test: dataset.Split) -> Iterator[dict]:
    answers = inference.logits(network, test.images)
    whole = {"statistics": "running" if uses_batch(network) else "own", "evaluation_batch": 0, "layer": 0}
    yield {**whole, "accuracy": _accuracy(answers, test), **dict.fromkeys(DISTANCES, np.nan)}
    for size in BATCHES if uses_batch(network) else ():
        answers, strays = _by_batch(network, test.images, _mixed(len(test), size))
        for row in strays.to_dict("records"):
            yield {"statistics": "batch", "evaluation_batch": size, "accuracy": _accuracy(answers, test), **row}


def _accuracy(answers: np.ndarray, test: dataset.Split) -> float:
    return float((answers.argmax(axis=1) == test.labels).mean())
