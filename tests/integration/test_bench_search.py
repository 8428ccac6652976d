"""`fuzzverse bench search`: whom it compares, and what it leaves. How fast is not for a test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.campaigns import described
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.bench.harness import RivalMissing, bug_of
from fuzzverse.bench.rivals import RIVALS, RivalContender, Workshop
from fuzzverse.bench.search import Limits
from fuzzverse.errors import ExitCode
from fuzzverse.model import Recipe
from fuzzverse.resources import installed
from fuzzverse.targetfile import load
from fuzzverse.toolchain import find_compiler

LOCKS = Path(__file__).resolve().parents[1] / "targets" / "locks.c"
TARGET_FILE = """\
name = "locks"
sources = ["locks.c"]

[[variant]]
name = "locks"
expect = "bug"
bug = "locks are open"
timelines = 20000

[[variant]]
name = "locks-unknown"
bug = "something that is not there"
timelines = 2000
"""
OPEN = bytes([7, 7, 0, 7, 1, 2, 67, 127])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the target `locks`, and an empty one for temporary files."""
    folder = tmp_path / "project" / "targets" / "locks"
    folder.mkdir(parents=True)
    shutil.copy(LOCKS, folder)
    (folder / "target.toml").write_text(TARGET_FILE)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path / "project"


def rival(name: str, project: Path, folder: Path) -> RivalContender:
    """A rival on locks. libFuzzer comes with clang; without AFL++ its tests are skipped."""
    target = load(project / "targets" / "locks" / "target.toml")
    workshop = Workshop(find_compiler(), installed(), os.environ)
    limits = Limits(seconds=60, timelines=None, jobs=2)
    try:
        return workshop.contender(name, target, target.variants[0], limits, folder / name)
    except RivalMissing as error:
        if not name.startswith("afl"):
            raise
        pytest.skip(str(error))


def test_strategies_side_by_side(fuzzverse: Fuzzverse, project: Path) -> None:
    words = ("--strategies", "random,depth-first", "--seeds", "2", "--first-seed", "7")
    files = ("--json", "s.json", "--plot", "s.svg", "--out-table", "s.md")
    done = fuzzverse("bench", "search", "locks", *words, *files, cwd=project)
    assert done.code == 0, done.err
    (target,) = json.loads((project / "s.json").read_text())["targets"]
    order = [(run["seed"], run["strategy"]) for run in target["runs"]]
    assert order == [(7, "random"), (7, "depth-first"), (8, "random"), (8, "depth-first")]
    assert target["limits"]["timelines"] == 20_000
    for run in target["runs"]:
        assert run["found"] == (run["strategy"] == "depth-first")
        assert 0 < run["opening_s"] < run["seconds"]
        assert run["timelines"] <= 20_000
        assert run["controller_cpu_s"] > 0
    assert "> 20,000" in done.out
    assert "bench search locks" in (project / "s.md").read_text()
    assert ElementTree.parse(project / "s.svg").getroot().tag.endswith("svg")
    assert done.err.count("locks, seed") == 4


def test_equal_seeds_need_equal_timelines(fuzzverse: Fuzzverse, project: Path) -> None:
    """Whatever the number of workers and the isolation."""
    words = ("--strategies", "depth-first", "--seeds", "2", "--json", "-")
    needed = []
    for more in (("--jobs", "1"), ("--jobs", "2"), ("--isolation", "fork")):
        done = fuzzverse("bench", "search", "locks", *words, *more, cwd=project)
        (target,) = done.json["targets"]
        assert target["limits"]["isolation"] == ("fork" if "fork" in more else "auto")
        needed.append([(run["timelines"], run["draws"]) for run in target["runs"]])
    assert needed[0] == needed[1] == needed[2]


def test_another_bug_than_the_wanted_one_does_not_count(
    fuzzverse: Fuzzverse, project: Path
) -> None:
    words = ("--strategies", "depth-first", "--seeds", "1")
    done = fuzzverse("bench", "search", "locks-unknown", *words, cwd=project)
    assert "0 of 1" in done.out
    assert "ended with another bug: all 5 locks are open" in done.out


def test_an_executable_has_no_rivals_and_any_bug_counts(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path]
) -> None:
    words = ("--strategies", "depth-first,libfuzzer", "--seeds", "1", "--timelines", "20000")
    done = fuzzverse("bench", "search", compiled("locks.c"), *words)
    assert done.code == 0, done.err
    assert "libfuzzer is left out" in done.err
    assert "any bug" in done.out
    assert "1 of 1" in done.out


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_finds_the_bug_and_leaves_nothing(name: str, project: Path, tmp_path: Path) -> None:
    contender = rival(name, project, tmp_path)
    run = contender.run(1, lambda: False)
    assert run is not None
    assert run.found
    assert run.bug == "all 5 locks are open"
    assert run.timelines > 0
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", RIVALS)
def test_a_rivals_input_is_a_tape(
    name: str, project: Path, tmp_path: Path, compiled: Callable[..., Path]
) -> None:
    """Both sides take the same bytes for the same draws."""
    contender = rival(name, project, tmp_path)
    artifact = tmp_path / "tape"
    artifact.write_bytes(OPEN)
    assert bug_of(contender.harness, artifact) == "all 5 locks are open"
    with (tmp_path / "log").open("wb") as log:
        target = described(compiled("locks.c"))
        replay = native.replay(target, Recipe(0, tape=OPEN), log_fd=log.fileno())
    assert replay.message == "all 5 locks are open"


def test_ctrl_c_ends_with_what_there_is(project: Path, tmp_path: Path) -> None:
    words = ["--strategies", "depth-first,random", "--seeds", "1000", "--timelines", "2000"]
    command = [sys.executable, "-P", "-m", "fuzzverse", "bench", "search", "locks", *words]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as bench:
        assert bench.stderr is not None
        bench.stderr.readline()
        time.sleep(0.2)
        bench.send_signal(signal.SIGINT)
        out, _ = bench.communicate(timeout=60)
    assert bench.returncode == ExitCode.INTERRUPTED
    assert out.splitlines()[1].split()[:2] == ["locks", "depth-first"]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--strategies", "luck"), "--strategies luck: known are"),
        (("--strategies", ","), "names nothing"),
        (("--strategies", "random", "--baseline", "depth-first"), "does not compete"),
    ],
)
def test_wrong_words_are_refused(
    fuzzverse: Fuzzverse, words: tuple[str, ...], complaint: str
) -> None:
    done = fuzzverse("bench", "search", "dungeon", *words)
    assert done.code == ExitCode.USAGE
    assert complaint in done.err
