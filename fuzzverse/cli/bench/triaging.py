"""Takes a variant with a known bug through all that users do: run, minimise, replay, why."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fuzzverse import bugstore, native
from fuzzverse.bench.triage import Limits, Outcome, Reason, Search, Small
from fuzzverse.buckets import Buckets
from fuzzverse.cli.exploring import explore
from fuzzverse.cli.minimize import TRIALS, Progress, shrink_case, size_of
from fuzzverse.cli.opening import BuildRequest, Opened, known_variant, open_target
from fuzzverse.cli.sharing import Alone
from fuzzverse.cli.trying import Case, Trying
from fuzzverse.cli.why import explain_case, place_of
from fuzzverse.errors import CommandError, EngineError, InputError
from fuzzverse.interruption import Interruption
from fuzzverse.model import Discovery, IsolationChoice, Policy, Recipe
from fuzzverse.observer import Observer
from fuzzverse.outcome import Bug, Snapshot
from fuzzverse.report.triage import render_search, render_small
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.trials import Stopped

TIMELINES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How each variant is taken through.

    Args:
        seeds: of the campaigns; the first that finds the bug gives the recipe.
        more: timelines behind the bug in which others are still looked for.
        seconds: of a campaign, at most.
        any_bug: whether the first bug of whatever kind is looked into.
        futures: from each draw, for `why`.
        limits: what is asked.
    """

    seeds: Sequence[int]
    more: int
    seconds: float
    jobs: int
    any_bug: bool
    futures: int
    limits: Limits


class Watch:
    """Ends a campaign so many timelines behind the bug that is looked for."""

    def __init__(self, wanted: str, more: int, campaign: Interruption) -> None:
        self._wanted = wanted
        self._more = more
        self._campaign = campaign
        self._bugs: list[Bug] = []
        self.bug: Bug | None = None
        self.is_enough = False

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        """Looks whether it is enough."""
        if self.bug is not None and moment.totals.timelines > self._last(self.bug):
            self.is_enough = self._campaign.asked = True

    def found(self, bug: Bug) -> None:
        """Keeps it as it was first seen: what is better later depends on when one looks."""
        self._bugs.append(bug)
        if self.bug is None and self._wanted in bug.message:
            self.bug = bug

    def noted(self, words: str) -> None:
        """Is not shown: the campaign's summary tells it."""

    def bugs(self) -> tuple[Bug, ...]:
        """Those up to the end, which does not depend on when the campaign was looked at."""
        if self.bug is None:
            return tuple(self._bugs)
        last = self._last(self.bug)
        return tuple(bug for bug in self._bugs if bug.first_timeline <= last)

    def _last(self, bug: Bug) -> int:
        return bug.first_timeline + self._more


def triage_each(
    variants: Sequence[str],
    plan: Plan,
    out: Path,
    interruption: Interruption,
    say: Callable[[str], None],
) -> Iterator[Outcome]:
    """What becomes of each variant, one after the other, until the user ends it.

    Campaigns leave what they found in OUT/VARIANT-SEED.

    Raises:
        CommandError: a variant does not build.
    """
    for variant in variants:
        case = _Variant(variant, plan, out, interruption, say)
        outcome = case.run()
        if interruption.asked:
            return
        yield outcome


class _Variant:
    """One variant under way."""

    def __init__(
        self,
        name: str,
        plan: Plan,
        out: Path,
        interruption: Interruption,
        say: Callable[[str], None],
    ) -> None:
        known = known_variant(name)
        assert known is not None
        self._name = name
        self._variant = known[1]
        self._plan = plan
        self._out = out
        self._interruption = interruption
        self._say = say

    def run(self) -> Outcome:
        opened = open_target(self._name, BuildRequest())
        # By the name that its archive has: half of what tells buckets apart.
        outcome = Outcome(opened.target.name)
        try:
            for seed in self._plan.seeds:
                search = self._search(opened, seed)
                if self._interruption.asked:
                    return outcome
                self._say(render_search(self._name, search))
                outcome = replace(outcome, searches=(*outcome.searches, search))
            return self._looked_into(opened, outcome)
        except CommandError as error:
            return replace(outcome, problem=str(error))

    # ---- finding it ---------------------------------------------------------------------------

    def _search(self, opened: Opened, seed: int) -> Search:
        campaign = Interruption()
        wanted = "" if self._plan.any_bug else self._variant.bug
        watch = Watch(wanted, self._plan.more, campaign)
        policy = Policy(
            campaign_seed=seed,
            jobs=self._plan.jobs,
            timelines=(self._variant.timelines or TIMELINES_MAX) + self._plan.more,
        )
        summary = explore(
            opened,
            policy,
            self._plan.seconds,
            self._directory(seed),
            lambda directory: ((), 0),
            campaign,
            lambda path, uid: contextlib.nullcontext(Alone()),
            contextlib.nullcontext[Observer](watch),
        )
        if campaign.asked and not watch.is_enough:
            self._interruption.asked = True
        bugs = watch.bugs()
        bug = watch.bug or (bugs[0] if bugs else None)
        return Search(
            seed,
            bug,
            watch.bug is not None,
            bugs,
            summary.totals.timelines if bug is None else bug.first_timeline + 1,
            summary.seconds,
        )

    def _directory(self, seed: int) -> Path:
        return self._out / f"{self._name}-{seed}"

    # ---- looking into it ----------------------------------------------------------------------

    def _looked_into(self, opened: Opened, outcome: Outcome) -> Outcome:
        search = outcome.search
        if search is None or search.bug is None:
            return outcome
        case = self._case(opened, search.seed, search.bug)
        with _telling("minimising"):
            small, case = self._minimize(case)
        self._say(render_small(self._name, small))
        outcome = replace(outcome, small=small)
        if not self._interruption.asked:
            outcome = replace(outcome, replayed=self._replay(case))
        if not self._interruption.asked:
            with _telling("explaining"):
                outcome = replace(outcome, reason=self._why(case))
        return outcome

    def _case(self, opened: Opened, seed: int, bug: Bug) -> Case:
        directory = self._directory(seed) / "bugs"
        saved = bugstore.load(directory, bug.bucket)
        try:
            recipe = native.recipe_parse(bug.root, bug.recipe)
        except InputError as error:
            raise AssertionError(f"{bug.bucket}: {bug.recipe}") from error
        return Case(directory, saved, recipe, opened, self._trying(self._plan.limits.seconds))

    def _trying(self, seconds: float | None) -> Trying:
        policy = Policy()
        return Trying(
            target=None,
            request=BuildRequest(),
            jobs=self._plan.jobs,
            isolation=IsolationChoice.AUTO,
            deadline_ms=policy.deadline_ms,
            memory_mb=policy.memory_mb,
            trials=TRIALS,
            seconds=seconds,
        )

    def _minimize(self, case: Case) -> tuple[Small, Case]:
        """Makes it small; the case that is returned has that recipe."""
        start = time.monotonic()
        progress = Progress(start, is_screen=False)
        shrunk, before, trials = shrink_case(case, progress, self._interruption)
        recipe, size = shrunk.shape.recipe, size_of(shrunk.shape)
        small = Small(
            _text(recipe),
            size.segments,
            size.said,
            size.lucky,
            size.draws,
            before.draws,
            trials,
            time.monotonic() - start,
            shrunk.stopped,
        )
        return small, replace(case, recipe=recipe, trying=self._trying(None))

    def _replay(self, case: Case) -> int:
        """How many of the replays end in the bug's bucket."""
        target, same = case.opened.target, 0
        with (
            Path(os.devnull).open("wb") as nowhere,
            Places(find_tool("llvm-symbolizer"), target) as places,
        ):
            buckets = Buckets(target, places)
            for _ in range(self._plan.limits.replays):
                ending = case.replay(case.recipe, nowhere.fileno())
                bucket = buckets.bucket_of(ending) if ending.verdict.is_bug else ""
                same += bucket == case.saved.bug.bucket
        return same

    def _why(self, case: Case) -> Reason:
        start = time.monotonic()
        with case.asking(lambda trials: None, self._interruption, case.hint_ms) as oracle:
            told = explain_case(case, oracle, self._plan.futures)
        seconds = time.monotonic() - start
        return Reason(told.decision, place_of(case, told.decision), oracle.trials, seconds)


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    """Says what was stopped."""
    try:
        yield
    except Stopped as stopped:
        raise EngineError(f"{what} stopped: {stopped}") from stopped


def _text(recipe: Recipe) -> str:
    return f"{recipe.root}: {native.recipe_text(recipe)}".rstrip(": ")
