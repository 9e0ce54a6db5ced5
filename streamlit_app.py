"""The entry: `streamlit run streamlit_app.py` serves the pages of the app, and those of a classroom's room beside them."""

import streamlit as st

from normviz.app import ahead
from normviz.classroom import routes

app = st.App("visit.py", routes=routes.ROUTES, lifespan=ahead.lifespan)
