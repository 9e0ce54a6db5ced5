"""The same picture through the three networks: maps and statistics at each norm layer, distances, and saliency."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app import journey as view
from normviz.app.saliency import show_saliency
from normviz.charts import journey as journey_charts
from normviz.explain import journey
from normviz.words import naming

frame.open_page("journey")

picture = pictures.choose_picture("its way through the networks appears here")
pixels = picture.pixels
grid = st.grid(2, min_column_width=260)
with grid.cell():
    st.image(controls.enlarge(pixels, 224), caption=frame.plain(picture.name), alt=f"The picture that goes in: {picture.name}")
with grid.cell():
    controls.show_agreement({norm: networks.answers(norm, pixels) for norm in saved.models()})

through = {norm: networks.passages(norm, pixels[None]) for norm in saved.models()}
st.subheader(f"Down the {len(through['batch'])} norm layers")
choice, ranges = view.choose(through), view.colour_ranges(through)
for norm, kept in through.items():
    view.show_strip(norm, kept, ranges, choice)
st.caption(view.STRIP)

st.subheader(f"Norm layer {choice.layer}: before and after")
ends = view.open_ranges(ranges, choice)
view.show_ranges(ends, through["batch"][choice.layer - 1])
for norm, _ in saved.three_columns():
    passage = through[norm][choice.layer - 1]
    frame.norm_heading(norm)
    view.show_channels(norm, passage, view.in_places(passage, choice), ends)
for norm, _ in saved.three_columns():
    passage = through[norm][choice.layer - 1]
    chart = journey_charts.used_and_own(journey.channels(passage), norm)
    frame.show(chart, f"Mean and standard deviation that the norm layer of the {norm} network used, by channel.")
    st.markdown(f"**{naming.MODEL_NAMES[frame.study()][norm]}.** {view.used_words(passage)}")
st.caption(view.CHART_KEY)

st.subheader("Where do they part ways?")
st.markdown(view.DISTANCE)
distances = view.choose_distances(pixels)
if distances is not None:
    said = journey.furthest_sentence(distances, naming.LABELS[frame.study()])
    st.markdown(f"**{said}**")
    frame.show(journey_charts.distances(distances, choice.layer), f"Distance of each two networks by norm layer. {said}")
    st.caption(view.CAUTION)

show_saliency(pixels, "Grad-CAM")

frame.close_page("journey")
