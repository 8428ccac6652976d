"""What the repository holds, and what must never get into it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

FILE_BYTES_MAX = 256 * 1024
HOME_OF_A_BUILD_MACHINE = re.compile(r"(?<![\w.}])/(?:root|home/[a-z]|Users|work)/")
FOREIGN_FILES = {"sqlite3.c", "sqlite3.h", "sqlite3ext.h", "shell.c"}
COPYRIGHT = re.compile("copy" + r"right\s+(\(c\)|©|\d{4})", re.IGNORECASE)
NETWORK_HOST = re.compile(r"\w+://")
COMMANDS = ("make run", "make test")


def test_no_path_of_a_build_machine(root: Path, texts: dict[Path, str]) -> None:
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path, text in texts.items()
        for line in text.splitlines()
        if HOME_OF_A_BUILD_MACHINE.search(line)
    ]
    assert found == []


def test_no_third_party_source(root: Path, files: list[Path], texts: dict[Path, str]) -> None:
    foreign = [str(path.relative_to(root)) for path in files if path.name in FOREIGN_FILES]
    owned = [
        str(path.relative_to(root))
        for path, text in texts.items()
        if path.name != "LICENSE" and COPYRIGHT.search(text)
    ]
    assert foreign + owned == []


def test_no_large_file(root: Path, files: list[Path]) -> None:
    sizes = {str(path.relative_to(root)): path.stat().st_size for path in files}
    assert {name: size for name, size in sizes.items() if size > FILE_BYTES_MAX} == {}


def test_what_builds_names_no_network_host(root: Path, texts: dict[Path, str]) -> None:
    builders = {"Makefile", "pyproject.toml", "CMakeLists.txt", "run"}
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path, text in texts.items()
        if path.name in builders or path.suffix in {".sh", ".cmake"}
        for line in text.splitlines()
        if NETWORK_HOST.search(line)
    ]
    assert found == []


def test_architecture_names_every_source(root: Path) -> None:
    text = (root / "ARCHITECTURE.md").read_text()
    sources = [*root.glob("native/*/*.c"), *root.glob("fuzzverse/*.py")]
    names = {path.name for path in sources if not path.name.startswith("__")}
    missing = [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}\b", text)]
    assert sorted(missing) == []


def test_readme_has_the_two_commands(root: Path) -> None:
    lines = (root / "README.md").read_text().splitlines()
    assert [command for command in COMMANDS if command not in map(str.strip, lines)] == []


def test_changelog_knows_the_version(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", (root / "CHANGELOG.md").read_text(), re.M)
