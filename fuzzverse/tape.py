"""Recipes as tapes: the bytes that answer the same draws, for tools that know bytes alone."""

from __future__ import annotations

from collections.abc import Iterable

from fuzzverse.errors import InputError
from fuzzverse.model import INPUT_SIZE_MAX
from fuzzverse.trace import Draw


def bytes_for(bound: int) -> int:
    """How many bytes a draw below `bound` takes of a tape; 0 stands for all 64 bits."""
    return 8 if bound == 0 else max(1, ((bound - 1).bit_length() + 7) // 8)


def tape_of(draws: Iterable[Draw]) -> bytes:
    """The tape that answers these draws.

    Raises:
        InputError: it would be longer than a tape may be.
    """
    tape = bytearray()
    for draw in draws:
        tape += draw.value.to_bytes(bytes_for(draw.bound), "little")
        if len(tape) > INPUT_SIZE_MAX:
            raise InputError(f"a tape of more than {INPUT_SIZE_MAX} bytes")
    return bytes(tape)
