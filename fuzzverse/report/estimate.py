"""What is left to find, in words and as values."""

from __future__ import annotations

from typing import Final

from fuzzverse.estimate import chance_fresh, features_left, reached_share
from fuzzverse.model import Totals
from fuzzverse.report.text import about, plural

_FIRST: Final = "next fresh: no estimate yet"


def odds(totals: Totals) -> str:
    """How rare fresh timelines have become: `1/420`, or `<1/9000` when no feature is rare."""
    chance = chance_fresh(totals)
    if chance is None:
        return "-"
    if chance == 0:
        return f"<1/{totals.timelines}"
    return f"1/{about(1 / chance)}"


def render(totals: Totals) -> str:
    """One line: how rare fresh timelines are and were so far, and how many features are left."""
    chance, left = chance_fresh(totals), features_left(totals)
    if chance is None or left is None:
        return _FIRST
    so_far = ""
    if totals.productive > 0:
        so_far = f" (so far 1 in {about(totals.timelines / totals.productive):,})"
    return f"next fresh: {rarity(chance, totals.timelines)}{so_far}; {left_words(left)} (estimate)"


def rarity(chance: float, timelines: int) -> str:
    """A chance of being fresh in words; `timelines` were run."""
    if chance == 0:
        return f"rarer than 1 in {plural(timelines, 'timeline')}"
    return f"about 1 in {plural(about(1 / chance), 'timeline')}"


def left_words(left: float) -> str:
    """How many features are left, in words."""
    if left < 1:
        return "hardly any features left"
    return f"at least {plural(about(left), 'feature')} left"


def values(totals: Totals) -> dict[str, float | None]:
    """The estimate as JSON values; null before there is one."""
    return {
        "fresh_chance": _rounded(chance_fresh(totals)),
        "features_left": _rounded(features_left(totals)),
        "reached": _rounded(reached_share(totals)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
