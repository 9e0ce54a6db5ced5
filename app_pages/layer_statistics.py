"""What each norm layer receives and gives, by statistic group, by depth and by training epoch."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app import layer_statistics as view
from normviz.charts import curves as curve_charts
from normviz.charts import layer_statistics as layer_charts
from normviz.explain import curves
from normviz.words import captions

frame.open_page("layer_statistics")

layer = controls.choose_layer()
pixels = pictures.choose_batch()
if pixels is None:
    st.stop()
runs = saved.models()
looks = {norm: networks.look(norm, layer, pixels) for norm in runs}

st.subheader(f"Norm layer {layer}: before and after")
for norm, _run in saved.three_columns():
    frame.norm_heading(norm)
    view.show_values(norm, looks[norm])
for show in (view.show_groups, view.show_learned):
    for norm, _run in saved.three_columns():
        show(norm, looks[norm])

st.subheader("Batch norm: the batch's own statistics against the running ones")
st.markdown(
    "In training batch norm uses the batch's mean and standard deviation; in evaluation, as here, the running ones it kept. "
    "Where the two part, this input is unlike the training pictures."
)
grid = st.grid(2, min_column_width=340)
for statistic in ("mean", "std"):
    with grid.cell():
        pair = (f"batch_{statistic}", f"running_{statistic}")
        frame.show(
            layer_charts.channel_marks(looks["batch"].channels, "batch", pair, statistic), f"Batch and running {statistic}."
        )

st.subheader("By depth and by training epoch")
quantity = controls.choose_quantity()
label = captions.QUANTITIES[quantity]
grid = st.grid(2, min_column_width=340)
with grid.cell():
    depth = curves.statistic_lines({norm: look.all_layers for norm, look in looks.items()}, quantity, "layer", frame.study())
    frame.show(curve_charts.lines(depth, "norm layer", label), f"{label} by depth. {curves.last_values(depth, False)}")
    st.caption(f"{label}, mean over channels, at each norm layer for this input.")
with grid.cell():
    stored = {norm: run.layer_stats.query("layer == @layer") for norm, run in runs.items()}
    epochs = curves.statistic_lines(stored, quantity, "epoch", frame.study())
    frame.show(curve_charts.lines(epochs, "epoch", label), f"{label} by epoch. {curves.last_values(epochs, False)}")
    st.caption(f"{label} at norm layer {layer} over training; epoch 0 is before the first step.")

frame.close_page("layer_statistics")
