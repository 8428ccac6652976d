from __future__ import annotations

from collections.abc import Callable

from fuzzverse.outcome import Bug
from fuzzverse.report import bugs


def test_the_table(make_bug: Callable[..., Bug], golden: Callable[[str, str], None]) -> None:
    other = make_bug(bucket="sigsegv-00000000", kind="sigsegv", message="\x1b[2Jkilled", draws=7)
    golden("bugs.txt", bugs.render([make_bug(), other]) + "\n")
    assert bugs.render([]) == "no bugs"


def test_a_found_bug_ends_with_the_line_that_replays_it(make_bug: Callable[..., Bug]) -> None:
    bug = make_bug()
    assert bugs.render_found(bug).splitlines()[-1] == f"  replay  {bug.command}"
    assert "not deterministic" not in bugs.render_found(bug)
    assert "not deterministic" in bugs.render_found(make_bug(reproduced=1))


def test_a_bug_in_full(make_bug: Callable[..., Bug], golden: Callable[[str, str], None]) -> None:
    log = "".join(f"line {number}\n" for number in range(100))
    shown = bugs.render_shown(make_bug(), "dungeon", "0123", "SIGSEGV at 0x1\nmain at a.c:1", log)
    golden("bug_shown.txt", shown + "\n")
