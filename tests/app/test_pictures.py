import io

import pytest
from PIL import Image

from normviz.pictures import formats, uploads
from tests.app.pages import assert_whole, charts, choice, open_page


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
    monkeypatch.setattr(uploads, "read_picture", None)
    choice(app, "from").set_value("upload").run()
    assert_whole(app, "journey")
    assert "red.png" in {shown.proto.imgs[0].caption for shown in app.get("image")}


def test_an_upload_is_freed_once_it_was_read(no_data):
    app = open_page("classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "PNG")
    app.file_uploader(key="upload").upload("red.png", content.getvalue(), "image/png")
    app.run()
    assert app.session_state["upload"].getvalue() == b""
    app.run()
    assert_whole(app, "classify")


def test_a_photograph_of_a_phone_is_classified(no_data):
    app = open_page("classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "HEIF")
    app.file_uploader(key="upload").upload("IMG_0001.HEIC", content.getvalue(), "image/heic")
    app.run()
    assert_whole(app, "classify")


def test_a_refused_upload_takes_the_former_answer_away(no_data):
    app = open_page("classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(content, "PNG")
    app.file_uploader(key="upload").upload("red.png", content.getvalue(), "image/png")
    app.run()
    assert charts(app)
    app.file_uploader(key="upload").upload("blue.png", content.getvalue()[:50], "image/png")
    app.run()
    assert "blue.png" in app.error[0].value and not charts(app)
    app.switch_page("app_pages/journey.py").run()
    choice(app, "from").set_value("upload").run()
    assert "blue.png" in app.error[0].value and not charts(app)


def test_the_picker_names_what_is_taken(no_data):
    picker = open_page("classify", **{"from": "upload"}).file_uploader(key="upload").proto
    assert list(picker.type) == ["image/*", *(f".{extension}" for extension in formats.EXTENSIONS)]
    assert picker.max_upload_size_mb * 2**20 == formats.MAX_BYTES


@pytest.mark.parametrize("example", [example.key for example in uploads.examples()])
def test_every_example_is_classified(example, no_data):
    assert_whole(open_page("classify", example=example), "classify")
