"""Who may include and import whom, beyond what the import layers say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Folders of native/ whose headers a folder may include, besides its own.
MAY_INCLUDE = {
    "include": set[str](),
    "common": {"include"},
    "runtime": {"include", "common"},
    "heap": {"common"},
    "sim": {"include"},
    "threads": {"include", "sim"},
    "core": {"include", "common"},
    "rivals": {"include"},
    "python": {"include"},
}
EXTENSION = "fuzzverse._native"
QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
ANGLED = re.compile(r"^\s*#\s*include\s+<fuzzverse/", re.MULTILINE)


def included_folders(path: Path, text: str, native: Path) -> Iterator[tuple[str, str]]:
    """What a source includes in quotes, and the folder of native/ that it comes from."""
    for name in QUOTED.findall(text):
        found = (path.parent / name).resolve()
        if not found.is_file():
            found = next(iter(sorted(native.glob(f"*/{name}"))), native / "nowhere" / name)
        yield name, found.relative_to(native).parts[0]
    if ANGLED.search(text):
        yield "<fuzzverse/...>", "include"


def test_native_includes_stay_within_the_walls(root: Path, c_texts: dict[Path, str]) -> None:
    native = root / "native"
    strays = []
    for path, text in c_texts.items():
        own = path.relative_to(native).parts[0]
        for name, folder in included_folders(path, text, native):
            if folder not in {own} | MAY_INCLUDE[own]:
                strays.append(f"{path.relative_to(root)} includes {name} of {folder}")
    assert strays == []


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "fuzzverse" if node.level else node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)
            yield f"{module}.{node.module}" if node.level else module


def test_only_native_imports_the_extension(root: Path, texts: dict[Path, str]) -> None:
    importers = [
        str(path.relative_to(root))
        for path, text in texts.items()
        if path.suffix == ".py" and any(n.startswith(EXTENSION) for n in imported(ast.parse(text)))
    ]
    assert [name for name in importers if name != "fuzzverse/native.py"] == []


def test_no_module_of_the_package_starts_cffi(root: Path, python_texts: dict[Path, str]) -> None:
    users = [
        str(path.relative_to(root))
        for path, text in python_texts.items()
        if any(name.split(".")[0] == "cffi" for name in imported(ast.parse(text)))
    ]
    assert [name for name in users if name != "fuzzverse/native.py"] == []
