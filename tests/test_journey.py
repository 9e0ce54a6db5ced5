import io
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from test_pages import assert_whole, open_page

from normviz import data, images, inference, journey, journey_charts, layer_stats, maps, norms, runs
from normviz.norms import COMPARED, STUDIES

DRAW = np.random.default_rng(0)


@cache
def passages(study: str, norm: str, example: str = "cat") -> list:
    pixels = images.to_network_size(images.example_picture(example))
    return layer_stats.passages(inference.restore(runs.load(study, norm)), data.standardise(pixels[None]))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("norm", COMPARED)
def test_used_statistics_rebuild_what_the_norm_gave(study, norm):
    for passage in passages(study, norm):
        mean, std = journey.used_statistics(passage)
        normalized = (passage.before - mean[:, None, None]) / np.sqrt(std[:, None, None] ** 2 + norms.EPSILON)
        gamma, beta = passage.module.weight.detach().numpy(), passage.module.bias.detach().numpy()
        assert norms.scale_and_shift(normalized, gamma, beta) == pytest.approx(passage.after, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("norm", "different"), [("batch", 16), ("group", 4), ("layer", 1)])
def test_statistics_are_shared_by_as_many_channels_as_the_norm_says(norm, different):
    assert len(np.unique(journey.channels(passages("controlled", norm)[4])["mean"])) == different


def test_channels_measure_the_picture():
    passage = passages("controlled", "group")[2]
    table = journey.channels(passage)
    received = torch.tensor(passage.before[0]).flatten(1)
    assert table["std_received"].to_numpy() == pytest.approx(received.std(1, correction=0).numpy(), rel=1e-4)
    assert table["mean_given"].to_numpy() == pytest.approx(passage.after[0].mean(axis=(1, 2)))


@pytest.mark.parametrize("order", journey.ORDERS)
def test_orders_keep_every_channel(order):
    table = journey.in_order(journey.channels(passages("controlled", "layer")[1]), order)
    assert sorted(table["channel"]) == list(range(32))
    values = table[journey.ORDERS[order]]
    assert values.is_monotonic_increasing if order == "number" else values.is_monotonic_decreasing


def test_positions_keep_a_place_together():
    values = DRAW.normal(size=(2, 3, 4, 5))
    rows = journey.positions(values)
    assert rows.shape == (40, 3)
    assert (rows[20 + 5 * 2 + 4] == values[1, :, 2, 4]).all()


def test_cka_equals_its_definition_by_gram_matrices():
    x, y = DRAW.normal(size=(40, 5)), DRAW.normal(size=(40, 3))
    centre = np.eye(40) - 1 / 40
    one, other = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    definition = np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))  # Kornblith et al. 2019, equations 3 and 4
    assert journey.linear_cka(x, y) == pytest.approx(definition, abs=1e-12)
    assert journey.linear_cka(y, x) == pytest.approx(definition, abs=1e-12)


def test_cka_ignores_rotation_order_shift_and_one_factor():
    x = DRAW.normal(size=(60, 4)) * [1, 2, 3, 4]
    y = x @ DRAW.normal(size=(4, 6)) + DRAW.normal(size=(60, 6))
    rotation = np.linalg.qr(DRAW.normal(size=(4, 4)))[0]
    before = journey.linear_cka(x, y)
    for changed in (x @ rotation, x[:, ::-1], x + [5, -3, 0, 100], -7 * x):
        assert journey.linear_cka(changed, y) == pytest.approx(before, abs=1e-9)
        assert journey.linear_cka(changed, x) == pytest.approx(1, abs=1e-9)
    assert journey.linear_cka(x * [1, 10, 1, 1], x) < 0.9


def test_cka_of_unrelated_columns_is_small_and_of_flat_ones_undefined():
    assert journey.linear_cka(DRAW.normal(size=(5000, 4)), DRAW.normal(size=(5000, 4))) < 0.01
    assert np.isnan(journey.linear_cka(np.full((50, 3), 0.1), DRAW.normal(size=(50, 3))))
    with pytest.raises(ValueError, match="50 and 49"):
        journey.linear_cka(np.ones((50, 1)), np.ones((49, 1)))


def test_a_network_is_no_distance_from_itself_and_nearer_than_chance_to_others():
    through = {"batch": passages("controlled", "batch"), "layer": passages("controlled", "batch")}
    assert journey.distances(through, "given")["distance"].abs().max() < 1e-9
    table = journey.distances({norm: passages("controlled", norm) for norm in COMPARED}, "received")
    assert len(table) == 3 * 8
    assert (table["distance"] < table["chance"]).all() and table["distance"].between(0.01, 1).all()


def test_the_sentence_names_both_ends_of_the_distance():
    rows = [("batch", "group", 1, 0.2), ("batch", "layer", 4, 0.75), ("group", "layer", 2, np.nan)]
    table = pd.DataFrame(rows, columns=["first", "second", "layer", "distance"])
    said = journey.furthest_sentence(table, {norm: norm.title() for norm in COMPARED})
    assert said == "Furthest apart: Batch and Layer at layer 4, 0.75; closest: Batch and Group at layer 1, 0.20."
    assert "undefined" in journey.furthest_sentence(table.assign(distance=np.nan), {})


@pytest.mark.parametrize("norm", COMPARED)
def test_chart_of_statistics(norm):
    table = journey.channels(passages("published", norm)[1])
    spec = journey_charts.used_and_own(table, norm).to_dict()
    assert len(spec["layer"]) == 4 and norms.NORMS[norm].colour in str(spec)


def test_chart_of_distances():
    table = journey.distances({norm: passages("controlled", norm) for norm in COMPARED}, "given").assign(pair="a – b")
    table.loc[table["layer"] == 3, "distance"] = np.nan
    rows = [row for part in journey_charts.distances(table, 5).to_dict()["datasets"].values() for row in part]
    assert {"layer": 5} in rows
    assert not any(row.get("layer") == 3 for row in rows)


def test_diverging_colours():
    colours = maps.diverging(np.array([[-9.0, -2, 0, 2, 9]]), 2.0)
    assert colours.dtype == np.uint8 and colours.shape == (1, 5, 3)
    assert (colours[0, 0] == colours[0, 1]).all() and (colours[0, 3] == colours[0, 4]).all()
    assert [tuple(map(int, colours[0, place])) for place in (1, 2, 3)] == [(33, 102, 172), (247, 247, 247), (178, 24, 43)]


def test_extent_is_never_zero():
    assert maps.extent(np.zeros((3, 3))) == 1
    assert maps.extent(np.arange(101.0), -np.arange(201.0)) == pytest.approx(198)


def tiles(app) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_url_opens_layer_channels_order_and_method():
    query = {"layer": "5", "order": "number", "channels": ["2", "3"], "saliency": "none", "example": "frog"}
    app = open_page("journey", **query)
    assert_whole(app, "journey")
    assert any(heading.value == "Norm layer 5: before and after" for heading in app.subheader)
    for norm in COMPARED:
        mean, std = journey.used_statistics(passages("controlled", norm, "frog")[4])
        for channel in (1, 2):
            said = f"<b>channel {channel}</b> &nbsp;used μ {mean[channel]:.2f}, σ {std[channel]:.2f}".replace("-", "−")
            assert said in tiles(app)
    assert "<b>channel 3</b>" not in tiles(app)


def test_places_beyond_a_narrow_network_are_said():
    app = open_page("journey", study="published", layer="2", channels=["20", "24"])
    assert_whole(app, "journey")
    assert sum("no channel at these places" in info.value for info in app.info) == 2


def test_fewer_channels_at_the_next_layer_keep_the_page_whole():
    app = open_page("journey", layer="2", channels=["20", "30"], saliency="none")
    app.segmented_control(key="layer").set_value(3).run()
    assert_whole(app, "journey")
    assert app.slider(key="channels").value == (16, 16)


def test_nonsense_in_the_url_falls_back():
    query = {"layer": "99", "order": "x", "channels": "a", "saliency": "y", "target": "z", "block": "1", "over": "?"}
    app = open_page("journey", **query)
    assert_whole(app, "journey")
    assert any(heading.value == "Norm layer 1: before and after" for heading in app.subheader)


def test_a_test_image_comes_by_its_index(pictures):
    app = open_page("journey", **{"from": "test image", "index": "6", "over": "32 test images"})
    assert_whole(app, "journey")
    assert app.get("image")[0].proto.imgs[0].alt == "The picture that goes in: Test image 6: automobile"
    app.number_input(key="index").set_value(0).run()
    assert_whole(app, "journey")
    assert app.get("image")[0].proto.imgs[0].alt == "The picture that goes in: Test image 0: cat"


@pytest.mark.parametrize("query", [{"from": "test image"}, {"over": "32 test images"}])
def test_test_images_need_data_and_say_so(query, monkeypatch, tmp_path):
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path))
    app = open_page("journey", **query)
    assert not app.exception
    assert any(button.label == "Fetch CIFAR-10" for button in app.button)


@pytest.mark.parametrize("method", ["Grad-CAM", "integrated gradients"])
def test_a_picture_of_one_colour_breaks_nothing(method):
    app = open_page("journey", **{"from": "upload", "saliency": method})
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (125, 123, 114)).save(content, "PNG")
    app.file_uploader(key="upload").upload("flat.png", content.getvalue(), "image/png").run()
    assert_whole(app, "journey")
