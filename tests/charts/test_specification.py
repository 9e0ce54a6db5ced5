import altair as alt
import pandas as pd
import pytest

from normviz.charts import paper, specification
from normviz.charts.parts import Drawing, named, norm_colour, norm_words
from normviz.model.norms import NORMS

TABLE = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, None], "name": ["a", "b"]})


def layered() -> alt.LayerChart:
    base = alt.Chart(TABLE).encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
    return alt.layer(base.mark_line(), base.mark_point(), alt.Chart(TABLE.tail(1)).mark_text().encode(text=alt.Text("name:N")))


def test_a_table_that_layers_share_is_sent_once_and_as_it_is():
    tables = specification.specification(layered())["datasets"]
    assert sorted(map(len, tables.values())) == [1, 2]
    assert any(table is TABLE for table in tables.values())


def test_a_specification_draws_what_altair_draws():
    spec, full = specification.specification(layered()), layered().to_dict()
    assert [layer["mark"] for layer in spec["layer"]] == [layer["mark"] for layer in full["layer"]]
    assert [layer["encoding"] for layer in spec["layer"]] == [layer["encoding"] for layer in full["layer"]]


def test_altairs_settings_stay_as_they_were():
    before = alt.data_transformers.active, alt.theme.active
    specification.specification(layered())
    assert (alt.data_transformers.active, alt.theme.active) == before


def test_a_dark_page_gets_the_tones_of_a_dark_page():
    base = alt.Chart(TABLE.assign(norm="batch"))
    shade = alt.Scale(range=[f"{NORMS['batch'].light.mark}{alpha}" for alpha in ("00", "8C")])
    chart = base.mark_line().encode(color=norm_colour()) + base.mark_text().encode(color=norm_words())
    chart += base.mark_rect(color=NORMS["group"].light.mark).encode(color=alt.Color("x:Q", scale=shade))
    light, dark = (str(specification.specification(chart, scheme)) for scheme in ("light", "dark"))
    for norm in NORMS.values():
        assert all(tone in light and tone not in dark for tone in {norm.light.mark, norm.light.words} - {norm.dark.mark})
        assert norm.dark.mark in dark
    assert f"{NORMS['batch'].dark.mark}8C" in dark


def test_each_tone_of_a_light_page_has_one_on_a_dark_page():
    for norm in NORMS.values():
        wanted = {norm.light.mark: norm.dark.mark, norm.light.words: norm.dark.words}
        assert wanted.items() <= specification.ON_DARK.items()


def test_a_mark_is_hidden_from_screen_readers_unless_it_speaks_for_itself():
    spec = specification.specification(layered().configure_view(stroke=None))
    assert spec["config"]["mark"]["aria"] is False and spec["config"]["view"] == {"stroke": None}


def test_a_drawing_is_built_once_for_its_choices_and_scheme_and_has_the_tables_of_now():
    built = []

    def build(mark: str) -> alt.Chart:
        built.append(mark)
        return named("rows").mark_point(shape=mark).encode(x="x:Q")

    for mark, rows, scheme in (("circle", 2, "light"), ("circle", 1, "light"), ("square", 1, "light"), ("circle", 1, "dark")):
        spec = specification.specification(Drawing(build, (mark,), {"rows": TABLE.head(rows)}), scheme)
        assert len(spec["datasets"]["rows"]) == rows and spec["mark"]["shape"] == mark
    assert built == ["circle", "square", "circle"]


@pytest.mark.parametrize("chart", [layered(), alt.Chart(TABLE).mark_point().encode(x="x:Q")])
def test_a_chart_says_its_words_by_a_table_alone(chart):
    spec = specification.specification(chart)
    first, second = (specification.speaking(spec, said) for said in ("One.", "Two."))
    assert first["datasets"]["said"]["said"].tolist() == ["One."]
    assert {**first, "datasets": None} == {**second, "datasets": None}
    svg = paper.svg(first)
    assert 'aria-label="One."' in svg and svg.count("<path") == paper.svg(spec).count("<path")
