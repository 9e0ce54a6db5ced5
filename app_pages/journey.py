"""The same picture through the three networks: maps and statistics at each norm layer, distances, and saliency."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app import journey as view
from normviz.app.saliency import show_saliency

frame.open_page("journey")

picture = pictures.choose_picture("its way through the networks appears here")
pixels = picture.pixels
grid = st.grid(2, min_column_width=260)
with grid.cell():
    st.image(
        controls.enlarge(pixels, 224),
        output_format="PNG",
        caption=frame.plain(picture.name),
        alt=f"The picture that goes in: {picture.name}",
    )
with grid.cell():
    controls.show_agreement({norm: networks.answers(norm, pixels) for norm in saved.models()})

st.subheader(f"Down the {networks.norm_layers()} norm layers")
choice = view.choose()
view.show_way(frame.study(), saved.digests(), networks.digest(pixels), choice, frame.scheme(), pixels)

st.subheader("Where do they part ways?")
st.markdown(view.DISTANCE)
distances = view.choose_distances(pixels)
if distances is not None:
    view.show_distances(frame.study(), saved.digests(), frame.scheme(), choice.layer, *distances)

show_saliency(pixels, "Grad-CAM")

frame.close_page("journey")
