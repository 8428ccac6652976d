from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from fuzzverse.journal import VERSION, Journal
from fuzzverse.merge import Merged, merge
from fuzzverse.model import Counted, Verdict

HAVE = {
    "a": ({1, 2}, Verdict.OK),
    "bb": ({2, 3}, Verdict.OK),
    "ccc": ({3, 4}, Verdict.OK),
    "dddd": ({1, 2, 3, 4}, Verdict.OK),
    "crash": ({1, 9}, Verdict.SIGNAL),
    "hang": ({8}, Verdict.TIMEOUT),
}


def counted(name: str) -> Counted:
    features, verdict = HAVE[name]
    return Counted(0, verdict, 0, np.array(sorted(features), dtype=np.uint32))


class Runs:
    """Runs inputs, and is killed after so many."""

    def __init__(self, most: int = 99) -> None:
        self.ran: list[str] = []
        self._most = most

    def __call__(self, names: Sequence[str]) -> Iterator[tuple[str, Counted]]:
        for name in names:
            if len(self.ran) == self._most:
                raise KeyboardInterrupt
            self.ran.append(name)
            yield name, counted(name)


def merged(path: Path, there: Sequence[str], offered: Sequence[str], run: Runs) -> Merged:
    with Journal(path / "journal", "build") as journal:
        found = merge(there, {name: len(name) for name in offered}, run, journal)
        journal.done()
        return found


def test_what_is_there_stays_and_what_adds_nothing_is_left(tmp_path: Path) -> None:
    found = merged(tmp_path, ["dddd"], ["a", "bb", "ccc"], Runs())
    assert (found.kept, found.features_before, found.features_after) == ((), 4, 4)
    found = merged(tmp_path, ["a"], ["bb", "ccc", "dddd"], Runs())
    assert (found.kept, found.features_before, found.features_after) == (("ccc",), 2, 4)


def test_what_ends_badly_is_named_and_not_kept(tmp_path: Path) -> None:
    found = merged(tmp_path, [], ["crash", "hang", "bb"], Runs())
    assert found.kept == ("bb",)
    assert found.bad == (("crash", Verdict.SIGNAL), ("hang", Verdict.TIMEOUT))


@pytest.mark.parametrize("most", range(6))
def test_a_merge_that_was_killed_goes_on(tmp_path: Path, most: int) -> None:
    names = sorted(HAVE)
    undisturbed = merged(tmp_path, ["a"], names[1:], Runs())
    first, second = Runs(most), Runs()
    with pytest.raises(KeyboardInterrupt):
        merged(tmp_path, ["a"], names[1:], first)
    again = merged(tmp_path, ["a"], names[1:], second)
    assert len(second.ran) == len(names) - most
    assert not set(first.ran) & set(second.ran)
    assert (again.kept, again.bad) == (undisturbed.kept, undisturbed.bad)
    assert again.reused == most
    assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_is_cut_off_is_run_again(tmp_path: Path, cut: int) -> None:
    names = sorted(HAVE)
    with pytest.raises(KeyboardInterrupt):
        merged(tmp_path, [], names, Runs(3))
    path = tmp_path / "journal"
    path.write_bytes(path.read_bytes()[:-cut])
    run = Runs()
    assert merged(tmp_path, [], names, run).kept == merged(tmp_path, [], names, Runs()).kept
    assert len(run.ran) in (4, 5)


@pytest.mark.parametrize(
    "text",
    [b"", b"nothing\n", b'{"merge":2,"build":"other"}\n["a","OK",0,""]\n', b"\xff\xfe"],
)
def test_a_journal_that_is_none_of_ours_is_begun_anew(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "journal").write_bytes(text)
    run = Runs()
    merged(tmp_path, [], ["a", "bb"], run)
    assert run.ran == ["a", "bb"]


@pytest.mark.parametrize(
    "line", ["[]", '["a","NONE",0,""]', '["a","OK",0,"%%"]', '["a","OK",0,"aaaa"]', "7"]
)
def test_lines_that_make_no_sense_are_as_if_they_were_not_there(tmp_path: Path, line: str) -> None:
    (tmp_path / "journal").write_text(f'{{"merge":{VERSION},"build":"build"}}\n{line}\n')
    run = Runs()
    assert merged(tmp_path, [], ["a"], run).kept == ("a",)
    assert run.ran == ["a"]
