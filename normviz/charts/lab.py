"""Charts that grow: domains, colours and titles stand from the first point on, so that only the rows change."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import (
    EDGE,
    GREY,
    GREY_WORDS,
    HEIGHT,
    Drawing,
    named,
    norm_colour,
    norm_shape,
    norm_words,
    place_labels,
    tips,
)

FEWEST_LAYERS = 8  # on the axis of the stray, as in the networks that ship
ROOM = 1.5  # times the last x: for the names at the ends of the lines, so that the axis stands still when they come near it


@dataclass(frozen=True)
class Axis:
    """The value axis of a growing chart: title, ends, format of its numbers, and whether it is logarithmic."""

    title: str
    low: float
    high: float
    format: str = ".0%"
    log: bool = False


@dataclass(frozen=True)
class Growing:
    """The chart of one quantity of a run: the pictures seen when it ends, and the value axis, beyond which is cut."""

    end: float
    y: Axis

    def chart(self) -> alt.LayerChart:
        """Draws lines by pictures seen, each with the range of its seeds and its name at its end, of `tables` by their names."""
        x = alt.X("x:Q", title="pictures seen", scale=alt.Scale(domain=[0, self.end * ROOM], nice=False))
        x.axis = alt.Axis(values=[round(self.end * part / 4) for part in range(5)], format=",d", grid=False)
        dash = alt.StrokeDash("dashed:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [6, 4]]), legend=None)
        base = named("lines").encode(x=x, color=norm_colour(), detail=alt.Detail("series:N"))
        band = base.mark_area(opacity=0.2, clip=True).encode(y=self._value("low"), y2="high:Q")
        line = base.mark_line(strokeWidth=3, clip=True).encode(
            y=self._value("mean"), strokeDash=dash, tooltip=tips("series:N", x=",", mean=".3g")
        )
        ends = named("ends").encode(x=x)
        dots = ends.mark_point(filled=True, size=90, opacity=1).encode(
            y=self._value("mean"), color=norm_colour(), shape=norm_shape()
        )
        text = ends.mark_text(align="left", dx=9, fontWeight="bold").encode(
            y=self._value("place"), color=norm_words(), text="label:N"
        )
        changes = named("changes").encode(x=x)
        rules = changes.mark_rule(color=GREY, strokeDash=[2, 3])
        said = changes.mark_text(color=GREY_WORDS, align="left", dx=4, baseline="top").encode(y=alt.value(0), text="text:N")
        return alt.layer(band, line, rules, said, dots, text).properties(height=HEIGHT + 40, padding=EDGE)

    def _value(self, column: str) -> alt.Y:
        y = self.y
        scale = alt.Scale(domain=[y.low, y.high], nice=False, clamp=True, type="log" if y.log else "linear")
        return alt.Y(f"{column}:Q", title=y.title, scale=scale, axis=alt.Axis(format=y.format, tickCount=4))

    def drawing(self, lines: pd.DataFrame, names: dict[str, str], changes: pd.DataFrame) -> Drawing:
        """Returns the chart of tables.

        Args:
            lines: series, norm, x, mean, low, high, dashed; may be empty.
            names: text at the end of a line, by its series.
            changes: x and text: where the learning rate was changed.
        """
        tables = {"lines": lines, "ends": _ends(lines, names, self.y), "changes": changes}
        return Drawing(Growing.chart, (self,), tables)


def _ends(table: pd.DataFrame, names: dict[str, str], y: Axis) -> pd.DataFrame:
    ends = table.sort_values("x").drop_duplicates("series", keep="last").sort_values("mean")
    height = np.log10 if y.log else np.asarray
    places = place_labels(height(ends["mean"].clip(y.low, y.high)), height(y.low), height(y.high))
    return ends.assign(place=[float(10**place if y.log else place) for place in places], label=ends["series"].map(names))


def stray(layers: pd.DataFrame) -> Drawing:
    """Draws how far the batch's mean lies from the running mean of batch norm, by norm layer: layer, value."""
    return Drawing(_stray, (max(FEWEST_LAYERS, len(layers)),), {"layers": layers.assign(norm="batch")})


def _stray(count: int) -> alt.LayerChart:
    x = alt.X("layer:O", title="norm layer", scale=alt.Scale(domain=list(range(1, count + 1))), axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title="running standard deviations", scale=alt.Scale(domain=[0, 1.5], clamp=True))
    base = named("layers").properties(height=HEIGHT - 60).encode(x=x, y=y, color=norm_colour())
    return base.mark_line(strokeWidth=2, clip=True) + base.mark_point(filled=True, size=80, opacity=1).encode(
        tooltip=tips("layer:O", value=".2f")
    )
