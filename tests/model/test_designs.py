import pytest
from torch import nn

from normviz.model import designs, parts
from normviz.model.designs import Part
from normviz.model.network import count_parameters

EVERY = "C16k3 N A U P M R X80k5 B28 G L10"


def test_a_design_is_read_part_by_part_and_written_again():
    assert designs.read("C16k3 N X80k5 B28 L10") == [
        Part("C", 16, 3),
        Part("N"),
        Part("X", 80, 5),
        Part("B", 28),
        Part("L", 10),
    ]
    assert " ".join(map(str, designs.read(EVERY))) == EVERY


@pytest.mark.parametrize("word", ["Z", "C16", "C16k2", "X80k4", "C0k3", "B0", "B", "N3", "k3", "c16k3", "L", "L3k3", "G2"])
def test_what_is_no_part_is_named(word):
    with pytest.raises(ValueError, match=f"part='{word}'"):
        designs.read(f"C16k3 {word}")


def test_maps_are_followed_from_part_to_part():
    assert designs.maps(designs.read("C16k3 N P B24 L10"), 3, 32) == [(3, 32), (16, 32), (16, 32), (16, 16), (24, 8), (10, 1)]


@pytest.mark.parametrize("word", ["C6k1", "C6k5", "R", "X9k5", "B3", "B8"])
def test_weights_are_those_of_the_layers(word):
    (part,) = designs.read(word)
    (layer,) = parts.assemble([(part, lambda width, side: nn.Identity())], 3, 8)
    assert designs.cost(part, 3, 8)["weights"] == count_parameters(layer)


def test_products_count_each_place_and_values_each_map():
    assert designs.cost(Part("C", 4, 3), 3, 8) == {"weights": 108, "products": 108 * 64, "values": 4 * 64}
    assert designs.cost(Part("P"), 3, 8) == {"weights": 0, "products": 0, "values": 3 * 16}
    assert designs.cost(Part("L", 5), 3, 8) == {"weights": 960, "products": 960, "values": 5}


@pytest.mark.parametrize(
    ("part", "side", "said"),
    [
        (Part("P"), 1, "cannot be halved"),
        (Part("B", 2), 8, "at least the 3 channels"),
        (Part("B", 8), 7, "odd side, here 7"),
        (Part("B", 3), 7, ""),
        (Part("B", 8), 8, ""),
    ],
)
def test_what_a_part_cannot_take(part, side, said):
    assert said in designs.fault(part, 3, side) and bool(said) == bool(designs.fault(part, 3, side))
