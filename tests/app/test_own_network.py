import pytest
from safetensors.torch import save_file

from normviz.app import own_network as view
from normviz.model import own_network, written
from normviz.words import own_network as words
from tests.app.pages import choice, open_page


def averages(app) -> list[str]:
    return [text.replace("\\", "") for text in app.table[0].value["averages"]]


def test_the_written_network_is_probed():
    app = open_page("own_network")
    assert not app.exception
    assert averages(app) == ["NHW", "NHW", "NHW", "(C/8)HW"]
    assert any("4 of 4 norm layers reached" in text.value for text in app.markdown)
    assert "never updated" in app.warning[0].value


def test_a_row_says_what_is_unlike_most():
    row = {"path": "a.b", "class": "RMSNorm", "shape": [2, 3], "averages": "C", "subtracts_mean": False, "running": False}
    assert view._in_words({**row, "reached": 0})["besides"] == "subtracts no mean, met 0 times"
    assert view._in_words({**row, "subtracts_mean": True, "running": True, "reached": 1})["besides"] == "keeps statistics"


def test_norms_are_swapped():
    app = open_page("own_network", swapped="layer")
    assert averages(app) == ["CHW"] * 4 and not app.warning
    choice(app, "swapped").set_value("none").run()
    assert not app.exception and not app.table
    assert app.info[0].value == "This network has no norm layer."


def test_what_is_wrong_is_said_with_its_line():
    app = open_page("own_network")
    app.text_area[0].set_value("parts:\n  - swirl: 3\n").run()
    assert not app.exception and "line 2" in app.error[0].value and not app.table


def test_a_network_of_torchvision_and_one_that_is_too_large():
    app = open_page("own_network", door="torchvision", zoo="shufflenet_v2_x0_5")
    assert not app.exception and set(averages(app)) == {"NHW"}
    app.selectbox(key="zoo").set_value("vit_b_16").run()
    assert not app.exception and "30,000,000 parameters at most here" in app.error[0].value


def test_a_norm_of_each_pixel_is_said_in_words():
    row = {"path": "a", "averages": "C"}
    assert view._kind(row["averages"]) is None and view._kind("(C/8)HW") == "group"
    assert words.NO_CELLS.format(averages="C").endswith("**C**.")


@pytest.mark.parametrize("fits", [True, False])
def test_weights_are_put_in_or_refused(tmp_path, fits):
    network = own_network.seeded(lambda: written.load_text(words.EXAMPLE), seed=5)
    state = network.state_dict()
    save_file(state if fits else {"other": state["body.0.weight"]}, tmp_path / "w.safetensors")
    asked = view.Choice(view.DOORS[0], words.EXAMPLE, view.NORMS[0], (tmp_path / "w.safetensors").read_bytes())
    if fits:
        held = view._network(asked.key, asked)[0].state_dict()
        assert all((held[name] == values).all() for name, values in state.items())
    else:
        with pytest.raises(ValueError, match="left over: other"):
            view._network(asked.key, asked)


def test_a_pickle_is_refused_by_the_name_that_the_visitor_knows():
    asked = view.Choice(view.DOORS[0], words.EXAMPLE, view.NORMS[0], b"\x80\x04.", "own.pth")
    with pytest.raises(ValueError, match="must be a safetensors file: own.pth: ") as refused:
        view._network(asked.key, asked)
    assert "torch.load('own.pth', weights_only=True)" in refused.value.lines
