"""What one page alone is made of: its choices and its parts. Like ui.py and controls.py, these import streamlit."""
