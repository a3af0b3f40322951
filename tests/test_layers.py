"""What the import contracts in pyproject.toml cannot say: a list of what is allowed, instead of what is not."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import phoneagent

PACKAGE = Path(phoneagent.__file__).parent
PURE = sorted(path for layer in ("conversation", "audio") for path in (PACKAGE / layer).rglob("*.py"))


def imported_packages(path: Path) -> set[str]:
    """First names of what a file imports; relative imports stay inside and are left out."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_pure_layers_import_the_standard_library_only(path):
    allowed = sys.stdlib_module_names | {"audioop", "phoneagent"}  # audioop left the standard library in 3.13
    assert imported_packages(path) <= allowed


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_settings_come_from_the_settings(path):
    if path == PACKAGE / "settings.py" or PACKAGE / "cli" in path.parents:  # commands hand it to their children
        return
    text = path.read_text()
    assert "os.environ" not in text
    assert "getenv" not in text
