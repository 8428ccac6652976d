"""Compiles the C tests of this folder and runs them.

A test is one C file with a `main` that returns 0. It links native/common; a line
`/* links: core/archive core/choice */` names further sources. Sanitizers watch over all of it;
a line `/* flags: -fno-builtin */` has other flags in their place.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parents[1] / "native"
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE=", "-O1", "-g", "-Wall", "-Wextra", "-Werror"]
FLAGS += ["-fno-sanitize-recover=all"]
SANITIZERS = ["-fsanitize=address,undefined"]
PROGRAMS = sorted(HERE.glob("*.c"))
SECONDS_MAX = 120


def linked_sources(program: Path) -> list[Path]:
    line = re.search(r"/\* links: ([\w/\s]+) \*/", program.read_text())
    named = line.group(1).split() if line else []
    return [*sorted((NATIVE / "common").glob("*.c")), *(NATIVE / f"{name}.c" for name in named)]


def chosen_flags(program: Path) -> list[str]:
    line = re.search(r"/\* flags: ([^*]+) \*/", program.read_text())
    return line.group(1).split() if line else SANITIZERS


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_c_program_passes(program: Path, tmp_path: Path) -> None:
    linked = linked_sources(program)
    sources = [str(path) for path in linked]
    folders = sorted({str(path.parent) for path in linked} | {str(NATIVE / "include")})
    includes = [f"-I{folder}" for folder in folders]
    executable = tmp_path / program.stem
    flags = [*FLAGS, *chosen_flags(program), *includes]
    compiled = subprocess.run(
        ["clang", *flags, str(program), *sources, "-o", str(executable)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    done = subprocess.run(
        [executable], capture_output=True, text=True, check=False, timeout=SECONDS_MAX, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
