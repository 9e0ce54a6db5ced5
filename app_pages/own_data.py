"""What own data hold, before anything is trained on them."""

import streamlit as st

from normviz.app import frame
from normviz.app import own_data as view
from normviz.words import own_data

frame.open_page("own_data")
frame.hide_study()

source, resize = view.choose()
album = view.read(source, resize)

if album is not None:
    told = view.report(album, resize)
    view.show_classes(told)
    st.subheader("What becomes of the pictures")
    view.show_examples(album, told)
    st.subheader("What to look after")
    view.show_faults(told, source)
    if source == own_data.HERE:
        st.markdown(own_data.HERE_NEXT)
    else:
        view.offer_lab(album, told)

frame.close_page("own_data")
