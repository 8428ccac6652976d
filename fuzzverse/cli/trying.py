"""What `bugs minimize` and `bugs why` share: a saved bug, its target, and somebody to ask."""

from __future__ import annotations

import functools
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fuzzverse import bugstore, native
from fuzzverse.buckets import Buckets
from fuzzverse.bugstore import SavedBug
from fuzzverse.build import SANITIZERS
from fuzzverse.cli.opening import BuildRequest, Opened, is_name, open_target
from fuzzverse.cli.options import COUNT_MAX, Duration, Jobs, build_options, isolation_option
from fuzzverse.cli.watching import say
from fuzzverse.engine import insist_on_rewinding
from fuzzverse.errors import EngineError, InputError, UsageError
from fuzzverse.interruption import Interruption
from fuzzverse.model import IsolationChoice, Policy, Recipe, Replay, Strategy, Verdict
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.trace import Draw, trace
from fuzzverse.trials import Budget, Oracle

OUT_OPTION: Final = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("fuzzverse-out"),
    show_default=True,
    help="What a run left, or a directory of such.",
)
REPLAY_DEADLINE_MS: Final = 10_000
HANG_MS: Final = 20

Result = TypeVar("Result")
Command = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Trying:
    """How trials are run: options of a command."""

    target: str | None
    request: BuildRequest
    jobs: int
    isolation: IsolationChoice
    deadline_ms: int
    memory_mb: int
    trials: int
    seconds: float | None


def trying_options(trials: int) -> Callable[[Command[Result]], Command[Result]]:
    """The options; the command gets them as `trying`. `trials` is the default budget."""

    def decorate(command: Command[Result]) -> Command[Result]:
        @build_options
        @isolation_option
        @click.option("--target", help="Name or executable; by default what the bug says.")
        @click.option(
            "--jobs",
            type=Jobs(),
            default="all",
            show_default=True,
            metavar="N|all|half|all-but-N",
            help="Workers; they change only the speed.",
        )
        @click.option(
            "--trials",
            type=click.IntRange(1, COUNT_MAX),
            default=trials,
            show_default=True,
            help="Timelines to run at most.",
        )
        @click.option("--time", "seconds", type=Duration(), help="Stop after so long, too.")
        @click.option(
            "--deadline",
            type=Duration(),
            default="1s",
            show_default=True,
            help="Longest time of one timeline.",
        )
        @click.option(
            "--memory",
            "memory_mb",
            type=click.IntRange(16, 1 << 20),
            default=2_048,
            show_default=True,
            help="Memory of one timeline, in MiB.",
        )
        @functools.wraps(command)
        def wrapped(*arguments: Any, isolation: str, deadline: float, **values: Any) -> Result:
            names = ("target", "request", "jobs", "memory_mb", "trials", "seconds")
            trying = Trying(
                isolation=IsolationChoice(isolation),
                deadline_ms=max(1, round(deadline * 1_000)),
                **{name: values.pop(name) for name in names},
            )
            return command(*arguments, trying=trying, **values)

        return wrapped  # fmt: skip

    return decorate


@dataclass(frozen=True, slots=True)
class Case:
    """A bug that a run left, and what its timelines are asked by."""

    directory: Path
    saved: SavedBug
    recipe: Recipe
    opened: Opened
    trying: Trying

    @property
    def deadline_ms(self) -> int:
        """Of replays: logging makes them slower, but a timeout is to stay one, as in triage."""
        return max(self.trying.deadline_ms, 0 if self.is_hang else REPLAY_DEADLINE_MS)

    @property
    def is_hang(self) -> bool:
        """Whether the bug is that a timeline does not end in time."""
        return self.saved.bug.verdict is Verdict.TIMEOUT

    @property
    def hint_ms(self) -> int:
        """The deadline of trials: where each costs all of it, a short one that tells as much of
        timelines that do not end at all. What was made so needs another look."""
        most = self.trying.deadline_ms
        return min(most, HANG_MS) if self.is_hang else most

    def trace(self, recipe: Recipe) -> tuple[Replay, list[Draw]]:
        """How a replay ends, and what it draws."""
        return trace(native, self.opened.target, recipe, self.deadline_ms, self.trying.memory_mb)

    def replay(self, recipe: Recipe, log_fd: int) -> Replay:
        """How a replay ends; what it logs goes to `log_fd`."""
        return native.replay(
            self.opened.target,
            recipe,
            log_fd=log_fd,
            deadline_ms=self.deadline_ms,
            memory_mb=self.trying.memory_mb,
        )

    @contextmanager
    def asking(
        self,
        moved: Callable[[int], None],
        interruption: Interruption | None = None,
        deadline_ms: int | None = None,
    ) -> Iterator[Oracle]:
        """Somebody to ask about recipes, until the budget is spent or the user says stop; with
        another deadline for each timeline than the user gave."""
        interruption, start = interruption or Interruption(), time.monotonic()
        until = None if self.trying.seconds is None else start + self.trying.seconds
        budget = Budget(self.trying.trials, until, time.monotonic, lambda: interruption.asked)
        policy = Policy(
            strategy=Strategy.TRIALS,
            jobs=self.trying.jobs,
            isolation=self.trying.isolation.isolation,
            must_rewind=self.trying.isolation is IsolationChoice.REWIND,
            deadline_ms=deadline_ms or self.trying.deadline_ms,
            memory_mb=self.trying.memory_mb,
            canary=0,
        )
        target, bucket = self.opened.target, self.saved.bug.bucket
        with (
            interruption.listening(),
            native.Campaign(target, policy, [self.recipe]) as campaign,
            Places(find_tool("llvm-symbolizer"), target) as places,
        ):
            buckets = Buckets(target, places)
            yield Oracle(
                buckets,
                bucket,
                campaign,
                budget,
                self.trying.jobs,
                is_hang=self.is_hang,
                moved=moved,
            )
            insist_on_rewinding(campaign, policy)


def find_case(bucket: str, out: Path, trying: Trying) -> Case:
    """The bug of this name in OUT/bugs or OUT/*/bugs, and its target.

    Raises:
        UsageError: there is no such bug, or its target is not to be found.
    """
    directory = find_bug(bucket, out)
    saved = bugstore.load(directory, bucket)
    try:
        recipe = native.input_parse(bugstore.read_part(directory, bucket, "input"))
    except InputError as error:
        raise UsageError(f"{directory / bucket / 'input'}: {error}") from error
    target, request = _asked_for(saved, trying)
    opened = open_target(target, request)
    if opened.target.build_id != saved.build_id:
        say(f"warning: the bug was found in build {saved.build_id}, this one is "
            f"{opened.target.build_id}")  # fmt: skip
    return Case(directory, saved, recipe, opened, trying)


def not_reproduced(case: Case) -> EngineError:
    """What to raise when the recipe does not show the bug."""
    return EngineError(
        f"the recipe of {case.saved.bug.bucket} does not show the bug in this build of "
        f"{case.opened.target.name} (give the one that it was found in with --target, or the "
        "--sanitize of then)"
    )


def _asked_for(saved: SavedBug, trying: Trying) -> tuple[str, BuildRequest]:
    """The target as the user called it, when that is a name: a path in a file that may have come
    from anywhere is not to be executed."""
    if trying.target is not None:
        return trying.target, trying.request
    try:
        words = shlex.split(saved.bug.command)
    except ValueError:
        words = []
    called = words[words.index("replay") + 1 :] if "replay" in words else []
    if not called or not is_name(called[0]):
        raise UsageError(f"which target has {saved.bug.bucket}? Name it, or its path: --target")
    asked = [b for a, b in pairwise(called) if a == "--sanitize" and b in SANITIZERS]
    is_as_then = trying.request == BuildRequest()
    return called[0], BuildRequest(tuple(asked)) if is_as_then else trying.request


def find_bug(bucket: str, out: Path) -> Path:
    """The directory of bugs that holds a bucket, or else the first."""
    places = bug_places(out)
    return next((place for place in places if bucket in bugstore.names(place)), places[0])


def bug_places(out: Path) -> list[Path]:
    """OUT/bugs, or OUT/*/bugs when OUT holds what several runs left."""
    places = [p for p in (out / "bugs", *sorted(out.glob("*/bugs"))) if p.is_dir()]
    if not places:
        raise UsageError(f"{out} holds no bugs directory; give what a run left with --out")
    return places
