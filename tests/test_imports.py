"""A server's sessions import modules at the same time, in threads."""

import ast

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
