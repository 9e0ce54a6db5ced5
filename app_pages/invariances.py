"""Which outputs stay when a layer's input or the picture is multiplied or shifted, measured live for each norm."""

import streamlit as st

from normviz.app import controls, frame, networks, pictures, saved
from normviz.app import invariances as view
from normviz.explain.invariances import PICTURES

frame.open_page("invariances")

layer = controls.choose_layer(view.FIRST_LAYER)
pixels = pictures.choose_batch(most=PICTURES)
if pixels is None:
    st.stop()
amounts = view.choose_amounts()
received = view.Received(frame.study(), saved.digests(), networks.digest(pixels), layer)

st.subheader(f"What norm layer {layer} receives, changed")
view.show_table(received, amounts, pixels)

st.subheader("One change, drawn")
view.show_one(received, amounts, pixels)

st.subheader("The picture, changed")
view.show_pictures(received, amounts, pixels)

frame.close_page("invariances")
