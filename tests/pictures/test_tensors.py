import numpy as np
import pytest
import torch

from normviz.pictures import tensors


def test_standardise_equals_the_hand_computed_value():
    picture = np.full((1, 32, 32, 3), (255, 0, 128), dtype=np.uint8)
    out = tensors.standardise(picture)
    assert out.shape == (1, 3, 32, 32)
    assert out[0, :, 3, 4].tolist() == pytest.approx([2.059109, -1.980287, 0.212006], abs=1e-5)


def test_augmentation_draws_for_each_picture():
    image = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(1, 32, 32, 3)
    batch = torch.as_tensor(np.repeat(image, 200, axis=0))
    out = tensors.augment(batch, torch.Generator().manual_seed(0), padding=2).numpy()
    padded = np.pad(image[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    crops = {padded[y : y + 32, x : x + 32].tobytes() for y in range(5) for x in range(5)}
    flipped = {padded[y : y + 32, x : x + 32][:, ::-1].tobytes() for y in range(5) for x in range(5)}
    found = {picture.tobytes() for picture in out}
    assert found <= crops | flipped and len(found) > 40 and found & crops and found & flipped
