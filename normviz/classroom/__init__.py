"""Lessons (YAML), rooms and votes (SQLite), plain HTML for phones, the handout. No Streamlit here."""
