"""What a campaign has not seen yet, estimated from how often it saw each feature.

The methods come from counting species: a sample in which many species were met just once has missed
many others. Timelines of a search are no independent sample, so all of this is an estimate and is
shown as one. Futures of one splitpoint share their past, and features that the splitpoint had are
not counted again. Worse, a search goes where fresh things are: while it moves on to new states,
what it left behind was seen often, and the figures are too low (adaptive bias; Böhme, Liyanage,
Wüstholz, "Estimating residual risk in greybox fuzzing", ESEC/FSE 2021). They are at their best once
the search has settled; until then, how often timelines were fresh so far is the safer guide.
"""

from __future__ import annotations

from fuzzverse.model import Totals


def chance_fresh(totals: Totals) -> float | None:
    """How many fresh features to expect of the next timeline, at most 1; None: not known yet.

    Good and Turing: features that just one timeline had, divided by timelines (Good, "The
    population frequencies of species and the estimation of population parameters", Biometrika
    1953). For independent timelines this is an upper bound of the chance that the next one is
    fresh, since one timeline may bring several features.
    """
    if not _is_known(totals):
        return None
    return min(1.0, totals.once / totals.timelines)


def features_left(totals: Totals) -> float | None:
    """How many features are reachable but unseen, at least; None: not known yet.

    Chao1, bias-corrected: once * (once - 1) / (2 * (twice + 1)) (Chao, "Nonparametric estimation of
    the number of classes in a population", Scandinavian Journal of Statistics 1984).
    """
    return unseen(totals.once, totals.twice) if _is_known(totals) else None


def unseen(once: int, twice: int) -> float:
    """Chao1 of features that just one timeline had, and just two."""
    return once * (once - 1) / (2 * (twice + 1))


def reached_share(totals: Totals) -> float | None:
    """Features found, as a share of those found and left: at most so much, since at least so many
    are left. None: not known yet."""
    left = features_left(totals)
    if left is None or totals.features == 0:
        return None
    return totals.features / (totals.features + left)


def _is_known(totals: Totals) -> bool:
    """Features are counted once all timelines of a root seed have ended."""
    return totals.timelines > 0 and totals.roots > 0
