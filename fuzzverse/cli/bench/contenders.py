"""Who competes on a target: strategies, and the rivals that are installed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fuzzverse.bench import search
from fuzzverse.bench.harness import RivalMissing
from fuzzverse.bench.rivals import Workshop
from fuzzverse.cli.opening import BuildRequest, known_variant, open_target
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.report.search import render_run
from fuzzverse.resources import installed
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import asked_compiler, find_compiler


def hold(
    targets: Sequence[str],
    names: Sequence[str],
    limits: search.Limits,
    seeds: Sequence[int],
    interrupted: search.Interrupted,
    say: Callable[[str], None],
) -> Iterator[search.Contest]:
    """A contest a target, one after the other, until there is no more or the user ends it.

    Raises CommandError when a target does not open, or a run fails: after the runs before it.
    """
    with tempfile.TemporaryDirectory(prefix="fuzzverse-bench-") as folder:
        for target in dict.fromkeys(targets):
            contest, contenders = _gather(target, names, limits, Path(folder), say)
            total, failure = len(contenders) * len(seeds), None
            try:
                for run in search.compete(contenders, seeds, interrupted):
                    contest = replace(contest, runs=(*contest.runs, run))
                    say(render_run(target, run, len(contest.runs), total))
            except EngineError as error:
                failure = error
            yield contest
            if failure is not None:
                raise failure
            if interrupted():
                return


def _gather(
    target: str,
    names: Sequence[str],
    limits: search.Limits,
    folder: Path,
    say: Callable[[str], None],
) -> tuple[search.Contest, list[search.Contender]]:
    """Builds a target for every contender; the contest has no runs yet.

    Without a limit in timelines, strategies get the variant's. A rival that cannot run is left
    out, with a line that says why. Raises CommandError when the target itself does not open.
    """
    opened = open_target(target, BuildRequest())
    known = known_variant(target)
    if known and limits.timelines is None:
        limits = replace(limits, timelines=known[1].timelines)
    bug = known[1].bug if known and not limits.takes_any_bug else ""
    contenders: list[search.Contender] = []
    for name in names:
        strategy = search.strategy_names().get(name)
        if strategy is not None:
            contenders.append(search.StrategyContender(name, strategy, opened.target, bug, limits))
            continue
        try:
            contenders.append(_rival(name, known, limits, folder))
        except RivalMissing as error:
            say(f"{name} is left out on {target}: {error}")
    if not contenders:
        raise UsageError(f"{target}: nothing of --strategies can run on it")
    return search.Contest(
        target, bug, limits, tuple(one.name for one in contenders), ()
    ), contenders


def _rival(
    name: str, known: tuple[TargetFile, Variant] | None, limits: search.Limits, folder: Path
) -> search.Contender:
    if known is None:
        raise RivalMissing("it is an executable, and rivals are built from source")
    workshop = Workshop(find_compiler(asked_compiler(os.environ)), installed(), os.environ)
    return workshop.contender(name, *known, limits, folder / f"{known[1].name}-{name}")
