"""Which cells of a tensor share a mean and a variance, and one cell worked by hand."""

import streamlit as st

from normviz.app import averaging, frame, own_numbers

frame.open_page("averaging")

source = averaging.choose_source()
if not averaging.depends_on_study(source):
    frame.hide_study()
picture, choices = averaging.places_for(source)
by_hand, batches, numbers = st.container(), st.container(), st.container()
with choices:
    tensor = averaging.choose_tensor(source)
    if tensor is None:
        st.stop()
    mode = averaging.choose_mode(tensor)
if tensor.seed is not None:
    with numbers:
        tensor = own_numbers.edit(tensor)
if tensor.has_batch_norm:
    with batches:
        fed = own_numbers.feed(tensor, own_numbers.choose_fed(tensor))
    tensor = own_numbers.in_mode(tensor, mode, fed)

with by_hand:
    st.subheader("The framed cell, worked by hand")
    locked = averaging.choose_cell(tensor)
    layers = averaging.layers_shown(tensor)
    averaging.work_out(layers, locked)
with picture:
    averaging.draw(tensor, layers, locked)
if tensor.has_batch_norm:
    with batches:
        own_numbers.show_running(tensor, fed, locked)

frame.close_page("averaging")
