import io

import pytest
from PIL import Image

from normviz.explain import journey
from normviz.model.norms import COMPARED
from tests.app.pages import assert_whole, open_page
from tests.shipped import passages


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
def test_test_images_need_data_and_say_so(query, no_data):
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
