"""Real targets, built as a user builds them, and the command line as a user types it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described
from support.commands import Done, Fuzzverse

from fuzzverse.model import Target

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "targets"
SECONDS_MAX = 300


@pytest.fixture
def fuzzverse(tmp_path: Path) -> Fuzzverse:
    """Types `fuzzverse ...` in an empty folder (or in `cwd`)."""

    def call(*words: str | Path, cwd: Path = tmp_path) -> Done:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fuzzverse", *map(str, words)],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles a target of tests/targets by `fuzzverse cc` or `c++`, once a session."""
    folder = tmp_path_factory.mktemp("targets")

    def compile_target(source: str, *flags: str) -> Path:
        name = "-".join([Path(source).stem, *(flag.strip("-D=") for flag in flags)])
        path = folder / name.replace("/", "_").replace("=", "_")
        if not path.exists():
            driver = "cc" if source.endswith(".c") else "c++"
            command = [sys.executable, "-P", "-m", "fuzzverse", driver, "-g", "-O1", *flags]
            subprocess.run([*command, str(SOURCES / source), "-o", str(path)], check=True)
        return path

    return compile_target


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Target]:
    """Builds a target of this repository by its name, and describes it."""

    def build(name: str) -> Target:
        command = [sys.executable, "-P", "-m", "fuzzverse", "build", name]
        done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        return described(Path(done.stdout.strip().splitlines()[-1]))

    return build
