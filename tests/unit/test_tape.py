from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.errors import InputError
from fuzzverse.model import INPUT_SIZE_MAX
from fuzzverse.tape import bytes_for, tape_of
from fuzzverse.trace import Draw


def draw(value: int, bound: int) -> Draw:
    return Draw(0, "below", value, bound, None, ())


@pytest.mark.parametrize(
    ("bound", "bytes_"),
    [(0, 8), (1, 1), (2, 1), (256, 1), (257, 2), (1 << 16, 2), ((1 << 16) + 1, 3), (1 << 63, 8)],
)
def test_a_draw_takes_as_many_bytes_as_its_largest_value(bound: int, bytes_: int) -> None:
    assert bytes_for(bound) == bytes_


@given(st.lists(st.integers(0, (1 << 64) - 1).flatmap(
    lambda bound: st.tuples(st.integers(0, (bound or 1 << 64) - 1), st.just(bound)))))  # fmt: skip
def test_a_tape_answers_what_was_drawn(draws: list[tuple[int, int]]) -> None:
    tape = tape_of(draw(value, bound) for value, bound in draws)
    at = 0
    for value, bound in draws:
        size = bytes_for(bound)
        answer = int.from_bytes(tape[at : at + size], "little")
        assert (answer % bound if bound else answer) == value
        at += size
    assert at == len(tape)


def test_a_tape_has_an_end() -> None:
    with pytest.raises(InputError, match="more than"):
        tape_of(draw(1, 0) for _ in range(INPUT_SIZE_MAX // 8 + 1))
