"""A campaign as a live screen on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fuzzverse.model import Discovery, Strategy
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report import bugs as bug_report
from fuzzverse.report import estimate as estimate_report
from fuzzverse.report import isolation as isolation_report
from fuzzverse.report import marks as mark_report
from fuzzverse.report.text import count, duration, printable

REFRESH_INTERVAL_S: Final = 0.25
MARK_ROWS_MIN: Final = 5
# What the screen needs besides marks: headline, numbers, estimate, isolation, bugs, frames.
OTHER_ROWS: Final = 18
BUGS_SHOWN_MAX: Final = 4
STOPS: Final = "Ctrl-C stops and saves"
_STYLES: Final = {"FAILED": "bold red", "NEVER": "bold yellow", "ok": "green", "idle": "dim"}


def render(
    target: str, moment: Snapshot, rate: float, height: int, advice: str = STOPS
) -> RenderableType:
    """The whole screen for a terminal of `height` rows; `rate` is timelines/s just now, `advice`
    what the user may do."""
    return Group(
        _headline(target, moment, advice),
        _numbers(moment, rate),
        _line(estimate_report.render(moment.totals), "dim"),
        *_isolation(moment),
        _marks(moment, max(MARK_ROWS_MIN, height - OTHER_ROWS)),
        _bugs(moment),
    )


def _headline(target: str, moment: Snapshot, advice: str) -> Text:
    line = Text.assemble(("fuzzverse ", "bold"), (printable(target), "bold cyan"))
    line.append(f"  {duration(moment.seconds)}")
    line.append(f"  last discovery {duration(moment.seconds - moment.last_discovery)} ago")
    line.append(f"  {advice}", "dim")
    return line


def _line(words: str, style: str) -> Text:
    return Text(words, style, no_wrap=True, overflow="ellipsis")


def _isolation(moment: Snapshot) -> list[Text]:
    style = "yellow" if moment.unfit else "dim"
    return [_line(words, style) for words in isolation_report.lines(moment.totals, moment.unfit)]


def _searched(moment: Snapshot) -> tuple[tuple[str, str], ...]:
    """What tells how far the search is: states and places, or splits and what they may spend;
    mutation has its corpus alone."""
    t = moment.totals
    if moment.policy.strategy is Strategy.FRONTIER:
        return ("roots", count(t.roots)), ("states", count(t.states)), ("places", count(t.places))
    if moment.policy.strategy is Strategy.MUTATION:
        return ()
    return (
        ("roots", count(t.roots)),
        ("alive", count(t.alive)),
        ("splitpoints", count(t.splitpoints)),
        ("energy", count(t.energy)),
    )


def _numbers(moment: Snapshot, rate: float) -> Table:
    t = moment.totals
    table = Table.grid(padding=(0, 3))
    pairs = (
        ("timelines", count(t.timelines)),
        ("timelines/s", count(round(rate))),
        *_searched(moment),
        ("edges", f"{count(t.edges_found)} of {count(t.edges_total)}"),
        ("features", count(t.features)),
        ("corpus", count(moment.corpus)),
    )
    half = (len(pairs) + 1) // 2
    for row in (pairs[:half], pairs[half:]):
        table.add_row(*(Text.assemble((f"{name} ", "dim"), (value, "bold")) for name, value in row))
    return table


def _marks(moment: Snapshot, rows: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in mark_report.HEADER:
        is_number = header in ("passes", "failures", "best")
        # On a narrow terminal words are cut before numbers are.
        is_firm = is_number or header == "state"
        table.add_column(header, justify="right" if is_number else "left", no_wrap=is_firm)
    ordered = mark_report.in_order(moment.tallies)
    for tally in ordered[:rows]:
        style = _STYLES[mark_report.state(tally)]
        table.add_row(*(_cell(words) for words in mark_report.row(tally)), style=style)
    if len(ordered) > rows:
        table.add_row("", "", Text(f"and {len(ordered) - rows} more"), style="dim")
    return table


def _cell(words: str) -> Text:
    return Text(words, no_wrap=True, overflow="ellipsis")


def _bugs(moment: Snapshot) -> Text:
    if not moment.bugs:
        return Text("no bugs so far", "dim")
    lines = [
        Text.assemble(
            ("BUG ", "bold red"), (bug.bucket, "red"), f"  {printable(bug.message)}",
            (f"  seen {count(bug.sightings)}x", "dim"),
        )
        for bug in moment.bugs[:BUGS_SHOWN_MAX]
    ]  # fmt: skip
    if len(moment.bugs) > BUGS_SHOWN_MAX:
        lines.append(Text(f"and {len(moment.bugs) - BUGS_SHOWN_MAX} more", "red"))
    return Text("\n").join(lines)


class Screen:
    """The observer that keeps a terminal up to date; a context manager."""

    def __init__(self, target: str, console: Console) -> None:
        self._target = target
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._shown_at = 0.0
        self._shown_timelines = 0
        self._rate = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        """Redraws a few times a second."""
        since = moment.seconds - self._shown_at
        if since < REFRESH_INTERVAL_S:
            return
        now = (moment.totals.timelines - self._shown_timelines) / since
        self._rate = now if self._rate == 0 else 0.7 * self._rate + 0.3 * now
        self._shown_at = moment.seconds
        self._shown_timelines = moment.totals.timelines
        height = self._console.size.height
        self._live.update(render(self._target, moment, self._rate, height), refresh=True)

    def found(self, bug: Bug) -> None:
        """Prints a bug above the screen, where it stays."""
        self._console.print(Text(bug_report.headline(bug), "bold red"))

    def noted(self, words: str) -> None:
        """Prints a warning above the screen, where it stays."""
        self._console.print(Text(f"warning: {printable(words)}", "yellow"))
