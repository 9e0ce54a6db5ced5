import subprocess
import sys

from tests.app.pages import ROOT


def test_the_first_view_does_without_pytorch():
    script = """
import sys
from streamlit.testing.v1 import AppTest
assert not AppTest.from_file("visit.py", default_timeout=60).run().exception
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=150)
