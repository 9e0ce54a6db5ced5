"""The same picture through the three networks: maps and statistics at each norm layer, distances, and saliency."""

import streamlit as st

from normviz import controls, journey, journey_charts, lessons, ui
from normviz.views import journey as view
from normviz.views import pictures
from normviz.views.saliency import show_saliency

ui.open_page("journey")

picture = pictures.choose_picture("its way through the networks appears here")
pixels = picture.pixels
grid = st.grid(2, min_column_width=260)
with grid.cell():
    st.image(controls.enlarge(pixels, 224), caption=ui.plain(picture.name), alt=f"The picture that goes in: {picture.name}")
with grid.cell():
    controls.show_agreement({norm: ui.answers(norm, pixels) for norm in ui.models()})

st.subheader("Down the eight norm layers")
through = {norm: ui.passages(norm, pixels[None]) for norm in ui.models()}
choice, ranges = view.choose(through), view.colour_ranges(through)
for norm, kept in through.items():
    view.show_strip(norm, kept, ranges, choice)
st.caption(view.STRIP)

st.subheader(f"Norm layer {choice.layer}: before and after")
ends = view.open_ranges(ranges, choice)
view.show_ranges(ends)
st.caption(view.RANGE)
for norm, _ in ui.three_columns():
    passage = through[norm][choice.layer - 1]
    ui.norm_heading(norm)
    st.markdown(view.used_words(passage))
    view.show_channels(norm, passage, view.in_places(passage, choice), ends)
    chart = journey_charts.used_and_own(journey.channels(passage), norm)
    ui.show(chart, f"Mean and standard deviation that the norm layer of the {norm} network used, by channel.")
st.caption(view.CHART_KEY)

st.subheader("Where do they part ways?")
st.markdown(view.DISTANCE)
distances = view.choose_distances(pixels)
if distances is not None:
    said = journey.furthest_sentence(distances, lessons.LABELS[ui.study()])
    st.markdown(f"**{said}**")
    ui.show(journey_charts.distances(distances, choice.layer), f"Distance of each two networks by norm layer. {said}")
    st.caption(view.CAUTION)

show_saliency(pixels, "Grad-CAM")

ui.close_page("journey")
