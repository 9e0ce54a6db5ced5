"""Parameters by layer, and against the budget."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, GREY, GREY_WORDS, HEIGHT, TEXT, norm_colour, norm_outline, tips
from normviz.model.norms import NORMS


def parameter_bars(table: pd.DataFrame, norm: str, highest: float) -> alt.Chart:
    """Stacks convolution and norm parameters by layer for one model.

    Args:
        table: layer (label), part ("convolution" or "norm"), parameters; layers in order.
        norm: key of the model, for its colour.
        highest: top of the shared axis, in parameters.
    """
    scale = alt.Scale(domain=["convolution", "norm"], range=[GREY, NORMS[norm].light.mark])
    return (
        alt.Chart(table, height=HEIGHT)
        .mark_bar()
        .encode(
            x=alt.X("layer:N", sort=None, title="convolution", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("parameters:Q", title="parameters", scale=alt.Scale(domain=[0, highest])),
            color=alt.Color("part:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            order=alt.Order("part:N"),
            tooltip=tips("layer", "part", parameters=","),
        )
    )


def budget_bars(table: pd.DataFrame, budget: int) -> alt.LayerChart:
    """Draws total parameters against the budget.

    Args:
        table: norm, name (row label), part ("convolution" or "norm"), parameters, total, label; in row order.
        budget: the limit, in parameters.
    """
    right = max(table["total"].max(), budget)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, labelFontSize=13))
    x = alt.X("parameters:Q", title="parameters", scale=alt.Scale(domain=[0, right], nice=False), axis=alt.Axis(tickCount=5))
    base = alt.Chart(table, height=40 * table["name"].nunique() + 120).encode(y=y)
    opacity = alt.FillOpacity("part:N", scale=alt.Scale(domain=["norm", "convolution"], range=[1, 0.4]), title=None)
    opacity.legend = alt.Legend(orient="top", offset=28, symbolFillColor=GREY, symbolStrokeColor=GREY)
    drawn = {"color": norm_colour(), "stroke": norm_outline(), "fillOpacity": opacity}
    bars = base.mark_bar(strokeWidth=1.5).encode(x=x, **drawn, order=alt.Order("part:N"))
    totals = base.transform_filter("datum.part == 'norm'").mark_text(
        align="left", dx=6, fontSize=TEXT, fontWeight="bold", color=GREY_WORDS
    )
    limit = alt.Chart(pd.DataFrame({"budget": [budget], "text": [f"budget {budget:,}"]}))
    line = limit.mark_rule(color=GREY, strokeDash=[5, 4], strokeWidth=2).encode(x=alt.X("budget:Q"))
    name = limit.mark_text(align="center", y=-12, color=GREY_WORDS).encode(x=alt.X("budget:Q"), text=alt.Text("text:N"))
    totals = totals.encode(x=alt.X("total:Q"), text=alt.Text("label:N"))
    return alt.layer(bars, totals, line, name, padding=EDGE)
