"""The shape of the package: sizes held by a rule, and one broad except, in the one place that calls authors' code."""

import ast
import sys
from pathlib import Path

import pytest

import firsthand

ROOT = Path(firsthand.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds
    )


def test_there_is_one_broad_except_in_the_package():
    found = [
        name(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and broad(node)
    ]
    assert found == ["core/calling.py"]


def test_nothing_is_suppressed_broadly_either():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "suppress" in ast.unparse(node.func):
                assert "Exception" not in ast.unparse(node), name(path)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_has_over_400_lines_and_no_function_over_60(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= 60, node.name


def test_functions_are_short_on_the_whole():
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 9
    assert lengths[len(lengths) * 95 // 100] <= 32


def test_the_core_imports_pydantic_with_its_typing_extensions_and_the_standard_library_and_nothing_else():
    allowed = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "typing_extensions"}
    for path in (Path(__file__).parents[1] / "src" / "firsthand" / "core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("firsthand.core"), (path.name, name)
