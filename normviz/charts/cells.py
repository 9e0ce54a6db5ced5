"""A tensor drawn cell by cell, and batch norm's running statistics. Tidy DataFrame in, one alt.Chart out."""

from dataclasses import dataclass

import altair as alt
import pandas as pd

from normviz.charts.parts import GREY, GREY_WORDS, Drawing, named, tips
from normviz.explain.cells import AXES
from normviz.model.norms import NORMS

TINTS = ("#77AADD", "#EE8866", "#EEDD88", "#FFAABB", "#99DDFF", "#44BB99", "#BBCC33", "#AAAA00")
INK = "#000000"  # readable on every tint; Tol's "light" scheme is made for cells that hold black text
BANNER = 68  # pixels above the panels for what is said of the cell that is pointed at
LETTERS = 20  # pixels above each row of panels for the letters of the groups
SMALLEST = 7  # pixels; smaller numbers are left out
TOOLTIP = {"index": "cell", "printed": "value", "letter": "group"}
DIMMED = "#B8BDC5"  # cells of other groups; their numbers stay readable on both themes
ACROSS = 0.45  # gap between panels, in cells
POINTED = "(isDefined(here.cell) && here.cell[0]) ? datum.cell === here.cell[0] : datum.locked"


def tensor(table: pd.DataFrame) -> Drawing:
    """Draws pictures x channels x pixels; cells that share a mean share a colour and a letter, above the panel or in the cell.

    Pointing at a cell (selection `group`) dims the other groups, and the banner above speaks of the cell; a click is the
    selection `pick` (field `cell`).

    Args:
        table: as `cells.frame` returns it.
    """
    first = table[list(AXES)].min()
    grid = Grid(*(int(table[axis].nunique()) for axis in AXES), int(first["picture"]), int(first["channel"]))
    return Drawing(_tensor, (grid,), {"cells": _placed(table, grid)})


@dataclass(frozen=True)
class Grid:
    """Where panels and cells are drawn: x in cells, y in pixels.

    Attributes:
        pictures, channels, rows, columns: how many of each.
        first_picture, first_channel: number of the first panel.
    """

    pictures: int
    channels: int
    rows: int
    columns: int
    first_picture: int
    first_channel: int

    @property
    def cell(self) -> int:
        """Height of a cell in pixels."""
        return int(min(44, max(13, 250 / (self.pictures * self.rows))))

    @property
    def down(self) -> int:
        return self.rows * self.cell + LETTERS

    @property
    def over(self) -> float:
        return self.columns + ACROSS

    @property
    def right(self) -> float:
        return self.channels * self.over - ACROSS

    def x(self) -> alt.X:
        middles = [channel * self.over + self.columns / 2 for channel in range(self.channels)]
        axis = _axis(middles, f"floor(datum.value / {self.over}) + {self.first_channel}")
        return alt.X("left:Q", title="channel", scale=alt.Scale(domain=[0, self.right], nice=False), axis=axis)

    def y(self) -> alt.Y:
        middles = [picture * self.down + LETTERS + self.rows * self.cell / 2 for picture in range(self.pictures)]
        axis = _axis(middles, f"floor(datum.value / {self.down}) + {self.first_picture}")
        scale = alt.Scale(domain=[self.pictures * self.down, -BANNER], nice=False)
        return alt.Y("top:Q", title="picture", scale=scale, axis=axis)


def _axis(values: list[float], label: str) -> alt.Axis:
    return alt.Axis(values=values, labelExpr=label, grid=False, ticks=False, domain=False, labelFontSize=13)


def _placed(table: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    picture, channel, row, column = (table[axis] - table[axis].min() for axis in AXES)
    left, top = channel * grid.over + column, picture * grid.down + LETTERS + row * grid.cell
    printed = table["printed"].where(~table["mixed"], table["printed"] + " " + table["letter"])
    placed = table[["cell", "index", "printed", "letter", "spoken", "group", "locked"]].assign(
        left=left,
        right=left + 1,
        middle=left + 0.5,
        top=top,
        bottom=top + grid.cell,
        centre=top + grid.cell / 2,
        shown=printed,
        corner=(row == 0) & (column == 0) & ~table["mixed"],
        tint=_tints(table),
        said=table["head"] + "\n" + table["summary"] + "\n" + table["detail"],
        longest=max(printed.str.len().max(), 2),
        longest_said=table["summary"].str.len().max(),
    )
    return placed.sort_values("locked", kind="stable")  # the locked cell's frame lies over its neighbours


def _tints(table: pd.DataFrame) -> pd.Series:
    """Returns the number of each cell's colour; where groups outnumber colours, those side by side still differ."""
    if table["group"].max() < len(TINTS):
        return table["group"]
    home = table.groupby("group")["picture"].transform("min")
    return (table["group"] - table["group"].groupby(home).transform("min") + 3 * home) % len(TINTS)


def _tensor(grid: Grid) -> alt.LayerChart:
    base = alt.Chart().encode(x=grid.x(), y=grid.y())
    layers = [_cells(base, 5 if grid.cell >= 24 else 3), _numbers(base, grid), _letters(base)]
    height = grid.pictures * grid.down + BANNER + 45
    chart = alt.layer(*layers, *_banner(), data=alt.NamedData("cells"), height=height)
    return chart.configure_view(stroke=None)


def _cells(base: alt.Chart, frame_width: int) -> alt.Chart:
    pick = alt.selection_point(name="pick", fields=["cell"], toggle=False)
    group, here = _pointed("group", "group"), _pointed("here", "cell")
    tint = alt.Scale(domain=list(range(len(TINTS))), range=list(TINTS))
    rectangles = base.mark_rect(cursor="pointer", cornerRadius=2, aria=True).encode(
        x2=alt.X2("right:Q"),
        y2=alt.Y2("bottom:Q"),
        color=alt.condition(group, alt.Color("tint:N", scale=tint, legend=None), alt.value(DIMMED)),
        stroke=alt.condition("datum.locked", alt.value(INK), alt.value("#FFFFFF")),
        strokeWidth=alt.condition("datum.locked", alt.value(frame_width), alt.value(1)),
        description=alt.Description("spoken:N"),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in TOOLTIP.items()],
    )
    return rectangles.properties(name="cells").add_params(group, here, pick)


def _pointed(name: str, field: str) -> alt.Parameter:
    return alt.selection_point(name=name, fields=[field], on="pointerover", clear="pointerout", toggle=False)


def _numbers(base: alt.Chart, grid: Grid) -> alt.Chart:
    """Prints each value in its cell, with its group's letter where the panel has several; not where it would not be legible."""
    size = f"min(20, {grid.cell * 0.62:.1f}, width / {grid.right} * 1.5 / datum.longest)"
    text = base.mark_text(fontSize=alt.ExprRef(size), color=INK, cursor="pointer", aria=False)
    shown = alt.OpacityValue(alt.ExprRef(f"{size} < {SMALLEST} ? 0 : 1"))
    return text.encode(x=alt.X("middle:Q"), y=alt.Y("centre:Q"), text=alt.Text("shown:N"), opacity=shown)


def _letters(base: alt.Chart) -> alt.Chart:
    corners = base.transform_filter("datum.corner")
    text = corners.mark_text(align="left", baseline="bottom", dy=-3, fontSize=13, fontWeight="bold", color=GREY_WORDS)
    return text.encode(text=alt.Text("letter:N"))


def _banner() -> list[alt.Chart]:
    """Draws what is said of the cell that is pointed at, or else of the locked one, on its group's colour."""
    rows = alt.Chart().transform_filter(POINTED)
    box = rows.mark_rect(cornerRadius=4, aria=False).encode(
        x=alt.XValue(0), x2=alt.X2Value("width"), y=alt.YValue(0), y2=alt.Y2Value(BANNER - 6), color=alt.Color("tint:N")
    )
    size = "min(16, (width - 16) / datum.longest_said * 1.75)"
    text = rows.mark_text(
        align="left", baseline="middle", lineBreak="\n", lineHeight=18, fontSize=alt.ExprRef(size), fontWeight=600, color=INK
    )
    return [box, text.encode(x=alt.XValue(8), y=alt.YValue(13), text=alt.Text("said:N"))]


def running(table: pd.DataFrame, reference: float, title: str) -> Drawing:
    """Draws how a running statistic of one channel follows the batches.

    Args:
        table: batch (from 0), running, own (the batch's own value; missing at batch 0), in order.
        reference: the value that it should come to, a dashed line.
        title: of the value axis.
    """
    tables = {"batches": table, "goal": pd.DataFrame({"running": [reference]})}
    return Drawing(_running, (max(int(table["batch"].max()), 10), title), tables)


def _running(last: int, title: str) -> alt.LayerChart:
    scale, axis = alt.Scale(domain=[0, last], nice=False), alt.Axis(format="~r", tickMinStep=1)
    x = alt.X("batch:Q", title="batches fed", scale=scale, axis=axis)
    y = alt.Y("running:Q", title=title, scale=alt.Scale(zero=False))
    base = named("batches").properties(height=260).encode(x=x, y=y)
    line = base.mark_line(color=NORMS["batch"].light.mark, strokeWidth=3, point=alt.OverlayMarkDef(size=50, filled=True))
    own = base.transform_filter("isValid(datum.own)").mark_point(color=GREY, size=45, filled=True, opacity=1, shape="cross")
    rule = named("goal").mark_rule(color=GREY, strokeDash=[6, 4], strokeWidth=2)
    tooltip = [*tips("batch:Q", running=".4~r"), alt.Tooltip("own:Q", format=".4~r", title="this batch")]
    return alt.layer(rule.encode(y=y), own.encode(y=alt.Y("own:Q"), tooltip=tooltip), line.encode(tooltip=tooltip))
