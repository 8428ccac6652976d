from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse import bugstore
from fuzzverse.archive.writer import Archive, Start
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.chronicle import Edges
from fuzzverse.dossier import LOG_BYTES_MAX, Change, collect, exhibit, find_lines
from fuzzverse.errors import UsageError
from fuzzverse.outcome import Bug

WHY = {
    "draws": 300,
    "curve": [{"draw": 0, "failing": 1, "futures": 200}, {"draw": 150, "failing": 9, "futures": 9}],
    "decision": {
        "draw": 151, "label": "door", "value": 0, "place": "open in a.c:7", "before": 0.5,
        "behind": 1.0, "other_answers": 3, "avoiding": 2,
    },
    "telling": [
        {"likelihood": 1.0, "likelihood_without": 0.25,
         "features": [{"what": "passes", "where": "a.c:9"}]},
    ],
}  # fmt: skip


def run(out: Path, *bugs: Bug) -> None:
    with Archive(out / "archive.db") as archive:
        uid = secrets.token_hex(16)
        campaign = archive.begin(Start("t", "b", "random", 1, "{}", 1.0, uid, "{}"))
        archive.put_bugs(campaign, *bugs)


def keep(out: Path, bug: Bug, log: bytes = b"log") -> None:
    (out / "bugs").mkdir(exist_ok=True)
    bugstore.save(out / "bugs", SavedBug(bug, "t", "b"), Evidence(b"input", log, b"stack"))


def test_bugs_are_new_ongoing_or_gone(tmp_path: Path, make_bug: Callable[..., Bug]) -> None:
    gone, ongoing, new = (make_bug(bucket=name) for name in ("gone", "ongoing", "new"))
    run(tmp_path, gone, ongoing)
    run(tmp_path, ongoing, new)
    keep(tmp_path, ongoing)
    dossier = collect(tmp_path, None)
    assert [(f.change, f.seen.bucket, f.exhibit is not None) for f in dossier.findings] == [
        (Change.NEW, "new", False),
        (Change.ONGOING, "ongoing", True),
        (Change.GONE, "gone", False),
    ]
    assert [f.seen.bucket for f in dossier.of(Change.GONE)] == ["gone"]
    assert not dossier.is_running


def test_a_run_that_holds_out_is_running(tmp_path: Path) -> None:
    run(tmp_path)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert collect(tmp_path, None).is_running
    assert not collect(tmp_path, None).is_running


def test_long_logs_keep_their_end(tmp_path: Path, make_bug: Callable[..., Bug]) -> None:
    bug = make_bug(bucket="b")
    keep(tmp_path, bug, b"x" * 7 + b"y" * LOG_BYTES_MAX)
    kept = exhibit(tmp_path / "bugs", "b")
    assert kept is not None
    assert (kept.left_out, set(kept.log)) == (7, {"y"})


def test_why_a_bug_happens_is_read(tmp_path: Path, make_bug: Callable[..., Bug]) -> None:
    keep(tmp_path, make_bug(bucket="b"))
    (tmp_path / "bugs" / "b" / "why.json").write_text(json.dumps(WHY))
    kept = exhibit(tmp_path / "bugs", "b")
    assert kept is not None
    assert kept.why is not None
    assert kept.why.points == ((0, 0.005), (150, 1.0))
    assert kept.why.decision == 151
    assert kept.why.place == "open in a.c:7"
    assert kept.why.words.startswith("door answered 0; P(bug) is 0.500 before it")
    assert kept.why.telling == ((1.0, 0.25, "passes at a.c:9"),)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", json.dumps({**WHY, "curve": [{"draw": 1, "failing": 1, "futures": 0}]}),
     json.dumps({**WHY, "draws": -1}), json.dumps({**WHY, "telling": [7]})],
)  # fmt: skip
def test_a_damaged_why_is_left_out(tmp_path: Path, make_bug: Callable[..., Bug], text: str) -> None:
    keep(tmp_path, make_bug(bucket="b"))
    (tmp_path / "bugs" / "b" / "why.json").write_text(text)
    kept = exhibit(tmp_path / "bugs", "b")
    assert kept is not None
    assert kept.why is None


def test_what_is_no_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist; give what"):
        collect(tmp_path / "nowhere", None)
    with pytest.raises(UsageError, match=r"holds no archive\.db; give what"):
        collect(tmp_path, None)
    (tmp_path / "maze").mkdir()
    run(tmp_path / "maze")
    with pytest.raises(UsageError, match=r"holds several runs \(maze\)"):
        collect(tmp_path, None)


def test_lines_are_missing_with_a_reason(tmp_path: Path) -> None:
    edges = Edges(str(tmp_path / "gone"), b"\1", (64,))
    assert "has none yet" in find_lines(None, "b", None).why_not
    assert "no edges" in find_lines(Edges("t", b"\1", ()), "b", None).why_not
    assert "llvm-symbolizer" in find_lines(edges, "b", None).why_not
    assert "not the build" in find_lines(edges, "b", Path("symbolizer")).why_not
