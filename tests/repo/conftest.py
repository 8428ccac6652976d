"""What the rules of the house are checked on: the files that the repository holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "build", "dist", "fuzzverse-out", "__pycache__"}


def committed_or_new(root: Path) -> list[Path]:
    """Files that git tracks or would add; without git, all but what tools leave behind."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    try:
        listed = subprocess.run(
            [*command, "--exclude-standard"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return [
            path
            for path in root.rglob("*")
            if path.is_file() and not NOT_OURS & set(path.relative_to(root).parts)
        ]
    paths = {root / name for name in listed.stdout.split("\0") if name}
    return sorted(path for path in paths if path.is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file of the repository."""
    return committed_or_new(ROOT)


@pytest.fixture(scope="session")
def texts(files: list[Path]) -> dict[Path, str]:
    """The text of every file that is text."""
    found = {}
    for path in files:
        content = path.read_bytes()
        if b"\0" not in content:
            found[path] = content.decode("utf-8", "replace")
    return found


@pytest.fixture(scope="session")
def all_c_texts(texts: dict[Path, str]) -> dict[Path, str]:
    """Every source in C or C++: the engine's, the targets', the tests'."""
    suffixes = {".c", ".h", ".cc", ".cpp", ".hpp"}
    return {path: text for path, text in texts.items() if path.suffix in suffixes}


@pytest.fixture(scope="session")
def c_texts(texts: dict[Path, str]) -> dict[Path, str]:
    """The sources of native/."""
    native = ROOT / "native"
    return {
        path: text
        for path, text in texts.items()
        if path.suffix in {".c", ".h"} and path.is_relative_to(native)
    }


@pytest.fixture(scope="session")
def python_texts(texts: dict[Path, str]) -> dict[Path, str]:
    """The sources of the Python package."""
    package = ROOT / "fuzzverse"
    return {
        path: text
        for path, text in texts.items()
        if path.suffix == ".py" and path.is_relative_to(package)
    }
