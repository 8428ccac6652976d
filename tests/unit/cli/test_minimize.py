from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse import bugstore, native
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.cli import call
from fuzzverse.cli.minimize import Progress
from fuzzverse.errors import ExitCode
from fuzzverse.model import Recipe
from fuzzverse.outcome import Bug
from fuzzverse.shapes import Shape, explicit

Capsys = pytest.CaptureFixture[str]


def shape(said: int) -> Shape:
    return Shape.of(explicit(1, None, [(draw, 1) for draw in range(said)]), 60)


@pytest.mark.parametrize(("is_screen", "expected"), [(True, 3), (False, 1)])
def test_progress_is_shown_now_and_then(capsys: Capsys, is_screen: bool, expected: int) -> None:
    now = 0.0
    progress = Progress(0.0, is_screen, lambda: now)
    progress.moved(1)  # nothing is known yet
    progress.took(shape(9))
    for now in (0.1, 1.0, 2.0, 11.0):
        progress.moved(round(now))
    progress.end()
    err = capsys.readouterr().err
    assert err.count("9 draws said") == expected
    assert err.endswith("\r") == is_screen


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fuzzverse replay ./evil --bug b", "--target"),
        ("fuzzverse replay zzz --bug b", "zzz"),
        ("not 'closed", "--target"),
        ("", "--target"),
    ],
)
def test_only_names_are_taken_from_what_a_bug_says(
    command: str, words: str, tmp_path: Path, capsys: Capsys, make_bug: Callable[..., Bug]
) -> None:
    bug = make_bug(command=command)
    evidence = Evidence(native.input_bytes(Recipe.of(1)), b"", b"")
    bugstore.save(tmp_path / "bugs", SavedBug(bug, "dungeon", "0"), evidence)
    began = time.monotonic()
    assert call(["bugs", "minimize", bug.bucket, "--out", str(tmp_path)]) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert time.monotonic() - began < 5
