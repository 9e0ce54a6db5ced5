import io
import xml.etree.ElementTree as ElementTree

import altair as alt
import pandas as pd
import pytest
from PIL import Image

from normviz.charts import lesson, paper
from normviz.charts.lab import Axis, Growing
from normviz.charts.specification import specification

TABLE = pd.DataFrame(
    {
        "name": ["Batch norm", "Layer norm"],
        "norm": ["batch", "layer"],
        "mean": [0.75, 0.74],
        "low": [0.74, None],
        "high": [0.76, None],
    }
)


def texts(svg: str) -> set[str]:
    return {node.text for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text") and node.text}


def test_an_svg_holds_what_the_chart_says():
    said = texts(paper.svg(specification(lesson.measured(TABLE, "%"))))
    assert {"Batch norm", "Layer norm", "75.0%", "74.0%"} <= said


def test_a_png_is_a_picture_on_white_with_the_norms_colours():
    with Image.open(io.BytesIO(paper.png(specification(lesson.measured(TABLE, "%"))))) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
        assert picture.width > 2 * paper.WIDTH and picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    assert (0, 0x72, 0xB2) in colours


def test_a_width_is_kept_and_a_chart_of_charts_has_none_of_its_own():
    narrow, wide = (paper.svg(specification(lesson.measured(TABLE, "%")), width) for width in (200, 600))
    size = [float(ElementTree.fromstring(svg).get("width")) for svg in (narrow, wide)]
    assert size[1] - size[0] == pytest.approx(400, abs=40)  # the names beside the axis may need less room
    chart = alt.Chart(TABLE).mark_bar().encode(x="mean:Q", y="name:N")
    assert {"Batch norm"} <= texts(paper.svg(specification(chart | chart)))


def test_a_csv_is_the_table_and_tells_several_apart():
    spec = specification(alt.Chart(TABLE).mark_bar().encode(x="mean:Q"))
    assert pd.read_csv(io.StringIO(paper.csv(spec)))["mean"].tolist() == [0.75, 0.74]
    lines = pd.DataFrame(columns=["series", "norm", "x", "mean", "low", "high", "dashed"])
    drawing = Growing(10, Axis("loss", 0, 1)).drawing(lines, {}, pd.DataFrame({"x": [5], "text": ["rate 1"]}))
    found = pd.read_csv(io.StringIO(paper.csv(specification(drawing))))
    assert found["table"].tolist() == ["changes"] and found["text"].tolist() == ["rate 1"]
