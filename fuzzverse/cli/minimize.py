"""`fuzzverse bugs minimize`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import click

from fuzzverse import native
from fuzzverse.bugstore import read_part
from fuzzverse.cli.trying import OUT_OPTION, Case, Trying, find_case, not_reproduced, trying_options
from fuzzverse.cli.watching import say
from fuzzverse.errors import ExitCode
from fuzzverse.interruption import Interruption
from fuzzverse.model import Verdict
from fuzzverse.outcome import Bug
from fuzzverse.outdir import held
from fuzzverse.report import minimize as minimize_report
from fuzzverse.report.minimize import Minimized, Size
from fuzzverse.shapes import Shape
from fuzzverse.shrink import NotReproducedError, Shrinker, Shrunk
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.triage import Limits, Triage
from fuzzverse.trials import Stopped

TRIALS: Final = 300_000
SCREEN_S: Final = 0.2
LINES_S: Final = 10.0


@click.command()
@click.argument("bucket")
@OUT_OPTION
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@trying_options(TRIALS)
def minimize(bucket: str, out: Path, as_json: bool, trying: Trying) -> ExitCode:
    """Make the recipe of a bug small: few draws that matter, all others as simple as can be.

    The bug keeps the best recipe found, with its log, also after Ctrl-C, and so does the archive;
    the input as it was found stays beside it, as `original`. Exit codes: 0 no pass finds a simpler
    recipe, 72 interrupted or out of budget, 1 the recipe does not show the bug.
    """
    case = find_case(bucket, out, trying)
    start = time.monotonic()
    progress = Progress(start, sys.stderr.isatty())
    # A run that goes on there would put what it found in the place of this.
    with held(case.directory.parent):
        try:
            shrunk, before, trials = shrink_case(case, progress)
        except Stopped as stopped:
            click.echo(f"nothing was tried: {stopped}", err=True)
            return ExitCode.INTERRUPTED
        progress.end()
        seconds = time.monotonic() - start
        bug = _keep(case, shrunk)
    result = Minimized(bug, before, size_of(shrunk.shape), trials, seconds, shrunk.stopped)
    render = minimize_report.render_json if as_json else minimize_report.render
    click.echo(render(result), nl=False)
    return ExitCode.INTERRUPTED if shrunk.stopped else ExitCode.NOTHING_FOUND


class Shrinking(NamedTuple):
    """What shrinking left, how large the recipe was before, and how many trials it took."""

    shrunk: Shrunk
    before: Size
    trials: int


class Progress:
    """A line that changes on a terminal; elsewhere a line now and then."""

    def __init__(
        self, start: float, is_screen: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._is_screen = is_screen
        self._clock = clock
        self._shown = start
        self._width = 0
        self._size: Size | None = None

    def took(self, shape: Shape) -> None:
        """A simpler recipe."""
        self._size = size_of(shape)

    def moved(self, trials: int) -> None:
        """So many trials so far."""
        now = self._clock()
        if self._size is None or now - self._shown < (SCREEN_S if self._is_screen else LINES_S):
            return
        self._shown = now
        line = minimize_report.progress(self._size, trials, now - self._start)
        if not self._is_screen:
            say(line)
            return
        click.echo(f"\r{line:{self._width}}", err=True, nl=False)
        self._width = len(line)

    def end(self) -> None:
        """Takes the line away."""
        if self._width:
            click.echo(f"\r{'':{self._width}}\r", err=True, nl=False)


def size_of(shape: Shape) -> Size:
    """How large a shape is, for reports."""
    return Size(shape.segment_count, len(shape.edits), shape.lucky, shape.draws)


def shrink_case(
    case: Case, progress: Progress, interruption: Interruption | None = None
) -> Shrinking:
    """Shrinks the recipe of a case.

    Raises:
        EngineError: it does not show the bug.
        Stopped: before anything was tried.
    """
    trials = 0
    for deadline_ms in dict.fromkeys((case.hint_ms, case.trying.deadline_ms)):
        with case.asking(progress.moved, interruption, deadline_ms) as oracle:
            shrinker = Shrinker(oracle, lambda recipe: case.trace(recipe)[1], progress.took)
            try:
                shrunk = shrinker.run(case.recipe)
            except NotReproducedError:
                raise not_reproduced(case) from None
        trials += oracle.trials
        if shrunk.stopped or deadline_ms == case.trying.deadline_ms or _hangs(case, shrunk):
            break
    return Shrinking(shrunk, size_of(Shape.of(case.recipe, shrunk.draws_before)), trials)


def _hangs(case: Case, shrunk: Shrunk) -> bool:
    """Whether a recipe whose timeline was slow is one that the user's deadline ends."""
    with Path(os.devnull).open("wb") as nowhere:
        return case.replay(shrunk.shape.recipe, nowhere.fileno()).verdict is Verdict.TIMEOUT


def _keep(case: Case, shrunk: Shrunk) -> Bug:
    """Puts what was found in the place of what was there, on disk and in the archive."""
    with Places(find_tool("llvm-symbolizer"), case.opened.target) as places:
        triage = _triage(case, places)
        bug = triage.replace(case.saved, shrunk.shape.recipe, shrunk.shape.draws)
    path = case.directory.parent / "archive.db"
    if not path.is_file():  # as where bugs were imported
        return bug
    # Imported here because the archive takes longer to load than everything else.
    from fuzzverse.archive.database import Database, Where
    from fuzzverse.archive.improve import put_minimized
    from fuzzverse.archive.schema import EVIDENCE

    parts = {part: read_part(case.directory, bug.bucket, part) for part in EVIDENCE}
    target = case.opened.target
    with Database(Where(str(path))) as database:
        put_minimized(database, bug, (target.name, target.build_id), parts)
    return bug


def _triage(case: Case, places: Places) -> Triage:
    return Triage(
        native,
        case.opened.target,
        case.directory,
        lambda bucket: case.saved.bug.command,
        Limits(case.trying.deadline_ms, case.trying.memory_mb),
        places,
        case.opened.rebuild,
    )
