"""`fuzzverse bench triage`: what it finds out about known bugs, and that it says what is missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import Fuzzverse

from fuzzverse.archive.queries import bugs_across, open_existing
from fuzzverse.errors import ExitCode

QUICK = ("dungeon", "gates", "kvchannel-handshake")
SHORT = ("--seeds", "2", "--more", "500", "--jobs", "1")


def test_quick_bugs_keep_all_limits(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    files = ("--json", "t.json", "--out-table", "t.md")
    done = fuzzverse("bench", "triage", *QUICK, *SHORT, *files)
    assert done.code == 0, done.err + done.out
    values = json.loads((tmp_path / "t.json").read_text())
    assert [one["variant"] for one in values["targets"]] == list(QUICK)
    for one in values["targets"]:
        assert one["missed"] == []
        assert [search["seed"] for search in one["searches"]] == [1, 2]
        assert all(search["is_wanted"] for search in one["searches"])
        assert len(one["buckets"]) == 1
        small, reason = one["small"], one["reason"]
        assert (small["stopped"], small["lucky"]) == ("", 0)
        assert small["segments"] <= 5
        assert 1 <= small["said"] <= small["draws"] <= small["found"]
        assert small["seconds"] < 60
        assert one["replayed"] == 100
        decision = reason["decision"]
        assert decision["avoiding"] >= 1
        assert decision["before"]["failing"] < decision["behind"]["failing"]
        assert decision["draw"]["number"] < small["draws"]
        assert ".c:" in reason["place"]
    assert (values["shared"], values["namesakes"]) == ([], {})
    assert "Limits missed: none of 3 variants." in done.out
    assert "| dungeon |" in (tmp_path / "t.md").read_text()
    assert not (tmp_path / "fuzzverse-out").exists()


def test_what_is_minimised_does_not_depend_on_the_workers(fuzzverse: Fuzzverse) -> None:
    found = []
    for jobs in ("1", "2"):
        words = ("--seeds", "1", "--more", "300", "--jobs", jobs, "--json", "-")
        done = fuzzverse("bench", "triage", "dungeon", *words)
        assert done.code == 0, done.err
        (one,) = done.json["targets"]
        (search,) = one["searches"]
        small, decision = one["small"], one["reason"]["decision"]
        found.append((search["timelines"], search["bugs"], small["recipe"], decision))
        assert small["trials"] > 100
    assert found[0] == found[1]


def test_one_mark_in_two_variants_is_two_bugs(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    """By the names of their buckets they are namesakes; an archive of both keeps them apart."""
    names = ("gates", "gates-magic")
    words = ("--seeds", "1", "--more", "0", "--jobs", "1", "--futures", "50", "--replays", "3")
    done = fuzzverse("bench", "triage", *names, *words, "--out", "kept", "--json", "-")
    assert done.code == 0, done.err
    assert list(done.json["namesakes"].values()) == [list(names)]
    assert done.json["shared"] == []
    for name in names:
        pushed = fuzzverse("archive", "push", f"kept/{name}-1", "team.db")
        assert pushed.code == 0, pushed.err
    with open_existing(str(tmp_path / "team.db")) as database:
        seen = bugs_across(database)
    assert sorted(bug.target for bug in seen) == list(names)
    assert len({bug.bucket for bug in seen}) == 1


def test_what_is_missed_is_said(fuzzverse: Fuzzverse) -> None:
    words = ("--seeds", "1", "--more", "0", "--jobs", "1", "--minimize-time", "1ms")
    done = fuzzverse("bench", "triage", "dungeon", *words)
    assert done.code == ExitCode.ENGINE_FAILED
    assert "Missed by dungeon: minimising stopped: time is up." in done.out.replace("\n", " ")


def test_a_bug_that_is_not_found_is_missed(fuzzverse: Fuzzverse) -> None:
    done = fuzzverse("bench", "triage", "maze", "--seeds", "1", "--time", "1ms", "--jobs", "1")
    assert done.code == ExitCode.ENGINE_FAILED
    assert "no bug was found" in done.err


@pytest.mark.parametrize(
    ("name", "words"),
    [("races-none", "did you mean"), ("leaky", "has no known bug; there are: "), ("./x", "no tar")],
)
def test_what_has_no_known_bug_is_refused(fuzzverse: Fuzzverse, name: str, words: str) -> None:
    done = fuzzverse("bench", "triage", name)
    assert done.code == ExitCode.USAGE
    assert words in done.err
