"""Nights: known bugs and new ones, many targets, and a night that is killed and goes on."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pytest
from support.commands import Fuzzverse

from fuzzverse.bench.nights import compare, go_through, moments, seconds_of, steps_of

NIGHT = """
[night]
jobs = 2
[defaults]
timelines = 4000
[canary]
name = "dungeon"
timelines = 100000
[[target]]
names = ["maze", "dungeon", "gates"]
[[target]]
names = ["races-tickets"]
timelines = 2000
"""
KILLS = 3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "night.toml"
    path.write_text(NIGHT)
    return path


def call(file: Path, out: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "fuzzverse", "nightly", str(file), "--out", str(out)]


def test_a_night_killed_three_times_keeps_what_an_undisturbed_one_keeps(
    file: Path, tmp_path: Path
) -> None:
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    said: list[str] = []
    for night in (1, 2):
        assert go_through(call(file, calm), (), lambda: 0, said.append) in (0, 77)
        kills = moments(KILLS, night, steps_of(calm, night), seconds_of(calm))
        so_far = partial(steps_of, wild, night)
        assert go_through(call(file, wild), kills, so_far, said.append) in (0, 77)
        state = json.loads((wild / "night.json").read_text())
        assert state["ended"]
        assert state["number"] == night
        homes = compare(calm, wild)
        assert [home.name for home in homes] == ["dungeon", "gates", "maze", "races-tickets"]
        assert all(home.counts["campaigns"] == night and home.counts["corpus"] for home in homes)
        assert {home.name: home.differences for home in homes if home.differences} == {}
    assert len(said) == 2 * KILLS


@pytest.mark.parametrize(
    ("budget", "more", "words"),
    [
        ("timelines = 20", ("--excuse", "mazes"), "--excuse mazes: "),
        ('time = "1s"', (), "the budget of maze is a time"),
    ],
)
def test_nights_that_cannot_be_compared_are_not_begun(
    file: Path, fuzzverse: Fuzzverse, budget: str, more: tuple[str, ...], words: str
) -> None:
    file.write_text(f'[[target]]\nnames = ["maze"]\n{budget}\n')
    done = fuzzverse("bench", "nightly", file, "--out", "both", *more)
    assert done.code == 2
    assert words in done.err
    assert not (file.parent / "both").exists()


def test_new_bugs_and_known_ones_have_exit_codes_of_their_own(
    file: Path, tmp_path: Path, fuzzverse: Fuzzverse
) -> None:
    first = fuzzverse("nightly", file, "--json")
    assert first.code == 77, first.err
    told = first.json
    assert {bug["target"] for bug in told["new"]} >= {"dungeon", "races-tickets"}
    assert not told["is_blind"]
    home = tmp_path / "night" / "targets" / "dungeon"
    assert (home / "report.html").read_bytes().startswith(b"<!doctype html>")
    done = fuzzverse("nightly", file)
    assert done.code == 0, done.out
    assert "still there" in done.out
    assert "0 new bugs" in done.out
    bucket = next(bug["bucket"] for bug in told["new"] if bug["target"] == "dungeon")
    assert fuzzverse("replay", "dungeon", "--bug", bucket, "--out", home).code == 77


def test_a_night_that_is_blind_or_has_a_broken_target_fails(
    file: Path, fuzzverse: Fuzzverse
) -> None:
    plain = '[[target]]\nnames = ["maze"]\ntimelines = 500\n'
    file.write_text(plain + '[canary]\nname = "maze"\ntimelines = 10\n')
    done = fuzzverse("nightly", file)
    assert done.code == 1
    assert "CANARY" in done.out
    broken = file.with_name("broken.toml")
    broken.write_text(plain.replace('["maze"]', '["maze", "./absent"]'))
    done = fuzzverse("nightly", broken)
    assert done.code == 1
    assert "FAILED absent-" in done.out
    assert "maze" in done.out


def test_what_is_wrong_with_the_file_is_said(file: Path, fuzzverse: Fuzzverse) -> None:
    file.write_text('[[target]]\nnames = ["nobody"]\ntimelines = 5\n')
    done = fuzzverse("nightly", file)
    assert done.code == 2
    assert "no target is called 'nobody'" in done.err
    done = fuzzverse("nightly", file.with_name("absent.toml"))
    assert done.code == 2
    assert "cannot read" in done.err
