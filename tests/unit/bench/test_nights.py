from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.bench.nights import Contrast, Home, Kill, compare, go_through, moments
from fuzzverse.catalogue import find
from fuzzverse.errors import EngineError
from fuzzverse.nightly.file import read
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report import nights as report

NIGHT = Path("targets/night.toml")
START = Start("maze", "b", "frontier", 1, "{}", 0.0, "", "{}")


def write(night: Path, number: int, *bugs: Bug, moment: Snapshot, entries: int = 1) -> None:
    """A home with one campaign; `number` is what clocks and luck made of it."""
    home = night / "targets" / "maze"
    (home / "corpus").mkdir(parents=True)
    (home / "corpus" / "aa").write_bytes(b"in")
    with Archive(home / "archive.db") as archive:
        campaign = archive.begin(replace(START, uid=f"{number:032x}", started=float(number)))
        for ordinal in range(entries):
            archive.add_entries(campaign, Entry("aa", ordinal, 1, "", 3, 1))
        archive.put_bugs(campaign, *bugs)
        for second in range(number):
            archive.add_point(campaign, replace(moment, seconds=float(second + 1)))


def test_clocks_are_no_difference(
    tmp_path: Path, make_bug: Callable[..., Bug], make_snapshot: Callable[..., Snapshot]
) -> None:
    for number in (1, 2):
        write(tmp_path / str(number), number, make_bug(), moment=make_snapshot())
    (home,) = compare(tmp_path / "1", tmp_path / "2")
    assert (home.name, home.differences) == ("maze", {})
    assert (home.counts["campaigns"], home.counts["entries"], home.counts["corpus"]) == (1, 1, 1)


def test_whatever_else_differs_is_told(
    tmp_path: Path, make_bug: Callable[..., Bug], make_snapshot: Callable[..., Snapshot]
) -> None:
    write(tmp_path / "1", 1, make_bug(sightings=4), moment=make_snapshot())
    write(tmp_path / "2", 1, make_bug(sightings=5), moment=make_snapshot(), entries=3)
    (tmp_path / "2" / "targets" / "maze" / "corpus" / "aa").write_bytes(b"other")
    (home,) = compare(tmp_path / "1", tmp_path / "2")
    assert home.differences == {"entries": (0, 2), "bugs": (1, 1), "corpus": (1, 1)}


def test_a_target_that_only_one_night_has_is_a_difference(
    tmp_path: Path, make_snapshot: Callable[..., Snapshot]
) -> None:
    write(tmp_path / "1", 1, moment=make_snapshot())
    (home,) = compare(tmp_path / "1", tmp_path / "2")
    assert home.differences["campaigns"] == (1, 0)


@pytest.mark.parametrize("seed", range(20))
def test_kills_come_before_the_night_can_have_ended(seed: int) -> None:
    kills = moments(3, seed, 100, 50.0)
    assert kills == moments(3, seed, 100, 50.0)
    assert [kill.steps for kill in kills] == sorted(kill.steps for kill in kills)
    assert all(2 <= kill.steps <= 75 and 0 <= kill.delay <= 0.5 for kill in kills)


def test_a_night_is_killed_with_its_group_and_then_comes_to_its_end(tmp_path: Path) -> None:
    """The third run ends by itself; what it and its child write tells who lived how long."""
    script = tmp_path / "night.py"
    child = f"import time; time.sleep(4); open({str(tmp_path / 'late')!r}, 'w')"
    script.write_text(
        "import subprocess, sys, time\n"
        f"runs = open({str(tmp_path / 'runs')!r}, 'a+'); runs.write('x'); runs.flush()\n"
        "runs.seek(0)\n"
        "if len(runs.read()) == 3: sys.exit(77)\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)\n"
    )
    told: list[str] = []
    command = [sys.executable, str(script)]
    ended = iter((0, 0, 3, 5))
    kills = (Kill(3, 1.0), Kill(5, 1.0))
    assert go_through(command, kills, lambda: next(ended), told.append) == 77
    assert told == ["kill 1 of 2, 1.00 s after step 3", "kill 2 of 2, 1.00 s after step 5"]
    time.sleep(4)
    assert not (tmp_path / "late").exists()
    (tmp_path / "runs").write_text("xx")
    with pytest.raises(EngineError, match="ended with exit code 77 before kill 1 of 1"):
        go_through(command, (Kill(0, 30.0),), lambda: 0, told.append)


def test_the_committed_night_has_every_target_and_only_budgets_in_timelines() -> None:
    names = find(Path.cwd(), Path("targets")).names()
    file = read(NIGHT, NIGHT.read_text(), names)
    assert {task.argument for task in file.tasks} == set(names)
    assert len(file.tasks) == len(names)
    assert all(task.policy.timelines and task.seconds is None for task in file.tasks)


def test_a_difference_is_a_verdict() -> None:
    counts = dict.fromkeys(("campaigns", "entries", "bugs", "marks", "states", "corpus"), 1_234)
    same = Contrast(9.0, 10.0, (77, 77), (Kill(1, 0.5),), (Home("maze", counts, {}),))
    assert same.is_equal
    assert "the same: 1 target, exit code 77; undisturbed 9 s" in report.render(same)
    other = replace(same, homes=(*same.homes, Home("raft", counts, {"bugs": (1, 2)})))
    assert not other.is_equal
    assert "DIFFERENT in 1 target" in report.render(other)
    assert "| raft | 1,234 |" in report.render_markdown(other, "bench")
    assert "bugs (-1 +2)" in report.render(other)
    excused = replace(other, excused=("raft",))
    assert excused.is_equal
    assert "the same (raft excused)" in report.render(excused)
    assert "bugs (-1 +2), excused" in report.render(excused)
    assert not replace(same, codes=(0, 77)).is_equal
