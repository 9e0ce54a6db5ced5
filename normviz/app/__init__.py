"""Everything that imports Streamlit: frame, cached loaders, controls, and one module a page."""
