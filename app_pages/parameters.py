"""Three layer tables side by side, where the parameters sit, the budget, and widths of the visitor's own."""

import streamlit as st

from normviz.app import frame, saved
from normviz.app import parameters as view
from normviz.explain import parameters

frame.open_page("parameters")

view.show_shipped(frame.study(), saved.digests(), frame.scheme())

st.subheader("Choose the widths yourself")
st.markdown(
    "Change the channels of each convolution and see what each kind of norm would cost. Residual convolutions keep the width of "
    "the one before them, so they share a number."
)
widths = view.choose_widths()
for problem in parameters.group_problems(widths):
    st.info(problem, icon=":material/info:")
view.show_costs(widths, frame.scheme())

frame.close_page("parameters")
