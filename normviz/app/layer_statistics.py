"""What the page on layer statistics shows of each network: a chart with its words below it, so that charts stand level."""

import streamlit as st

from normviz.app import frame
from normviz.charts import layer_statistics as layer_charts
from normviz.words import captions, naming


def show_values(norm: str, look) -> None:
    """Draws the values before and after a norm layer; `look` is a `layer_statistics.Look`, here and below."""
    chart = layer_charts.distribution(look.distribution, norm)
    frame.show(chart, f"Values before and after the norm layer of the {norm} network.")
    _say(norm, f"{look.shape} values, **{look.group_count:,}** means and standard deviations.")


def show_groups(norm: str, look) -> None:
    """Draws mean and standard deviation of each statistic group."""
    averaged_over, unit = captions.STATISTIC_GROUPS[look.kind]
    frame.show(
        layer_charts.group_statistics(look.groups, norm, unit), f"Mean and standard deviation by {unit} in the {norm} network."
    )
    _say(norm, f"One mean and one standard deviation for {averaged_over}.")


def show_learned(norm: str, look) -> None:
    """Draws gamma and beta of each channel."""
    chart = layer_charts.channel_marks(look.channels, norm, ("gamma", "beta"), "learned")
    frame.show(chart, f"Gamma and beta by channel of the {norm} network.")
    _say(norm, f"Learned gamma and beta by channel{', mean over places' if look.by_place else ''}.")


def _say(norm: str, words: str) -> None:
    """Writes what a chart shows; on a phone the network's heading may be far above."""
    st.caption(f"**{naming.MODEL_NAMES[frame.study()][norm]}.** {words}")
