"""The entry: `streamlit run streamlit_app.py` serves the pages of the app, and those of a classroom's room beside them."""

import streamlit as st
from starlette.middleware import Middleware

from normviz.app import ahead, assets, browsers, first_page
from normviz.classroom import routes

middleware = [Middleware(ahead.NoteArrivals), Middleware(assets.Assets), Middleware(browsers.NameBrowsers)]
app = st.App("visit.py", routes=[*first_page.ROUTES, *routes.ROUTES], lifespan=ahead.lifespan, middleware=middleware)
