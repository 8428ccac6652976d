from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse import bugstore
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.errors import UsageError
from fuzzverse.outcome import Bug

EVIDENCE = Evidence(b"input", b"log", b"stack")


@pytest.fixture
def saved(make_bug: Callable[..., Bug]) -> SavedBug:
    return SavedBug(make_bug(root=(1 << 64) - 1), "dungeon", "0123")


def test_a_bug_comes_back_as_it_was(tmp_path: Path, saved: SavedBug) -> None:
    bugstore.save(tmp_path, saved, EVIDENCE)
    name = saved.bug.bucket
    assert bugstore.names(tmp_path) == (name,)
    assert bugstore.load(tmp_path, name) == saved
    parts = [bugstore.read_part(tmp_path, name, part) for part in ("input", "log", "stack")]
    assert parts == [b"input", b"log", b"stack"]
    recipe = (tmp_path / name / "recipe").read_text()
    assert recipe == "18446744073709551615: 151@8837201 -> 80@1293847\n"


def test_a_bucket_without_meta_is_not_there_yet(tmp_path: Path, saved: SavedBug) -> None:
    bugstore.save(tmp_path, saved, EVIDENCE)
    (tmp_path / saved.bug.bucket / "meta.json").unlink()
    assert bugstore.names(tmp_path) == ()


def test_an_unknown_bucket_names_those_there_are(tmp_path: Path, saved: SavedBug) -> None:
    with pytest.raises(UsageError, match="there are: none"):
        bugstore.load(tmp_path, "nothing")
    bugstore.save(tmp_path, saved, EVIDENCE)
    with pytest.raises(UsageError, match=f"there are: {saved.bug.bucket}"):
        bugstore.load(tmp_path, "nothing")


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", "", "-x", "a" * 200])
def test_a_name_that_is_no_bucket_never_reaches_the_disk(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name of a bucket"):
        bugstore.load(tmp_path, name)


@pytest.mark.parametrize(
    "changes",
    [{"draws": "3"}, {"draws": -1}, {"draws": True}, {"verdict": "fine"}, {"message": None}],
)
def test_a_damaged_meta_is_named(
    tmp_path: Path, saved: SavedBug, changes: dict[str, object]
) -> None:
    bugstore.save(tmp_path, saved, EVIDENCE)
    path = tmp_path / saved.bug.bucket / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(UsageError, match=r"meta\.json is damaged"):
        bugstore.load(tmp_path, saved.bug.bucket)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_meta_that_is_no_object_is_named(tmp_path: Path, saved: SavedBug, text: str) -> None:
    bugstore.save(tmp_path, saved, EVIDENCE)
    (tmp_path / saved.bug.bucket / "meta.json").write_text(text)
    with pytest.raises(UsageError, match=r"meta\.json is damaged"):
        bugstore.load(tmp_path, saved.bug.bucket)


def test_a_part_that_is_a_link_is_not_followed(tmp_path: Path, saved: SavedBug) -> None:
    bugstore.save(tmp_path, saved, EVIDENCE)
    log = tmp_path / saved.bug.bucket / "log"
    log.unlink()
    log.symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="cannot read"):
        bugstore.read_part(tmp_path, saved.bug.bucket, "log")


def test_the_first_input_is_kept_as_original(tmp_path: Path, make_bug: Callable[..., Bug]) -> None:
    saved = SavedBug(make_bug(), "dungeon", "0")
    for data in (b"first", b"second"):
        bugstore.save(tmp_path, saved, Evidence(data, b"", b""))
        bugstore.keep_original(tmp_path, saved.bug.bucket)
    assert bugstore.read_part(tmp_path, saved.bug.bucket, "original") == b"first"
