import copy

import numpy as np
import pytest
import torch

from normviz.explain import arithmetic, cells, trained_layers
from normviz.explain.cells import NormLayer
from normviz.model import layer_statistics
from normviz.model.norms import COMPARED, STUDIES
from normviz.pictures.tensors import standardise
from tests.shipped import example_pictures, network


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("norm", COMPARED)
def test_a_trained_layer_gives_what_the_cells_say(study, norm):
    for passage in layer_statistics.passages(network(study, norm), standardise(example_pictures())):
        layer = trained_layers.from_passage(passage)
        np.testing.assert_allclose(layer.outputs[1], passage.after, atol=2e-4)
        cell = (1, passage.before.shape[1] - 1, 2, 3)
        assert arithmetic.work(layer, cell).result == pytest.approx(passage.after[cell], abs=2e-4)


def test_a_trained_batch_norm_in_training_uses_the_whole_batch():
    passage = layer_statistics.passages(network("controlled", "batch"), standardise(example_pictures()))[2]
    layer = trained_layers.from_passage(passage)
    module = copy.deepcopy(passage.module).double().train()
    expected = module(torch.tensor(passage.before.astype(np.float64))).detach().numpy()
    own = NormLayer(layer.x, "batch", layer.gamma, layer.beta)
    np.testing.assert_allclose(own.outputs[1], expected, atol=1e-6)
    mean, variance = cells.running_after(cells.feed([layer.x], layer.running))
    np.testing.assert_allclose(mean, module.running_mean.numpy(), atol=1e-6)
    np.testing.assert_allclose(variance, module.running_var.numpy(), atol=1e-5)
