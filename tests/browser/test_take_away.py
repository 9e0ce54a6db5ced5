"""What a page shows is taken away as files, from the browser."""

import csv
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

from tests.browser.harness import open_page, settle


@pytest.mark.parametrize("name", ["overview", "evidence"])
def test_a_chart_is_taken_away_as_png_svg_and_csv(page, name, tmp_path):
    open_page(page, name)
    page.get_by_role("button", name="Take away").click()
    files = {}
    for kind in ("PNG", "SVG", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        files[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[kind])
        settle(page)
    assert [file.name for file in files.values()] == [f"normviz-{name}-1.{kind}" for kind in ("png", "svg", "csv")]
    with Image.open(files["PNG"]) as picture:
        assert picture.format == "PNG" and picture.width > 600
    assert any(node.tag.endswith("text") for node in ElementTree.parse(files["SVG"]).iter())
    assert len(list(csv.reader(files["CSV"].open(encoding="utf-8")))) > 3
