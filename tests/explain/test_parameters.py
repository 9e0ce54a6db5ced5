import pytest

from normviz.explain import parameters
from normviz.model import network


@pytest.mark.parametrize("norm", ["batch", "layer_place"])
@pytest.mark.parametrize("design", ["C16k3 N U P B32 P L10", "C8k3 N U L64 U L10", "C16k3 N A P C32k1 N"])
def test_every_parameter_of_a_network_belongs_to_a_part(design, norm):
    described = network.Architecture(norm, (), design=design)
    layers = network.summary(described)
    parts = parameters.parameter_parts(layers.to_dict("records"))
    assert parts["parameters"].sum() == layers["parameters"].sum() == network.count_parameters(network.outline(described))
    assert parts["layer"].iloc[-1] == "head" and (parts["layer"] == "head").sum() == 1
