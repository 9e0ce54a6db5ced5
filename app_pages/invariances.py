"""Which outputs stay when a layer's input or the picture is multiplied or shifted, measured live for each norm."""

import streamlit as st

from normviz.app import controls, frame, pictures
from normviz.app import invariances as view

frame.open_page("invariances")

layer = controls.choose_layer(view.FIRST_LAYER)
given = pictures.choose_batch()
if given is None:
    st.stop()
pixels = view.limited(given)
amounts = view.choose_amounts()
x, running = view.activations(pixels, layer)

st.subheader(f"What norm layer {layer} receives, changed")
view.show_table(x, running, amounts)

st.subheader("One change, drawn")
view.show_one(x, running, amounts)

st.subheader("The picture, changed")
view.show_pictures(pixels, layer, amounts)

frame.close_page("invariances")
