"""The stand-in for the runtime that rivals link, alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIVALS = HERE.parents[1] / "native" / "rivals"
FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]


def test_bytes_and_marks(tmp_path: Path) -> None:
    sources = [HERE / "rivals" / "probe.c", RIVALS / "bytes.c", RIVALS / "marks.c"]
    includes = [f"-I{RIVALS}", f"-I{RIVALS.parent / 'include'}"]
    executable = tmp_path / "probe"
    command = ["clang", *FLAGS, *includes, *map(str, sources), "-o", str(executable)]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    environment = {"ASAN_OPTIONS": "detect_leaks=0"}  # dynamic marks live as long as the process
    done = subprocess.run(
        [executable], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
