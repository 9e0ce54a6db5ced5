"""What a network looked at: Captum's Grad-CAM and integrated gradients, on a private copy of the network.

PyTorch and Captum are imported where they are needed, so that a page can name the methods without them.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

METHODS = ("none", "Grad-CAM", "integrated gradients")
LATE = 4  # blocks, the last ones, at whose end Grad-CAM may look
STEPS = 64  # points on integrated gradients' way from the baseline to the picture
BLUR_RADIUS = 4  # pixels, of the blurred baseline
BASELINES = ("blurred picture", "black")


@dataclass(frozen=True)
class Saliency:
    """What one network looked at.

    Attributes:
        values: one value a pixel, 32 x 32.
        target: the class it is about, 0 to 9.
        side: pixels on each side of the map before it was brought to 32 x 32.
        difference: for integrated gradients, logit of the target for the picture minus that for the baseline.
    """

    values: np.ndarray
    target: int
    side: int
    difference: float | None = None

    @property
    def total(self) -> float:
        return float(self.values.sum())


def look(copy, pixels: np.ndarray, target: int | None, method: str, option: int | str) -> Saliency:
    """Asks a network of the caller's own what it looked at.

    Args:
        copy: in evaluation mode; hooked meanwhile.
        pixels: the picture, uint8, 32 x 32 x 3.
        target: class 0 to 9, or None for the network's own answer.
        method: one of `METHODS` but "none".
        option: one of `late_blocks` for Grad-CAM, of `BASELINES` for integrated gradients.

    Raises:
        ValueError: no such method, block or baseline.
    """
    methods = {
        "Grad-CAM": (grad_cam, late_blocks(len(copy.norms))),
        "integrated gradients": (integrated_gradients, BASELINES),
    }
    if method not in methods or option not in methods[method][1]:
        raise ValueError(f"no such saliency: method={method!r}, option={option!r}")
    return methods[method][0](copy, pixels, own_answer(copy, pixels) if target is None else target, option)


def late_blocks(norm_layers: int) -> tuple[int, ...]:
    """Returns the blocks, named by their norm layer from 1, at whose end Grad-CAM may look in a network of so many."""
    return tuple(range(max(1, norm_layers - LATE + 1), norm_layers + 1))


def own_answer(network, pixels: np.ndarray) -> int:
    """Returns the class, 0 to 9, with the largest logit for one picture, uint8 32 x 32 x 3."""
    from normviz.training import inference

    return int(inference.logits(network, pixels[None]).argmax())


def grad_cam(network, pixels: np.ndarray, target: int, block: int) -> Saliency:
    """Returns Captum's Grad-CAM at the end of a block, negative parts cut off, laid over the picture bilinearly.

    Each value stands at the centre of the pixels that it comes from: without padding that is further in than where the map,
    stretched to the picture, would put it. Source: Selvaraju et al. 2017, equations 1 and 2. Captum hooks the network it is given.
    """
    from captum.attr import LayerGradCam

    from normviz.pictures import tensors

    found = LayerGradCam(network, network.blocks[block - 1]).attribute(
        tensors.standardise(pixels[None], *network.standard), target, relu_attributions=True
    )
    side = found.shape[-1]
    places = np.interp(np.arange(len(pixels)), centres(network, block, side), np.arange(side))
    weights = np.clip(1 - abs(places[:, None] - np.arange(side)), 0, None)
    return Saliency(weights @ found[0, 0].detach().numpy() @ weights.T, target, side)


def centres(network, block: int, side: int) -> np.ndarray:
    """Returns the centres, in pixels from 0, of what the cells of a block's maps see along one side.

    A design pads all its convolutions, so its maps cover the picture evenly; the skeleton does not.
    """
    from normviz.model.network import PICTURE, SKELETON

    if network.architecture.design:
        return (np.arange(side) + 0.5) * PICTURE[1] / side - 0.5
    first, step = 0.0, 1
    for stage in SKELETON[: [*network.body].index(network.blocks[block - 1]) + 1]:
        first += step * ((stage.kernel - 1) / 2 - stage.padding)
        if stage.squeeze:
            first, step = first + step / 2, 2 * step
    return first + step * np.arange(side)


def integrated_gradients(network, pixels: np.ndarray, target: int, baseline: str) -> Saliency:
    """Returns Captum's integrated gradients from a baseline to the picture, summed over red, green and blue.

    Source: Sundararajan et al. 2017, equation 1; their sum equals `difference` (completeness) but for the finite `STEPS`.
    """
    from captum.attr import IntegratedGradients

    from normviz.pictures import tensors
    from normviz.training import inference

    pair = np.stack([pixels, baseline_picture(pixels, baseline)])
    picture, start = tensors.standardise(pair, *network.standard).split(1)
    found = IntegratedGradients(network).attribute(picture, start, target, n_steps=STEPS)
    logits = inference.logits(network, pair)[:, target]
    values = found.detach().sum(dim=1)[0].numpy().astype(float)
    return Saliency(values, target, pixels.shape[0], float(logits[0] - logits[1]))


def baseline_picture(pixels: np.ndarray, baseline: str) -> np.ndarray:
    """Returns where integrated gradients start from, uint8 of the picture's shape: the picture blurred, or black."""
    if baseline == "black":
        return np.zeros_like(pixels)
    return np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(BLUR_RADIUS)))
