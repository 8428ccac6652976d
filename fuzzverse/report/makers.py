"""How the frontier made children of splitpoints, and how many yielded: brought something new."""

from __future__ import annotations

from typing import Final

from fuzzverse.model import Maker, Totals
from fuzzverse.report.text import about, count

# As many makers are shown; what the odds mean is said once.
_WORDS: Final = (" yielded", "", "")


def values(totals: Totals) -> dict[str, dict[str, int]]:
    """Tries and yields by the name of the maker; only makers that were tried. An older run knows
    fewer makers."""
    return {
        maker.name.lower(): {"tries": tries, "yields": yields}
        for maker, (tries, yields) in zip(Maker, totals.makers, strict=False)
        if tries > 0
    }


def render(totals: Totals) -> str:
    """One line: the makers that yielded most, with their shares of the children; "" without any."""
    makers = values(totals)
    tries = sum(one["tries"] for one in makers.values())
    if tries == 0:
        return ""
    best = sorted(makers.items(), key=lambda named: -named[1]["yields"])
    told = [
        f"{name} {round(100 * one['tries'] / tries)} % (1 in {_tries_per_yield(one)}{words})"
        for words, (name, one) in zip(_WORDS, best, strict=False)
        if one["yields"] > 0
    ]
    how = ", ".join(told) if told else "none yielded"
    return f"children of splitpoints {count(tries)}: {how}"


def _tries_per_yield(one: dict[str, int]) -> str:
    return count(about(one["tries"] / one["yields"]))
