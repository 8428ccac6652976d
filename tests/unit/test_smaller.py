from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.smaller import smaller


@given(st.binary(max_size=200), st.sets(st.integers(0, 199), max_size=6))
def test_just_what_is_needed_is_left(data: bytes, needed: set[int]) -> None:
    word = bytes(data[i] for i in sorted(needed) if i < len(data))

    def holds(candidate: bytes) -> bool:
        at = iter(candidate)
        return all(byte in at for byte in word)

    found = smaller(data, holds)
    assert found.is_irreducible
    assert holds(found.data)
    assert len(found.data) == len(word)


def test_the_end_comes_when_it_is_asked_for() -> None:
    asked: list[bytes] = []

    def refuses(candidate: bytes) -> bool:
        asked.append(candidate)
        return False

    found = smaller(bytes(range(100)), refuses, lambda tries: tries < 7)
    assert (found.data, found.tries, found.is_irreducible) == (bytes(range(100)), 7, False)
    assert len(asked) == len(set(asked)) == 7


def test_nothing_is_made_of_nothing() -> None:
    assert smaller(b"", lambda candidate: True).data == b""
    assert smaller(b"abc", lambda candidate: True).data == b""
