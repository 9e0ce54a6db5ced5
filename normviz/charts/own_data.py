"""What own data hold."""

import altair as alt
import pandas as pd

from normviz.charts.parts import GREY, tips

ROW, AROUND = 26, 150  # pixels of a class, and of axis and legend
PARTS = {"train": "#56B4E9", "test": GREY}  # Okabe-Ito's sky blue, which is no norm's colour


def class_bars(table: pd.DataFrame) -> alt.Chart:
    """Draws how many pictures of each class are for training and for testing: class, part, pictures; classes in order."""
    scale = alt.Scale(domain=list(PARTS), range=list(PARTS.values()))
    y = alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelLimit=180, labelFontSize=13))
    return (
        alt.Chart(table, height=AROUND + ROW * table["class"].nunique())
        .mark_bar()
        .encode(
            y=y,
            x=alt.X("pictures:Q", title="pictures", axis=alt.Axis(format="d", tickMinStep=1)),
            color=alt.Color("part:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            order=alt.Order("part:N", sort="descending"),
            tooltip=tips("class", "part", "pictures"),
        )
    )
