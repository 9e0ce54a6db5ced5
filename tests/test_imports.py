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


SERVER = """
import importlib, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
from normviz.model import network
from normviz.probe import norms

described = network.architecture("controlled", "batch")
network.summary(described)
norms.probe(network.outline(described).norms[0], importlib.import_module("torch").randn(4, 16, 30, 30))
assert not {"torchvision", "torch._dynamo", "sympy", "distributed"} & set(sys.modules)
"""


def test_the_server_does_without_what_it_has_no_need_of():
    of_pages = [module for module in MODULES if module.split("/")[1] not in ("__main__.py", "commands", "lab", "studies")]
    names = [module.removesuffix(".py").replace("/", ".") for module in of_pages]
    subprocess.run([sys.executable, "-c", SERVER, *names], check=True, timeout=120, cwd=ROOT)
