"""Figures over runs of which some were ended before they had found anything.

Such a run is censored: it needed more than what it had spent, and nobody knows how much more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Amount:
    """What one run needed: timelines, draws or seconds; more than `value` when censored."""

    value: float
    censored: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles over runs."""

    low: Amount
    median: Amount
    high: Amount


def quantile(amounts: Sequence[Amount], share: float) -> Amount:
    """The amount below which `share` (0..1) of the runs lie, linear between two neighbours.

    Censored runs come last, whatever they had spent. Where the place falls on one of them (or
    between one and its neighbour), the answer is censored too: more than the least that any of
    them had spent, which is true however the others would have gone on. Raises ValueError when
    there is no run.
    """
    if not amounts:
        raise ValueError("no runs")
    known = sorted(amount.value for amount in amounts if not amount.censored)
    place = share * (len(amounts) - 1)
    below = int(place)
    above = below if place == below else below + 1
    if above >= len(known):
        return Amount(min(amount.value for amount in amounts if amount.censored), censored=True)
    return Amount(known[below] + (known[above] - known[below]) * (place - below))


def spread(amounts: Sequence[Amount]) -> Spread:
    """Median and quartiles; ValueError when there is no run."""
    return Spread(quantile(amounts, 0.25), quantile(amounts, 0.5), quantile(amounts, 0.75))


def a12(ours: Sequence[Amount], theirs: Sequence[Amount]) -> float:
    """How probable it is that a run of ours needs less than one of theirs; a tie counts half.

    0.5 is no difference; 0.56, 0.64 and 0.71 are called small, medium and large. Two censored runs
    tie, and a censored run loses against any other. Source: Vargha and Delaney, "A critique and
    improvement of the CL common language effect size statistics of McGraw and Wong", 2000.
    Raises ValueError when either has no run.
    """
    if not ours or not theirs:
        raise ValueError("no runs")
    mine, other = (
        np.array([np.inf if one.censored else one.value for one in side]) for side in (ours, theirs)
    )
    wins = np.count_nonzero(mine[:, None] < other[None, :])
    ties = np.count_nonzero(mine[:, None] == other[None, :])
    return float((wins + ties / 2) / (mine.size * other.size))


def mann_whitney(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How likely it is that two samples of one population differ as much as these: p, two-sided.

    By the normal approximation with the corrections for ties and for continuity. Source: Mann and
    Whitney, "On a test of whether one of two random variables is stochastically larger than the
    other", 1947. 1.0 where all values are equal. Raises ValueError when either is empty.
    """
    if not ours or not theirs:
        raise ValueError("no runs")
    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    wins = np.count_nonzero(mine[:, None] > other[None, :])
    ties = np.count_nonzero(mine[:, None] == other[None, :])
    u, n, m = wins + ties / 2, mine.size, other.size
    _, counts = np.unique(np.concatenate((mine, other)), return_counts=True)
    total = n + m
    tied = float((counts**3 - counts).sum()) / (total * (total - 1)) if total > 1 else 0.0
    variance = n * m / 12 * (total + 1 - tied)
    if variance <= 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))
