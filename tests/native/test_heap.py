"""The archive of the heap, linked as targets link it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parents[1] / "native"
DRIVERS = {".c": ["clang", "-std=gnu11", "-D_GNU_SOURCE="], ".cc": ["clang++", "-std=c++17"]}
FLAGS = ["-O2", "-g", "-Wall", "-Wextra", "-Werror", f"-I{NATIVE / 'heap'}"]
SECONDS_MAX = 60


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as native/cmake builds it."""
    folder = tmp_path_factory.mktemp("heap")
    objects = []
    for source in sorted((NATIVE / "heap").glob("*.c")):
        objects.append(folder / f"{source.stem}.o")
        flags = [*FLAGS, "-fPIC", "-fvisibility=hidden"]
        run(*DRIVERS[".c"], *flags, "-c", source, "-o", objects[-1])
    run("ar", "rcs", folder / "libfuzzverse_heap.a", *objects)
    return folder / "libfuzzverse_heap.a"


def linked(name: str, archive: Path, folder: Path, *flags: str) -> Path:
    source, program = HERE / "heap" / name, folder / "program"
    heap = ["-Wl,-u,malloc", str(archive)]
    run(*DRIVERS[source.suffix], *FLAGS, *flags, source, *heap, "-o", program)
    return program


@pytest.mark.parametrize("flags", [(), ("-no-pie",), ("-static",), ("-fsanitize=undefined",)])
def test_libc_allocates_from_it(archive: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    assert run(linked("libc.c", archive, tmp_path, *flags)) == "ours\n"


def test_cxx_allocates_from_it(archive: Path, tmp_path: Path) -> None:
    assert run(linked("library.cc", archive, tmp_path)) == "ours\n"


@pytest.mark.parametrize("sanitizer", ["address", "memory", "thread", "leak", "address,undefined"])
def test_it_leaves_the_field_to_sanitizers(archive: Path, tmp_path: Path, sanitizer: str) -> None:
    program = linked("libc.c", archive, tmp_path, f"-fsanitize={sanitizer}")
    # Nobody looks for leaks: that does not work in a process that is traced.
    options = {"ASAN_OPTIONS": "detect_leaks=0", "LSAN_OPTIONS": "detect_leaks=0"}
    assert run(program, **options) == "theirs\n"


@pytest.mark.parametrize(
    ("limit", "answer"), [(40 << 30, "ours\n"), (3 << 30, "ours\n"), (1 << 29, "none\n")]
)
def test_with_little_address_space_it_is_smaller(
    archive: Path, tmp_path: Path, limit: int, answer: str
) -> None:
    assert run("prlimit", f"--as={limit}", linked("libc.c", archive, tmp_path)) == answer
