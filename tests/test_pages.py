import io
import json
import subprocess
import sys
from pathlib import Path

import altair as alt
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from normviz import data, images, lessons
from normviz.norms import STUDIES

ROOT = Path(__file__).parent.parent
PAGES = list(lessons.LESSONS)


def open_page(key: str, **query) -> AppTest:
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if key != "overview":
        app.switch_page(f"app_pages/{key}.py").run()
    return app


def assert_whole(app: AppTest, key: str) -> None:
    assert not app.exception and not app.error
    assert app.title[0].value == lessons.LESSONS[key].title
    charts = app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")
    assert charts and all(chart.proto.alt.endswith(".") for chart in charts)
    for chart in charts:
        spec = json.loads(chart.proto.spec, parse_constant=refuse_nan)
        (alt.LayerChart if "layer" in spec else alt.Chart).validate(spec)


def refuse_nan(constant: str):
    raise AssertionError(f"{constant} is not JSON: a browser cannot draw the chart")


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("key", PAGES)
def test_every_page_without_data(key, study, no_data):
    assert_whole(open_page(key, study=study), key)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("key", PAGES)
def test_every_page_with_data(key, study, pictures):
    assert_whole(open_page(key, study=study), key)


def test_nonsense_in_the_url_falls_back(no_data):
    assert_whole(open_page("mistakes", study="nonsense", show="nothing", at="-4"), "mistakes")


def test_test_images_need_data_and_say_so(no_data):
    app = open_page("layer_statistics", input="test images")
    assert not app.exception
    assert any(button.label == "Fetch CIFAR-10" for button in app.button)


def test_an_upload_is_classified_and_a_bad_one_explained(no_data):
    app = open_page("classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "PNG")
    app.file_uploader(key="upload").upload("red.png", content.getvalue(), "image/png")
    app.run()
    assert_whole(app, "classify")
    app.file_uploader(key="upload").upload("re_d_.png", b"not a picture", "image/png")
    app.run()
    assert not app.exception
    assert r"re\_d\_.png" in app.error[0].value


def test_an_upload_is_decoded_once_and_kept_for_other_pages(no_data, monkeypatch):
    app = open_page("classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "PNG")
    app.file_uploader(key="upload").upload("red.png", content.getvalue(), "image/png")
    app.run()
    app.switch_page("app_pages/journey.py").run()
    monkeypatch.setattr(images, "read_picture", None)
    next(choice for choice in app.button_group if choice.key == "from").set_value("upload").run()
    assert_whole(app, "journey")
    assert "red.png" in {shown.proto.imgs[0].caption for shown in app.get("image")}


def test_pytorch_is_imported_after_the_first_view_and_before_it_is_asked_for():
    script = """
import sys, time
from streamlit.testing.v1 import AppTest
assert not AppTest.from_file("streamlit_app.py", default_timeout=60).run().exception
assert "torch" not in sys.modules
deadline = time.monotonic() + 90
while "captum.attr" not in sys.modules:
    assert time.monotonic() < deadline
    time.sleep(0.1)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=150)


@pytest.mark.parametrize("example", [example.key for example in images.examples()])
def test_every_example_is_classified(example, no_data):
    assert_whole(open_page("classify", example=example), "classify")


def test_a_failed_download_is_explained_and_can_be_tried_again(no_data, monkeypatch):
    monkeypatch.setattr(data.CIFAR10, "url", "http://127.0.0.1:9/nothing.tar.gz")
    app = open_page("mistakes")
    for _ in range(2):
        app.button(key="fetch").click().run()
        assert not app.exception
        assert "could not be fetched" in app.error[0].value


def test_widths_recount(no_data):
    app = open_page("parameters")
    app.button(key="preset_layer").click().run()
    assert [app.number_input(key=key).value for key in lessons.WIDTH_CHOICES] == [4, 4, 4, 8, 8, 4, 10]
    assert any("27,376" in chart.proto.alt for chart in app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart"))
