from __future__ import annotations

import pytest

from fuzzverse.model import MarkKind, MarkTally, Verdict


def test_ok_and_lost_are_no_bugs() -> None:
    assert [v for v in Verdict if not v.is_bug] == [Verdict.OK, Verdict.LOST]


@pytest.mark.parametrize("kind", list(MarkKind))
def test_only_marks_that_must_be_hit_can_be_missing(
    kind: MarkKind, tallies: tuple[MarkTally, ...]
) -> None:
    of_kind = [tally for tally in tallies if tally.mark.kind is kind]
    for tally in of_kind:
        assert tally.missing == (kind.must_hit and tally.passes == 0)


def test_a_mark_that_only_failed_was_reached(tallies: tuple[MarkTally, ...]) -> None:
    deep = tallies[2]
    assert deep.missing
    assert not deep.never_reached
