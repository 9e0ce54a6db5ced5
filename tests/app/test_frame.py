import subprocess
import sys

import pytest

from normviz.words import pages
from tests.app.pages import ROOT, open_page


def test_the_first_view_does_without_pytorch():
    script = """
import sys
from streamlit.testing.v1 import AppTest
assert not AppTest.from_file("visit.py", default_timeout=60).run().exception
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=150)


EMPTY = [  # page and choices that its address names without a value, or without an end
    ("evidence", {"study": ""}),
    ("averaging", {"tensor": "", "norm": "", "mode": "", "n": "1e999", "seed": "1e999", "fed": "1e999"}),
    ("averaging", {"tensor": "network", "network": "", "layer": ""}),
    ("batch_mates", {"mates": "", "study": ""}),
    ("classify", {"from": "", "example": "", "saliency": ""}),
    ("classify", {"saliency": "Grad-CAM", "block": ""}),
    ("invariances", {"seen": ""}),
    ("journey", {"order": "", "passed": ""}),
    ("layer_statistics", {"layer": "", "input": ""}),
    ("lesson", {"lesson": ""}),
    ("parameters", {"w1": "1e999", "w8": "-1e999"}),
]


@pytest.mark.parametrize(("key", "query"), EMPTY)
def test_a_choice_without_a_value_in_the_address_is_the_usual_one(key, query):
    app = open_page(key, **query)
    assert not app.exception and app.title[0].value == pages.PAGES[key].title
