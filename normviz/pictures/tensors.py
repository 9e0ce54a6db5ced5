"""Pictures as the networks take them: standardised tensors, and flipped and cropped ones for training."""

import numpy as np
import torch

from normviz.words.classes import MEAN, STD


def standardise(
    images: np.ndarray | torch.Tensor, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD
) -> torch.Tensor:
    """Turns uint8 pictures into what the networks take.

    Args:
        images: N x 32 x 32 x 3.
        mean: subtracted, by channel, as fractions of 255; CIFAR-10's unless named.
        std: divided by, likewise.

    Returns:
        float32, N x 3 x 32 x 32, channels last.
    """
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float() / 255
    middle, spread = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in (mean, std))
    return ((pixels - middle) / spread).contiguous(memory_format=torch.channels_last)


def augment(
    images: torch.Tensor, generator: torch.Generator, padding: int = 2, flips: torch.Tensor | None = None
) -> torch.Tensor:
    """Flips and crops a whole batch, each picture by its own draw.

    Args:
        images: uint8, N x 32 x 32 x 3.
        generator: source of the draws, on the CPU.
        padding: reflected pixels on each side of the picture that a crop may reach into, 0 to 31.
        flips: which pictures are flipped, N booleans; None to draw them.

    Returns:
        uint8, N x 32 x 32 x 3: a horizontal flip, drawn with probability 1/2, then a 32x32 crop out of the padded picture.
    """
    count, side = images.shape[:2]
    flip = torch.rand(count, 1, generator=generator) < 0.5 if flips is None else flips.view(-1, 1)
    rows, columns = (
        _reflect(torch.arange(side) + torch.randint(-padding, padding + 1, (count, 1), generator=generator), side)
        for _ in range(2)
    )
    columns = torch.where(flip, side - 1 - columns, columns)
    picture = torch.arange(count).view(-1, 1, 1)
    return images[picture, rows.unsqueeze(2), columns.unsqueeze(1)]


def _reflect(places: torch.Tensor, side: int) -> torch.Tensor:
    last = side - 1
    return last - (places.abs() - last).abs()
