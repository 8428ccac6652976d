"""A campaign as lines, in the manner of libFuzzer, for logs and pipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fuzzverse.model import Discovery, Strategy
from fuzzverse.outcome import Bug, Snapshot, is_leak
from fuzzverse.report import bugs as bug_report
from fuzzverse.report import estimate as estimate_report
from fuzzverse.report import isolation as isolation_report
from fuzzverse.report.text import printable

NEW_INTERVAL_S: Final = 0.5
PULSE_INTERVAL_S: Final = 10.0


def render(word: str, moment: Snapshot, rss_mb: int, told: str = "") -> str:
    """One line: `#12345 NEW cov: 98/123 ft: 512 corp: 120 states: 70 fresh: 1/420 ... rss: 41Mb`.

    cov counts edges, exec/s timelines a second; fresh is the estimate of how rare fresh timelines
    have become, iso the isolation; `told` is a discovery's words. Where timelines split, their
    splits and energy take the place of states; mutation has neither.
    """
    t = moment.totals
    line = (
        f"#{t.timelines}\t{word:<6} cov: {t.edges_found}/{t.edges_total} ft: {t.features} "
        f"corp: {moment.corpus}{_searched(moment)} fresh: {estimate_report.odds(t)} "
        f"iso: {isolation_report.name(t)} exec/s: {round(moment.timelines_per_second)} "
        f"rss: {rss_mb}Mb"
    )
    return f"{line} L: {told}" if told else line


def _searched(moment: Snapshot) -> str:
    t = moment.totals
    if moment.policy.strategy is Strategy.FRONTIER:
        return f" states: {t.states} places: {t.places}"
    if moment.policy.strategy is Strategy.MUTATION:
        return ""
    return f" alive: {t.alive} split: {t.splitpoints} energy: {t.energy}"


class Lines:
    """Prints lines while a campaign runs: NEW for something fresh, pulse when nothing is.

    Args:
        write: prints one line.
        rss_mb: the controller's memory, in MiB.
    """

    def __init__(self, write: Callable[[str], None], rss_mb: Callable[[], int]) -> None:
        self._write = write
        self._rss_mb = rss_mb
        self._shown_at = 0.0
        self._fresh_at = -1.0
        self._told = ""
        self._is_fallback_told = self._is_parted_told = False

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        """Shows at most one line every NEW_INTERVAL_S, and what is to be told once."""
        self._tell_isolation(moment)
        if discoveries:
            self._told = self._words(moment, discoveries[-1])
        since = moment.seconds - self._shown_at
        is_fresh = moment.last_discovery > self._fresh_at
        if since < (NEW_INTERVAL_S if is_fresh else PULSE_INTERVAL_S):
            return
        self._shown_at = moment.seconds
        self._fresh_at = moment.last_discovery
        self._write(render("NEW" if is_fresh else "pulse", moment, self._rss_mb(), self._told))
        self._told = ""

    def found(self, bug: Bug) -> None:
        """Shows a bug at once, in short: the summary shows all of it."""
        self._write(f"{bug_report.headline(bug)}\n  replay  {bug.command}")

    def noted(self, words: str) -> None:
        """Shows a warning at once."""
        self._write(f"warning: {printable(words)}")

    def _tell_isolation(self, moment: Snapshot) -> None:
        """Why timelines are not rewound, or are slow; a leak has been noted."""
        fallback = isolation_report.fallback(moment.unfit)
        if fallback and not self._is_fallback_told and not is_leak(moment.unfit):
            self._write(fallback)
            self._is_fallback_told = True
        parted = isolation_report.parted(moment.totals)
        if parted and not self._is_parted_told:
            self._write(parted)
            self._is_parted_told = True

    def _words(self, moment: Snapshot, discovery: Discovery) -> str:
        if discovery.mark >= len(moment.tallies):
            return printable(discovery.detail)
        message = moment.tallies[discovery.mark].mark.message
        return printable(f"{message} {discovery.detail}".strip())
