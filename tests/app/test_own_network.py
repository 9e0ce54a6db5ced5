import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from normviz.app import own_network as view
from normviz.model import own_network, written
from normviz.words import own_network as words
from tests.app.pages import charts, choice, open_page


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
    assert [info.value for info in app.info] == ["This network has no norm layer."]


def test_group_norm_takes_as_many_groups_as_divide_the_channels():
    app = open_page("own_network", swapped="group")
    assert any("In 4 groups" in caption.value for caption in app.caption)
    app.text_area[0].set_value("norm: batch\nparts:\n  - convolution: 58\n  - norm: usual\n").run()
    assert not app.error and averages(app) == ["(C/2)HW"]


@pytest.mark.parametrize("swapped", ["kept", "group"])
def test_a_network_without_norms_to_swap_says_so(monkeypatch, swapped):
    monkeypatch.setenv("NORMVIZ_NETWORKS_TOKENS", "tests.explain.test_own_network:Tokens --input 6x16x16")
    app = open_page("own_network", door=words.SERVERS, swapped=swapped)
    said = [warning.value for warning in app.warning if "norm of this network can be swapped" in warning.value]
    assert averages(app) == ["C"] and bool(said) == (swapped == "group")


def test_what_is_wrong_is_said_with_its_line():
    app = open_page("own_network")
    app.text_area[0].set_value("parts:\n  - swirl: 3\n").run()
    assert not app.exception and "line 2" in app.error[0].value and not app.table


def test_a_network_of_torchvision_and_one_that_is_too_large():
    app = open_page("own_network", door="torchvision", zoo="shufflenet_v2_x0_5")
    assert not app.exception and set(averages(app)) == {"NHW"}
    app.selectbox(key="zoo").set_value("vit_b_16").run()
    assert not app.exception and "30,000,000 parameters at most here" in app.error[0].value


LOOKS_AT = {  # what stands on the page for the written network's first norm
    words.AVERAGES: "Drawn on 3 pictures of 4 channels",
    words.STATISTICS: "Where the two part",
    words.CHANGED: "counts as staying",
    words.OTHERS: "there is no accuracy to draw",
    words.ONE: "The 4 channels of norm layer",
}


@pytest.mark.parametrize("look", words.LOOKS)
def test_one_thing_is_looked_at(look):
    app = open_page("own_network", look=look)
    assert_whole_but_for_charts(app)
    said = " ".join(element.value for kind in ("markdown", "caption") for element in app.get(kind))
    others = [text for name, text in LOOKS_AT.items() if name != look]
    assert LOOKS_AT[look] in said and not any(text in said for text in others)
    assert len(charts(app)) == dict(zip(words.LOOKS, (2, 4, 0, 1, 1)))[look]


def assert_whole_but_for_charts(app):
    assert not app.exception and not app.error
    assert len({chart.proto.alt for chart in charts(app)}) == len(charts(app))


@pytest.mark.parametrize(("swapped", "moves"), [("batch", True), ("layer", False)])
def test_only_batch_norm_makes_an_answer_move(swapped, moves):
    app = open_page("own_network", look=words.OTHERS, swapped=swapped)
    table = app.table[1].value
    spreads = table.astype(float)
    assert (spreads.loc["norms in training"].max() > 1e-3) == moves and spreads.loc["norms in evaluation"].max() < 1e-5


def test_changes_stay_or_move_by_mode():
    app = open_page("own_network", look=words.CHANGED)
    table = app.table[1].value
    assert "\\+ a constant" in table.index  # a bare + would begin a list
    assert table.loc["× a factor", "training"].startswith("stays") and table.loc["× a factor", "evaluation"].startswith("moves")


@pytest.mark.parametrize("look", words.LOOKS)
def test_tokens_and_channels_last_are_looked_at(monkeypatch, look):
    monkeypatch.setenv("NORMVIZ_NETWORKS_TOKENS", "tests.explain.test_own_network:Tokens --input 6x16x16")
    app = open_page("own_network", door=words.SERVERS, look=look)
    assert_whole_but_for_charts(app)
    assert averages(app) == ["C"]


class HomeMade(nn.Module):
    """Batch norm of three channels whose gamma and kept statistics are called as asked."""

    def __init__(self, gamma: str, kept: str):
        super().__init__()
        self.names = (gamma, f"{kept}_mean", f"{kept}_var")
        self.register_parameter(gamma, nn.Parameter(torch.ones(1, 3, 1, 1)))
        self.register_buffer(self.names[1], torch.zeros(1, 3, 1, 1))
        self.register_buffer(self.names[2], torch.ones(1, 3, 1, 1))

    def forward(self, x):
        gamma, mean, variance = (getattr(self, name) for name in self.names)
        if self.training:
            variance, mean = torch.var_mean(x, (0, 2, 3), keepdim=True)
        return gamma * (x - mean) / (variance + 1e-5).sqrt()


def moving() -> nn.Module:
    return nn.Sequential(HomeMade("gamma", "moving"))


def strange() -> nn.Module:
    return nn.Sequential(HomeMade("g", "running"))


@pytest.mark.parametrize(
    ("name", "said", "drawn"),
    [("moving", {words.KEPT_UNSEEN}, 2), ("strange", {words.KEPT, words.LEARNED_UNSEEN}, 3)],
)
def test_what_cannot_be_drawn_of_a_home_made_norm_is_said(monkeypatch, name, said, drawn):
    monkeypatch.setenv("NORMVIZ_NETWORKS_MINE", f"tests.app.test_own_network:{name} --input 3x8x8")
    app = open_page("own_network", door=words.SERVERS, look=words.STATISTICS)
    assert_whole_but_for_charts(app)
    of = {words.KEPT, words.KEPT_UNSEEN, words.NOT_KEPT, words.LEARNED_UNSEEN}
    assert {text.value for text in app.markdown} & of == said and len(charts(app)) == drawn


class Functional(nn.Module):
    def forward(self, x):
        return nn.GroupNorm(3, 6)(functional.layer_norm(x, x.shape[1:])).flatten(1)


def test_norms_that_are_no_layers_cannot_be_looked_into(monkeypatch):
    monkeypatch.setenv("NORMVIZ_NETWORKS_MINE", "tests.app.test_own_network:Functional --input 6x8x8")
    app = open_page("own_network", door=words.SERVERS)
    assert not app.exception and averages(app) == ["CHW", "(C/3)HW"]
    assert words.NO_LAYER in {info.value for info in app.info} and not charts(app)


def test_only_a_part_that_is_drawn_is_called_one():
    app = open_page("own_network", look=words.STATISTICS)
    said = [caption.value for caption in app.caption]
    assert any(text.startswith("Gamma and beta by channel;") for text in said) and not any("the first" in text for text in said)
    app.text_area[0].set_value("norm: batch\nparts:\n  - convolution: 58\n  - norm: usual\n").run()
    assert sum("the first 48 of 58" in caption.value for caption in app.caption) == 2


def test_the_owners_networks_stand_in_the_list(monkeypatch, tmp_path):
    (tmp_path / "mine.yaml").write_text(words.EXAMPLE)
    assert words.SERVERS not in choice(open_page("own_network"), "door").options
    monkeypatch.setenv("NORMVIZ_NETWORKS_MINE", f"{tmp_path}/mine.yaml")
    monkeypatch.setenv("NORMVIZ_NETWORKS_ROWS", "torch.nn:Identity --input 7")
    app = open_page("own_network", door=words.SERVERS)
    assert_whole_but_for_charts(app)
    assert app.selectbox(key="offered").options == ["mine", "rows"] and len(averages(app)) == 4
    app.selectbox(key="offered").set_value("rows").run()
    assert not app.exception and app.info[0].value == "This network has no norm layer."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no.such:thing", "must be importable and callable: no.such:thing"),
        ("resnet18 --input 3x0x4", "a network must be NETWORK"),
        ("resnet18 --weights /nowhere.safetensors", "weights must be a safetensors file"),
    ],
)
def test_an_offer_that_cannot_be_used_ends_in_a_sentence(monkeypatch, text, said):
    monkeypatch.setenv("NORMVIZ_NETWORKS_MINE", text)
    app = open_page("own_network", door=words.SERVERS)
    assert not app.exception and said in app.error[0].value.replace("\\", "")


def test_the_way_into_the_lab_carries_the_network():
    app = open_page("own_network")
    links = [link.proto for link in app.get("page_link") if "Train it in the lab" in link.proto.label]
    assert len(links) == 1 and "design=C16k3+N+U+P+B32+N+G+L10" in links[0].query_string


def test_why_a_network_is_none_for_the_lab():
    app = open_page("own_network")
    app.text_area[0].set_value(words.EXAMPLE.replace("3x32x32", "3x64x64")).run()
    assert not app.exception and any(
        "Not for the lab" in caption.value and "3x32x32" in caption.value for caption in app.caption
    )


@pytest.mark.parametrize("fits", [True, False])
def test_weights_are_put_in_or_refused(tmp_path, fits):
    network = own_network.seeded(lambda: written.load_text(words.EXAMPLE), seed=5)
    state = network.state_dict()
    save_file(state if fits else {"other": state["body.0.weight"]}, tmp_path / "w.safetensors")
    asked = view.Choice(words.WRITTEN, words.EXAMPLE, view.NORMS[0], tmp_path / "w.safetensors")
    if fits:
        held = view._network(asked.key, asked)[0].state_dict()
        assert all((held[name] == values).all() for name, values in state.items())
    else:
        with pytest.raises(ValueError, match="left over: other"):
            view._network(asked.key, asked)


def test_a_pickle_is_refused_by_the_name_that_the_visitor_knows(tmp_path):
    (tmp_path / "own.pth").write_bytes(b"\x80\x04.")
    asked = view.Choice(words.WRITTEN, words.EXAMPLE, view.NORMS[0], tmp_path / "own.pth")
    with pytest.raises(ValueError, match="must be a safetensors file: own.pth: ") as refused:
        view._network(asked.key, asked)
    assert "torch.load('own.pth', weights_only=True)" in refused.value.lines


class Fixed(nn.Module):
    """Takes batches of seven pictures alone, which it gives back."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm([8, 8])

    def forward(self, x):
        return self.norm(x.view(7, 3, 8, 8))


def test_a_network_of_one_batch_size_says_so(monkeypatch):
    monkeypatch.setenv("NORMVIZ_NETWORKS_FIXED", "tests.app.test_own_network:Fixed --input 3x8x8")
    for look, said in zip(words.LOOKS, (0, 0, 0, 1, 1), strict=True):
        app = open_page("own_network", door=words.SERVERS, look=look)
        assert_whole_but_for_charts(app)
        assert sum("must take the example" in info.value for info in app.info) == said


def test_a_network_that_takes_no_small_pictures_gets_large_ones(monkeypatch):
    from normviz.app import own_network as view
    from normviz.model import own_network

    monkeypatch.setattr(own_network, "build", lambda name: None)
    sides = {name: view._as_asked(view.Choice("torchvision", name, "kept"))[1][1] for name in ("inception_v3", "resnet18")}
    assert sides == {"inception_v3": view.FIXED_SIDE, "resnet18": view.SIDE}
