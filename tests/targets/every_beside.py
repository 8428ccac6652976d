"""A module beside a target: instrumented, and named in bugs."""

from __future__ import annotations


def work(which: int) -> int:
    if which == 7:
        raise KeyError("seven")
    return which
