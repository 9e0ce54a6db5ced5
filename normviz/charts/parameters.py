"""Parameters by layer, and against the budget. Tidy DataFrame in, one drawing out."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, GREY, GREY_WORDS, HEIGHT, TEXT, Drawing, named, norm_colour, norm_outline, tips
from normviz.model.norms import NORMS


def parameter_bars(table: pd.DataFrame, norm: str, highest: float) -> Drawing:
    """Stacks convolution and norm parameters by layer for one model.

    Args:
        table: layer (label), part ("convolution" or "norm"), parameters; layers in order.
        norm: key of the model, for its colour.
        highest: the shared axis reaches so far, in parameters.
    """
    return Drawing(_parameter_bars, (norm,), {"layers": table, "highest": pd.DataFrame({"parameters": [highest]})})


def _parameter_bars(norm: str) -> alt.LayerChart:
    scale = alt.Scale(domain=["convolution", "norm"], range=[GREY, NORMS[norm].light.mark])
    y = alt.Y("parameters:Q", title="parameters")
    bars = (
        named("layers")
        .mark_bar()
        .encode(
            x=alt.X("layer:N", sort=None, title="convolution", axis=alt.Axis(labelAngle=0)),
            y=y,
            color=alt.Color("part:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            order=alt.Order("part:N"),
            tooltip=tips("layer:N", "part:N", parameters=","),
        )
    )
    return (bars + named("highest").mark_point(opacity=0).encode(y=y)).properties(height=HEIGHT)


def budget_bars(table: pd.DataFrame, budget: int) -> Drawing:
    """Draws total parameters against the budget.

    Args:
        table: norm, name (row label), part ("convolution" or "norm"), parameters, total, label; in row order.
        budget: the limit, in parameters.
    """
    limit = pd.DataFrame({"budget": [budget], "text": [f"budget {budget:,}"]})
    return Drawing(_budget_bars, (table["name"].nunique(),), {"totals": table, "limit": limit})


def _budget_bars(networks: int) -> alt.LayerChart:
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, labelFontSize=13))
    x = alt.X("parameters:Q", title="parameters", scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=5))
    base = named("totals").properties(height=40 * networks + 120).encode(y=y)
    opacity = alt.FillOpacity("part:N", scale=alt.Scale(domain=["norm", "convolution"], range=[1, 0.4]), title=None)
    opacity.legend = alt.Legend(orient="top", offset=28, symbolFillColor=GREY, symbolStrokeColor=GREY)
    drawn = {"color": norm_colour(), "stroke": norm_outline(), "fillOpacity": opacity}
    bars = base.mark_bar(strokeWidth=1.5).encode(x=x, **drawn, order=alt.Order("part:N"))
    totals = base.transform_filter("datum.part == 'norm'").mark_text(
        align="left", dx=6, fontSize=TEXT, fontWeight="bold", color=GREY_WORDS
    )
    limit = named("limit").encode(x=alt.X("budget:Q"))
    line = limit.mark_rule(color=GREY, strokeDash=[5, 4], strokeWidth=2)
    name = limit.mark_text(align="center", y=-12, color=GREY_WORDS).encode(text=alt.Text("text:N"))
    totals = totals.encode(x=alt.X("total:Q"), text=alt.Text("label:N"))
    return alt.layer(bars, totals, line, name, padding=EDGE)
