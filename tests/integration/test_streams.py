"""The simulation kit's streams: bytes in order or a reset, whatever happens to links and nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Fuzzverse

from fuzzverse.model import Isolation, Policy

Compiled = Callable[..., Path]


def test_streams_keep_their_promises(compiled: Compiled) -> None:
    target = described(compiled("streams.c"))
    digests = set()
    for isolation in (Isolation.FORK, Isolation.REWIND):
        outcome = explore(target, Policy(timelines=1_500, jobs=1, isolation=isolation))
        assert [bug.message for bug in outcome.bugs] == []
        assert outcome.unfit == ""
        digests.add(outcome.totals.digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (0, "fv_stream_close() on a closed stream"),
        (1, "fv_stream_write() on a stream of another node"),
        (2, "fv_accept() at port 7 without fv_listen()"),
        (3, "fv_stream_read() without room"),
        (4, "fv_connect() at port 64"),
    ],
)
def test_misuse_is_told(compiled: Compiled, fuzzverse: Fuzzverse, case: int, words: str) -> None:
    done = fuzzverse("replay", compiled("streams.c", f"-DMISUSE={case}"), "--root", "1")
    assert done.code == 77
    assert f"misuse of the kit: {words}" in done.out
