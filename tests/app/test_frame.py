import subprocess
import sys

from tests.app.pages import ROOT


def test_pytorch_is_imported_after_the_first_view_and_before_it_is_asked_for():
    script = """
import sys, time
from streamlit.testing.v1 import AppTest
assert not AppTest.from_file("visit.py", default_timeout=60).run().exception
assert "torch" not in sys.modules
deadline = time.monotonic() + 90
while "captum.attr" not in sys.modules:
    assert time.monotonic() < deadline
    time.sleep(0.1)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=150)
