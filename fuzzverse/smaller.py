"""Making an input smaller while it does what it did.

Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002 (ddmin),
with chunks that are cut one by one, as testing complements is where ddmin gains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Smaller:
    """What is left, after how many tries; `is_irreducible`: no single byte of it can go."""

    data: bytes
    tries: int
    is_irreducible: bool


def smaller(
    data: bytes, does: Callable[[bytes], bool], goes_on: Callable[[int], bool] = lambda tries: True
) -> Smaller:
    """Cuts chunks out of `data`, large ones first, as long as what is left still does it.

    Args:
        data: the input, which does it.
        does: asked of each candidate once, in an order that depends on nothing else.
        goes_on: asked before each try, with the tries so far; the end when it says no.
    """
    tried: set[bytes] = {data}
    tries = 0
    size = max(1, len(data) // 2)
    while data:
        before, at = len(data), 0
        while at < len(data):
            candidate = data[:at] + data[at + size :]
            if candidate not in tried:
                if not goes_on(tries):
                    return Smaller(data, tries, is_irreducible=False)
                tried.add(candidate)
                tries += 1
                if does(candidate):
                    data = candidate
                    continue
            at += size
        if size == 1 and len(data) == before:
            break
        size = max(1, min(size // 2, len(data) // 2))
    return Smaller(data, tries, is_irreducible=True)
