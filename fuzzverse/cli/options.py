"""Options that commands share, and the types of their values."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fuzzverse.build import SANITIZERS
from fuzzverse.cli.opening import BuildRequest
from fuzzverse.errors import UsageError
from fuzzverse.model import (
    INPUT_SIZE_MAX,
    STRATEGIES,
    Engine,
    IsolationChoice,
    Policy,
    Strategy,
)

JOBS_MAX: Final = 64
U64_MAX: Final = (1 << 64) - 1
# Mutation for harnesses, frontier for simulations.
AUTO: Final = "auto"
COUNT_MAX: Final = 10**15
ENERGY_MAX: Final = 10**9
_UNITS: Final = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)")
_FRACTION: Final = re.compile(r"(\d+(?:\.\d+)?)(%?)")
ONE_IN_MAX: Final = 10**9

Result = TypeVar("Result")
Command = Callable[..., Result]


class Duration(click.ParamType[float]):
    """60, 60s, 5m, 1.5h, 200ms as seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> float:
        """Parses it, or fails in click's way."""
        match = _DURATION.fullmatch(str(value))
        if match is None or float(match.group(1)) == 0:
            self.fail(f"{value!r} is no duration; write 60, 60s, 5m or 1h", param, context)
        return float(match.group(1)) * _UNITS[match.group(2)]


class Jobs(click.ParamType[int]):
    """A number of workers: N, all, half, or all-but-N, never less than one."""

    name = "jobs"

    def __init__(self, cores: Callable[[], int] = lambda: len(os.sched_getaffinity(0))) -> None:
        self._cores = cores

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Parses it, or fails in click's way."""
        text = str(value)
        cores = min(JOBS_MAX, self._cores())
        if text in ("all", "half"):
            return cores if text == "all" else max(1, cores // 2)
        number = text.removeprefix("all-but-")
        if not number.isascii() or not number.isdigit() or int(number) > JOBS_MAX:
            self.fail(f"{value!r} is none of N, all, half, all-but-N", param, context)
        jobs = int(number) if number == text else max(1, cores - int(number))
        if jobs == 0:
            self.fail("at least one job is needed", param, context)
        return jobs


class OneIn(click.ParamType[int]):
    """A fraction like 0.01 or 1% as one in so many: 100; 0 stays 0, which is none."""

    name = "fraction"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Parses it, or fails in click's way."""
        match = _FRACTION.fullmatch(str(value))
        share = -1.0 if match is None else float(match.group(1)) / (100 if match.group(2) else 1)
        if share == 0:
            return 0
        if not 1 / ONE_IN_MAX <= share <= 1:
            self.fail(f"{value!r} is no fraction from 0 to 1; write 0.01, 1% or 0", param, context)
        return round(1 / share)


class Replacement(click.ParamType[tuple[str, Path]]):
    """NAME=DIR."""

    name = "name=dir"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, Path]:
        """Parses it, or fails in click's way."""
        name, _, directory = str(value).partition("=")
        if not name or not directory or not Path(directory).is_dir():
            self.fail(f"{value!r} is not NAME=DIR with a directory that exists", param, context)
        return name, Path(directory)


def build_options(command: Command[Result]) -> Command[Result]:
    """--sanitize and --with; the command gets them as `request`."""

    @click.option(
        "--sanitize",
        multiple=True,
        type=click.Choice(SANITIZERS),
        help="Build with a sanitizer (repeatable).",
    )
    @click.option(
        "--with",
        "replacements",
        multiple=True,
        type=Replacement(),
        metavar="NAME=DIR",
        help="Take third-party source from a directory instead of fetching it.",
    )
    @functools.wraps(command)
    def wrapped(
        *arguments: Any,
        sanitize: tuple[str, ...],
        replacements: tuple[tuple[str, Path], ...],
        **values: Any,
    ) -> Result:
        return command(*arguments, request=BuildRequest(sanitize, replacements), **values)

    return wrapped  # fmt: skip


isolation_option: Final = click.option(
    "--isolation",
    type=click.Choice(tuple(one.value for one in IsolationChoice)),
    default=IsolationChoice.AUTO.value,
    show_default=True,
    help="fork gives each timeline a process of its own; rewind, which is much faster, puts one "
    "process back, and fails where it cannot; auto rewinds, or falls back to fork and says why.",
)


def _count(name: str, least: int, most: int, words: str) -> Callable[[Any], Any]:
    default = {field.name: field.default for field in fields(Policy)}[name]
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        type=click.IntRange(least, most),
        default=default,
        show_default=default is not None,
        help=words,
    )


_POLICY_OPTIONS: Final = (
    click.option("--strategy", type=click.Choice((AUTO, *STRATEGIES)), default=AUTO,
                 show_default=True,
                 help="What chooses the next timeline; auto is mutation for harnesses "
                      "(LLVMFuzzerTestOneInput), frontier for simulations, depth-first with an "
                      "engine."),
    click.option("--engine", type=click.Choice(tuple(one.value for one in Engine)),
                 default=Engine.NONE.value, show_default=True,
                 help="Who offers the inputs that timelines start from; atheris: its libFuzzer."),
    click.option("--jobs", type=Jobs(), default="all", show_default=True,
                 metavar="N|all|half|all-but-N", help="Workers; they never change what is found."),
    click.option("--seed", "campaign_seed", type=click.IntRange(0, U64_MAX), default=1,
                 show_default=True, help="Seed of the whole campaign."),
    _count("timelines", 1, COUNT_MAX, "Stop after so many timelines."),
    _count("roots", 1, COUNT_MAX, "Stop after so many root seeds."),
    _count("until_stable", 1, COUNT_MAX,
           "Stop when so many root seeds in a row brought nothing fresh and every mark that "
           "must be hit was."),
    _count("root_energy", 0, ENERGY_MAX, "Timelines that one root seed may split into."),
    _count("mark_energy", 0, ENERGY_MAX, "Timelines that one mark may take of them."),
    _count("batch_size", 1, 32, "Timelines run between two looks at what they brought."),
    _count("timelines_min", 1, 1_000_000, "Timelines at a splitpoint before it may be left."),
    _count("timelines_max", 1, 1_000_000, "Timelines at a splitpoint at most."),
    _count("warm_timelines_min", 1, 1_000_000, "The minimum once the explored map is warm."),
    _count("depth_max", 0, 128, "Splits inside splits at most."),
    _count("window", 1, 16, "Jobs under way at once; decides what the search knows when."),
    _count("until_fresh", 2, COUNT_MAX,
           "Stop when less than one timeline in so many is expected to bring something fresh."),
    _count("length_max", 1, INPUT_SIZE_MAX,
           "Bytes of the longest input that mutation makes; at least 4096 unless said."),
    isolation_option,
    click.option("--canary", type=OneIn(), default="0.001", show_default=True, metavar="FRACTION",
                 help="Share of timelines that a fresh process runs again, to see that rewinding "
                      "puts everything back: 0.01, 1%; 0 for none."),
    _count("checkpoints", 0, 256, "Splitpoints that each worker keeps a frozen process at."),
    _count("checkpoint_us", 0, 10**9, "Splitpoints that are reached faster get none."),
    _count("checkpoint_mb", 16, 1 << 20, "Memory that a worker's checkpoints may have, in MiB."),
    click.option("--deadline", type=Duration(), default="1s", show_default=True,
                 help="Longest time of one timeline."),
    click.option("--keep-going", is_flag=True,
                 help="Go on after a bug, until a budget ends the run."),
    click.option("--memory", "memory_mb", type=click.IntRange(16, 1 << 20), default=2_048,
                 show_default=True, help="Memory of one timeline, in MiB."),
)  # fmt: skip


def _strategy(name: str, engine: Engine) -> Strategy:
    if name == AUTO:
        return Strategy.FRONTIER if engine is Engine.NONE else Strategy.DEPTH_FIRST
    return STRATEGIES[name]


def policy_options(command: Command[Result]) -> Command[Result]:
    """Every option that decides a campaign; the command gets them as `policy`."""

    @functools.wraps(command)
    def wrapped(
        *arguments: Any,
        strategy: str,
        engine: str,
        isolation: str,
        deadline: float,
        keep_going: bool,
        **values: Any,
    ) -> Result:
        choice = IsolationChoice(isolation)
        names = {field.name for field in fields(Policy)} & values.keys()
        asked = Engine(engine)
        suits_target = strategy == AUTO and asked is Engine.NONE
        policy = Policy(
            strategy=_strategy(strategy, asked),
            engine=asked,
            suits_target=suits_target,
            isolation=choice.isolation,
            must_rewind=choice is IsolationChoice.REWIND,
            deadline_ms=max(1, round(deadline * 1_000)),
            stop_on_bug=not keep_going,
            **{name: values.pop(name) for name in names},
        )
        if asked is not Engine.NONE and policy.strategy is not Strategy.FRONTIER:
            policy = replace(policy, window=1)  # libFuzzer waits for what an input brought
        for least in ("timelines_min", "warm_timelines_min"):
            if getattr(policy, least) > policy.timelines_max:
                option = f"--{least.replace('_', '-')}"
                raise UsageError(f"{option} is more than --timelines-max {policy.timelines_max}")
        return command(*arguments, policy=policy, **values)

    options: Command[Result] = wrapped
    for option in reversed(_POLICY_OPTIONS):
        options = option(options)
    return options
