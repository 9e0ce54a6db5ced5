import io

import pytest
from PIL import Image

from normviz.pictures import uploads
from tests.app.pages import assert_whole, choice, open_page


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


@pytest.mark.parametrize("example", [example.key for example in uploads.examples()])
def test_every_example_is_classified(example, no_data):
    assert_whole(open_page("classify", example=example), "classify")
