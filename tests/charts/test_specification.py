import altair as alt
import pandas as pd

from normviz.charts import specification

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
