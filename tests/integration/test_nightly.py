"""Nights: known bugs and new ones, many targets, and a night that is killed and goes on."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.commands import Fuzzverse

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
# What two nights of equal budgets have in common: all but times and names that are drawn.
QUERIES = (
    "SELECT target, build_id, strategy, campaign_seed, stopped, timelines, roots, draws, features,"
    " edges_found, digest, states FROM campaigns ORDER BY id",
    "SELECT campaign, name, timeline, root, recipe, draws, fresh FROM entries ORDER BY 1, 3",
    "SELECT campaign, bucket, kind, message, root, recipe, sightings, first_timeline, reproduced,"
    " replays, identity, input, stack FROM bugs ORDER BY 1, 2",
    "SELECT campaign, mark, message, passes, failures, watermark FROM marks ORDER BY 1, 2",
    "SELECT campaign, number, mark, keys, draws, tries, hits FROM states ORDER BY 1, 2",
    "SELECT name, size FROM blobs WHERE name IN (SELECT input FROM bugs) ORDER BY 1",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "night.toml"
    path.write_text(NIGHT)
    return path


def content(directory: Path) -> dict[str, Any]:
    """What the nights of a directory have left."""
    found: dict[str, Any] = {}
    for home in sorted((directory / "targets").iterdir()):
        with sqlite3.connect(home / "archive.db") as archive:
            rows = [archive.execute(query).fetchall() for query in QUERIES]
        corpus = {path.name for path in home.glob("corpus/*")}
        bugs = {path.name for path in home.glob("bugs/*")}
        found[home.name] = (rows, corpus, bugs)
    return found


def call(file: Path, out: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "fuzzverse", "nightly", str(file), "--out", str(out)]


def test_a_night_killed_three_times_keeps_what_an_undisturbed_one_keeps(
    file: Path, tmp_path: Path
) -> None:
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    for night in (1, 2):
        start = time.monotonic()
        assert subprocess.run(call(file, calm), check=False).returncode in (0, 77)
        seconds = time.monotonic() - start
        luck = random.Random(night)
        for _ in range(KILLS):
            with subprocess.Popen(call(file, wild)) as process:
                # Together less than the night takes, so that it cannot have ended.
                time.sleep(luck.uniform(0.03, 0.25) * seconds)
                process.send_signal(signal.SIGKILL)
        assert subprocess.run(call(file, wild), check=False).returncode in (0, 77)
        state = json.loads((wild / "night.json").read_text())
        assert state["ended"]
        assert state["number"] == night
        assert content(wild) == content(calm)


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
