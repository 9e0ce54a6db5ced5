import numpy as np
import pytest
import torch
import torchvision  # noqa: F401  whole before a part of it
from torchvision.transforms.v2 import functional

from normviz.studies import measurements

CASES = [
    ("darker", functional.adjust_brightness),
    ("brighter", functional.adjust_brightness),
    ("lower contrast", functional.adjust_contrast),
]


@pytest.mark.parametrize(("shift", "expected"), CASES)
def test_brightness_and_contrast_are_those_of_torchvision(shift, expected):
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    for amount in (*measurements.SHIFTS[shift], 1.7):
        wanted = expected(torch.as_tensor(images).permute(0, 3, 1, 2), amount).permute(0, 2, 3, 1).numpy()
        assert np.array_equal(measurements.shifted(images, shift, amount), wanted)


@pytest.mark.parametrize("shift", measurements.SHIFTS)
def test_each_shift_goes_further_with_its_severity(shift):
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    moved = [
        np.abs(measurements.shifted(images, shift, amount) - images.astype(float)).mean()
        for amount in measurements.SHIFTS[shift]
    ]
    assert moved == sorted(moved) and moved[0] > 0
