"""What the norm layers of a network of the visitor's own average over, and what else is shown of them."""

import streamlit as st

from normviz.app import frame, own_layers, own_network

frame.open_page("own_network")
frame.hide_study()

choices, found = st.columns([3, 4], gap="medium")
with choices:
    choice = own_network.choose()
with found:
    looked = own_network.look(choice)
    if looked is None:
        st.stop()
    rows, reached, warnings = looked
    if rows:
        own_network.show_rows(rows, reached, warnings)
    else:
        st.info("This network has no norm layer.", icon=":material/info:")
    own_network.offer_lab(choice)
if rows:
    own_layers.show(choice, rows)

frame.close_page("own_network")
