from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse.aflstats import PLOT_HEADER, AflStats
from fuzzverse.errors import EngineError
from fuzzverse.model import Totals, Verdict
from fuzzverse.outcome import Bug, Snapshot

MakeSnapshot = Callable[..., Snapshot]


def stats_of(out: Path) -> dict[str, str]:
    lines = (out / "fuzzer_stats").read_text().splitlines()
    pairs = [line.split(":", 1) for line in lines]
    return {name.strip(): value.strip() for name, value in pairs}


def points_of(out: Path) -> list[list[str]]:
    head, *lines = (out / "plot_data").read_text().splitlines()
    assert f"{head}\n" == PLOT_HEADER
    return [line.split(", ") for line in lines]


def test_both_files_tell_where_the_campaign_is(
    tmp_path: Path, make_snapshot: MakeSnapshot, make_totals: Callable[..., Totals]
) -> None:
    stats = AflStats(tmp_path, "dungeon", 1_000.0)
    totals = make_totals(timelines=500, edges_found=25, edges_total=100, states=7, places=9)
    stats.write(make_snapshot(seconds=10.0, last_discovery=4.0, totals=totals, corpus=3))
    told = stats_of(tmp_path)
    assert told["execs_done"] == "500"
    assert told["execs_per_sec"] == told["execs_ps_last_min"] == "50.00"
    assert (told["bitmap_cvg"], told["corpus_count"]) == ("25.00%", "3")
    assert (told["last_update"], told["last_find"], told["time_wo_finds"]) == ("1010", "1004", "6")
    (point,) = points_of(tmp_path)
    assert point[:7] == ["10", "0", "2", "3", "9", "7", "25.00%"]
    assert len(point) == len(PLOT_HEADER.split(","))


def test_bugs_and_hangs_are_counted_and_dated(
    tmp_path: Path,
    make_snapshot: MakeSnapshot,
    make_totals: Callable[..., Totals],
    make_bug: Callable[..., Bug],
) -> None:
    stats = AflStats(tmp_path, "dungeon", 1_000.0)
    crash, hang = make_bug(), make_bug(verdict=Verdict.TIMEOUT)
    for seconds, bugs in ((1.0, (crash,)), (2.0, (crash, hang)), (3.0, (crash, hang))):
        totals = make_totals(timelines=int(100 * seconds))
        stats.write(make_snapshot(seconds=seconds, totals=totals, bugs=bugs))
    told = stats_of(tmp_path)
    assert (told["saved_crashes"], told["last_crash"]) == ("1", "1001")
    assert (told["saved_hangs"], told["last_hang"]) == ("1", "1002")
    assert told["execs_since_crash"] == "200"


def test_the_speed_is_that_of_the_last_minute(
    tmp_path: Path, make_snapshot: MakeSnapshot, make_totals: Callable[..., Totals]
) -> None:
    stats = AflStats(tmp_path, "dungeon", 0.0)
    for second in range(0, 301, 10):
        timelines = 1_000 * min(second, 200) + 10 * max(0, second - 200)
        totals = make_totals(timelines=timelines)
        stats.write(make_snapshot(seconds=float(second), totals=totals))
    assert stats_of(tmp_path)["execs_ps_last_min"] == "10.00"
    assert len(points_of(tmp_path)) == 31


def test_a_later_run_goes_on_where_the_first_one_ended(
    tmp_path: Path, make_snapshot: MakeSnapshot
) -> None:
    AflStats(tmp_path, "dungeon", 0.0).write(make_snapshot(seconds=40.0))
    AflStats(tmp_path, "dungeon", 90.0).write(make_snapshot(seconds=2.0))
    assert [point[0] for point in points_of(tmp_path)] == ["40", "42"]


@pytest.mark.parametrize("name", ["$(touch x)", '";id;"', "a\nb : c", "", "\x1b[2J"])
def test_what_a_shell_reads_holds_nothing_that_it_would_run(
    tmp_path: Path, make_snapshot: MakeSnapshot, name: str
) -> None:
    AflStats(tmp_path, name, 0.0).write(make_snapshot())
    text = (tmp_path / "fuzzer_stats").read_text()
    assert re.fullmatch(r"(?:[a-z_]+ *: [A-Za-z0-9._%-]+\n)+", text)


def test_no_division_by_nothing_for_those_who_read_it(
    tmp_path: Path, make_snapshot: MakeSnapshot, make_totals: Callable[..., Totals]
) -> None:
    totals = make_totals(timelines=0, edges_found=0, edges_total=0)
    AflStats(tmp_path, "d", 0.0).write(make_snapshot(seconds=0.0, totals=totals, corpus=0))
    told = stats_of(tmp_path)
    assert (told["execs_done"], told["corpus_count"], told["bitmap_cvg"]) == ("1", "1", "0.00%")


def test_a_directory_that_has_gone_is_said(tmp_path: Path, make_snapshot: MakeSnapshot) -> None:
    out = tmp_path / "out"
    out.mkdir()
    stats = AflStats(out, "dungeon", 0.0)
    (out / "plot_data").unlink()
    out.rmdir()
    with pytest.raises(EngineError, match=r"cannot write .*fuzzer_stats"):
        stats.write(make_snapshot())
