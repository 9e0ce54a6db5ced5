import pytest

from normviz.lab import allowed
from normviz.lab.setup import Setup
from normviz.model import network

FINE = "C16k3 N U P B32 N G L10"


@pytest.mark.parametrize("design", [FINE, *network.DESIGNS.values()])
def test_networks_as_small_as_those_of_the_studies_are_trained(design):
    allowed.check(design, groups=4)
    assert {plan.design for plan in Setup(design=design).columns.values()} == {design}


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("C16k3 Q", "part='Q'"),
        ("C16k3 U", "a norm among them"),
        ("N " * 101, "1 to 100 parts"),
        ("N " * 501, "1,000 letters at most: letters=1,002"),
        ("C2000k3 N", "part=C2000k3"),
        ("C4k13 N", "part=C4k13"),
        ("P P P P P N P", "pixels? .*part=N"),
        ("C8k3 N P P P P P P", "cannot be halved: part=P"),
        ("C16k3 N G N", "a batch may end with one picture: part=N"),
        ("C6k3 N", "groups must divide channels: groups=4, channels=6"),
        ("C512k3 N C512k3", "200,000 weights at most here, and has 2,373,120"),
        ("C96k5 N C64k5", "50,000,000 multiplications"),
        ("C64k1 " + "N A " * 40, "500,000 values"),
    ],
)
def test_what_is_not_trained_is_said_in_one_sentence(design, said):
    with pytest.raises(ValueError, match=said) as refused:
        Setup(design=design)
    assert "\n" not in str(refused.value)


def test_groups_count_only_where_group_norm_is_trained():
    assert Setup(("batch", "layer"), design="C6k3 N").columns["batch-0"].widths is None


def test_pictures_are_those_of_the_networks():
    assert network.PICTURE[:2] == allowed.PICTURE
