"""Nothing is longer than one can hold in mind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

C_FUNCTION_LINES_MAX = 70
C_FILE_LINES_MAX = 500
C_LINE_COLUMNS_MAX = 100
PYTHON_FUNCTION_LINES_MAX = 60
COMMAND_LINES_MAX = 100


def c_functions(text: str) -> Iterator[tuple[str, int]]:
    """Name and length of every function; the format of the house puts its ends in column 0."""
    start, header = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("}"):
            name = re.search(r"(\w+)\s*\(", header)
            if name and not header.endswith("= {"):
                yield name.group(1), number - start + 1
            header = ""
        elif not header and re.match(r"[A-Za-z_]", line):
            start, header = number, line
        elif header and not header.endswith("{"):
            header += " " + line.strip()
        if header.endswith((";", "}")):
            header = ""


def python_functions(tree: ast.AST) -> Iterator[tuple[ast.FunctionDef, int, bool]]:
    """Every function, its length, and whether it is a command (whose options count too)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            is_command = any(re.search(r"\.(command|group)\b", text) for text in decorators)
            first = node.decorator_list[0].lineno if is_command else node.lineno
            yield node, (node.end_lineno or first) - first + 1, is_command


def test_c_functions_stay_short(root: Path, all_c_texts: dict[Path, str]) -> None:
    long = [
        f"{path.relative_to(root)}: {name} has {length} lines"
        for path, text in all_c_texts.items()
        for name, length in c_functions(text)
        if length > C_FUNCTION_LINES_MAX
    ]
    assert long == []


def test_c_files_stay_short(root: Path, all_c_texts: dict[Path, str]) -> None:
    long = [
        f"{path.relative_to(root)} has {len(text.splitlines())} lines"
        for path, text in all_c_texts.items()
        if len(text.splitlines()) > C_FILE_LINES_MAX
    ]
    assert long == []


def test_c_lines_stay_short(root: Path, all_c_texts: dict[Path, str]) -> None:
    """clang-format leaves comments as they are."""
    long = [
        f"{path.relative_to(root)}:{number} has {len(line)} columns"
        for path, text in all_c_texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > C_LINE_COLUMNS_MAX
    ]
    assert long == []


def test_python_functions_stay_short(root: Path, python_texts: dict[Path, str]) -> None:
    long = [
        f"{path.relative_to(root)}: {node.name} has {length} lines"
        for path, text in python_texts.items()
        for node, length, is_command in python_functions(ast.parse(text))
        if length > (COMMAND_LINES_MAX if is_command else PYTHON_FUNCTION_LINES_MAX)
    ]
    assert long == []


def test_c_functions_are_seen() -> None:
    text = (
        "static int short_one(void) { return 0; }\n"
        "struct pair {\n    int a;\n};\n"
        "enum fv_err fv_x_do(int a,\n                    int b) {\n    return a;\n}\n"
        "static const int table[] = {\n    f(1),\n};\n"
        "int last(void) {\n}\n"
    )
    assert list(c_functions(text)) == [("fv_x_do", 4), ("last", 2)]
