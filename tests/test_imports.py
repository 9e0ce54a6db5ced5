"""A server's sessions import modules at the same time, in threads."""

import ast
import subprocess
import sys

import pytest

from tests.app.pages import ROOT

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "normviz").rglob("*.py"))


@pytest.mark.parametrize("package", ["torch", "torchvision"])
def test_a_package_is_imported_whole_before_a_part_of_it(package):
    for module in MODULES:
        whole = False
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            whole |= isinstance(node, ast.Import) and any(name.name == package for name in node.names)
            part = isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{package}.")
            assert whole or not part, f"{module}, line {node.lineno}: import {package} first"


def test_the_server_has_no_need_of_torchvision():
    """It would take 150 MB, and some seconds of the first visitors."""
    names = [module.removesuffix(".py").replace("/", ".") for module in MODULES if not module.endswith("__main__.py")]
    script = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    script += "assert not {'torchvision', 'torch._dynamo'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script, *names], check=True, timeout=120, cwd=ROOT)
