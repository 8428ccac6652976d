"""The loop of a campaign: steps the native engine, and keeps what it brings.

Python sees productive timelines, bugs and totals a few times a second; it keeps counts and the
buckets of bugs, never all records, so that its memory does not grow with the campaign.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

from fuzzverse.aflstats import AflStats
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.corpus import Corpus, CorpusWriter
from fuzzverse.engine import Replayer, RunningCampaign, insist_on_rewinding
from fuzzverse.interruption import Interruption
from fuzzverse.model import (
    Discovery,
    Policy,
    Progress,
    Recipe,
    Target,
    TimelineRecord,
    Totals,
    Verdict,
)
from fuzzverse.observer import Observer, Team
from fuzzverse.outcome import Bug, Snapshot, StopReason, Summary, is_leak
from fuzzverse.outdir import OutDirectory
from fuzzverse.triage import Triage

STEP_S: Final = 0.1
SAVE_INTERVAL_S: Final = 0.9
LOOK_INTERVAL_S: Final = 0.5
# Between two surveys; and so many times what the last one took, for the campaign waits meanwhile.
SURVEY_INTERVAL_S: Final = 5.0
SURVEY_COSTS: Final = 100
LOST_SHOWN_MAX: Final = 20
LEAK_ADVICE: Final = (
    "timelines were run under fork from then on, and what came before may not replay. Either the "
    "target decides something that it does not draw (`fuzzverse replay --times` tells), or "
    "fuzzverse did not put everything back: run it again with --isolation fork"
)


@dataclass(frozen=True, slots=True)
class Clocks:
    """`monotonic` measures the campaign, in seconds; `epoch` dates it."""

    monotonic: Callable[[], float]
    epoch: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a campaign comes from: `uid`, 32 random hex digits, tells it from all others wherever
    it is copied to; `build` says how its target was built, in JSON."""

    uid: str
    build: str


class CampaignRun:
    """One campaign from its first step to its summary.

    Args:
        target: what runs.
        policy: decides the campaign; kept in the archive.
        origin: kept in the archive as well.
        seconds: end it, besides the budgets of the policy (None: no limit).
        engine: the open native campaign.
        replayer: writes recipes down.
        triage: takes the bugs.
        out: the open OUT.
        clocks: where time comes from.
        observer: is told what happens.
        interruption: ends the campaign in good order.
        team: is told when there is something to share.
        places: where each edge lies in the target's file, as in `session.edge_places`.
    """

    def __init__(
        self,
        *,
        target: Target,
        policy: Policy,
        origin: Origin,
        seconds: float | None,
        engine: RunningCampaign,
        replayer: Replayer,
        triage: Triage,
        out: OutDirectory,
        clocks: Clocks,
        observer: Observer,
        interruption: Interruption,
        team: Team,
        places: Callable[[], Sequence[int]],
    ) -> None:
        self._target = target
        self._policy = policy
        self._origin = origin
        self._seconds_max = seconds
        self._engine = engine
        self._replayer = replayer
        self._triage = triage
        self._out = out
        self._clocks = clocks
        self._observer = observer
        self._interruption = interruption
        self._team = team
        self._places = places
        self._start = clocks.monotonic()
        self._saved = 0.0
        self._looked = 0.0
        self._survey_due = 0.0
        self._edge_places: Sequence[int] | None = None
        self._last_discovery = 0.0
        self._inputs_written = 0
        self._lost = 0
        self._unfit = ""
        self._tallies = engine.tallies()

    def run(self) -> Summary:
        """Runs until a budget, a bug or the user ends it; everything is saved when it returns.

        Raises:
            EngineError: the machinery or the disk failed, or timelines cannot be rewound although
                the policy says that they must. What was saved stays.
        """
        with ExitStack() as stack:
            self._archive = stack.enter_context(Archive(self._out.archive))
            self._corpus = stack.enter_context(CorpusWriter(Corpus(self._out.corpus)))
            self._campaign = self._begin()
            try:
                stopped = self._loop()
            finally:
                # Whatever ended the loop, sightings and curves so far are worth keeping.
                self._save()
            return self._end(stopped)

    def _loop(self) -> StopReason:
        while True:
            stopped = self._take(self._engine.step(self._step_s()))
            if stopped is not None:
                self._take(self._engine.stop())
                return stopped
            now = self._seconds()
            if now - self._saved < SAVE_INTERVAL_S:
                continue
            if now >= self._survey_due:
                self._put_survey()
            self._save()

    def _begin(self) -> int:
        policy = {
            **asdict(self._policy),
            "strategy": self._policy.strategy.name.lower(),
            "isolation": self._policy.isolation.name.lower(),
        }
        start = {
            "target": self._target.name,
            "build_id": self._target.build_id,
            "sanitizer": self._target.sanitizer,
            "policy": policy,
        }
        self._out.events.add("start", start, urgent=True)
        started = self._clocks.epoch()
        self._afl = AflStats(self._out.path, self._target.name, started)
        return self._archive.begin(
            Start(
                target=self._target.name,
                build_id=self._target.build_id,
                strategy=self._policy.strategy.name.lower(),
                campaign_seed=self._policy.campaign_seed,
                policy=json.dumps(policy, sort_keys=True),
                started=started,
                uid=self._origin.uid,
                build=self._origin.build,
            )
        )

    def _seconds(self) -> float:
        return self._clocks.monotonic() - self._start

    def _step_s(self) -> float:
        if self._seconds_max is None:
            return STEP_S
        return max(0.0, min(STEP_S, self._seconds_max - self._seconds()))

    def _take(self, progress: Progress) -> StopReason | None:
        """Keeps what a step brought, in campaign order, and decides whether to go on."""
        for record in progress.timelines:
            self._keep(record)
        for discovery in progress.discoveries:
            self._out.events.add("discovery", self._discovery(discovery))
        if progress.timelines or progress.discoveries:
            self._last_discovery = self._seconds()
        self._observer.moved(self._moment(), progress.discoveries)
        self._look_at_isolation()
        return self._reason(progress.finished)

    def _look_at_isolation(self) -> None:
        """Tells once that timelines are no longer rewound; ends the campaign if they must be."""
        why = self._engine.unfit()
        if not why or self._unfit:
            return
        self._unfit = why
        event = "leak" if is_leak(why) else "fallback"
        self._out.events.add(event, {"isolation": "fork", "why": why}, urgent=True)
        if is_leak(why):
            self._observer.noted(why)
        insist_on_rewinding(self._engine, self._policy)

    def _reason(self, finished: bool) -> StopReason | None:
        if finished:
            return self._finish()
        if self._interruption.asked:
            return StopReason.INTERRUPT
        if self._seconds_max is not None and self._seconds() >= self._seconds_max:
            return StopReason.TIME
        return None

    def _finish(self) -> StopReason:
        """What in the policy made the engine finish."""
        totals = self._engine.totals()
        if self._policy.stop_on_bug and self._triage.bugs():
            return StopReason.BUG
        if self._policy.timelines is not None and totals.timelines >= self._policy.timelines:
            return StopReason.TIMELINES
        if self._policy.roots is not None and totals.roots >= self._policy.roots:
            return StopReason.ROOTS
        if self._policy.until_fresh is not None and (
            self._policy.until_stable is None or totals.stable_roots < self._policy.until_stable
        ):
            return StopReason.FRESH
        return StopReason.STABLE

    def _keep(self, record: TimelineRecord) -> None:
        if record.verdict is Verdict.LOST:
            self._note_lost(record)
        elif record.verdict.is_bug:
            self._keep_bug(record)
        if record.fresh:
            self._keep_input(record)

    def _note_lost(self, record: TimelineRecord) -> None:
        self._lost += 1
        values = {"timeline": record.ordinal, "message": record.message}
        self._out.events.add("lost", {**values, **self._recipe(record.recipe)})
        if self._lost <= LOST_SHOWN_MAX:
            self._observer.noted(f"timeline {record.ordinal} was lost: {record.message}")

    def _keep_bug(self, record: TimelineRecord) -> None:
        bug = self._triage.see(record)
        if bug is None:
            return
        self._put_bugs(bug)
        self._archive.commit()
        self._team.changed()
        self._out.events.add("bug", bug_values(bug), urgent=True)
        self._observer.found(bug)

    def _keep_input(self, record: TimelineRecord) -> None:
        name = self._corpus.add(self._replayer.input_bytes(record.recipe))
        self._inputs_written += 1
        recipe = self._replayer.recipe_text(record.recipe)
        root = record.recipe.root
        entry = Entry(name, record.ordinal, root, recipe, record.draws, record.fresh)
        self._archive.add_entries(self._campaign, entry)

    def _discovery(self, discovery: Discovery) -> Mapping[str, object]:
        return {
            "timeline": discovery.ordinal,
            "mark": discovery.mark,
            "detail": discovery.detail,
            "draws": discovery.draws,
            **(self._recipe(discovery.recipe) if discovery.recipe else {}),
        }

    def _recipe(self, recipe: Recipe) -> Mapping[str, object]:
        return {"root": recipe.root, "recipe": self._replayer.recipe_text(recipe)}

    def _moment(self) -> Snapshot:
        seconds = self._seconds()
        if seconds - self._looked >= LOOK_INTERVAL_S:
            self._looked = seconds
            self._tallies = self._engine.tallies()
        totals = self._engine.totals()
        return Snapshot(
            seconds=seconds,
            last_discovery=self._last_discovery,
            totals=totals,
            tallies=self._tallies,
            bugs=self._triage.bugs(),
            corpus=self._inputs_written,
            policy=self._policy,
            unfit=self._engine.unfit(),
        )

    def _save(self) -> None:
        self._saved = self._seconds()
        for words in self._team.notes():
            self._out.events.add("sharing", {"message": words})
            self._observer.noted(words)
        moment = self._moment()
        self._triage.count(self._engine.sightings)
        self._triage.flush()
        self._put_bugs(*self._triage.bugs())
        self._archive.put_marks(self._campaign, *moment.tallies)
        self._archive.add_point(self._campaign, moment)
        self._archive.commit()
        self._afl.write(moment)
        totals = {**asdict(moment.totals), "isolation": moment.totals.isolation.name.lower()}
        self._out.events.add("totals", totals, urgent=True)

    def _put_survey(self) -> None:
        """Where the campaign has been: for who looks meanwhile, or after it was killed, and at its
        end once more."""
        began = self._seconds()
        if self._edge_places is None:
            self._edge_places = self._places()
        survey, executable = self._engine.survey(), str(self._target.path)
        self._archive.put_survey(self._campaign, survey, executable, self._edge_places)
        ended = self._seconds()
        self._survey_due = ended + max(SURVEY_INTERVAL_S, SURVEY_COSTS * (ended - began))

    def _put_bugs(self, *bugs: Bug) -> None:
        self._archive.put_bugs(self._campaign, *bugs)
        for bucket, evidence in self._triage.take_evidence().items():
            self._archive.put_evidence(self._campaign, bucket, asdict(evidence))

    def _end(self, stopped: StopReason) -> Summary:
        totals = self._engine.totals()
        summary = Summary(
            target=self._target.name,
            build_id=self._target.build_id,
            stopped=stopped,
            seconds=self._seconds(),
            bugs=self._triage.bugs(),
            tallies=self._engine.tallies(),
            totals=totals,
            corpus=self._inputs_written,
            out=str(self._out.path),
            problems=self._problems(totals),
            policy=self._policy,
            unfit=self._engine.unfit(),
        )
        self._archive.put_marks(self._campaign, *summary.tallies)
        self._put_survey()
        self._archive.end(self._campaign, summary)
        end = {"stopped": stopped.value, "digest": summary.digest, "bugs": len(summary.bugs)}
        self._out.events.add("end", end, urgent=True)
        return summary

    def _problems(self, totals: Totals) -> tuple[str, ...]:
        """What a reader of the summary must know to trust it."""
        # A worker whose runner cannot go on leaves, so that the job begins again under fork.
        deaths = max(0, totals.worker_deaths - totals.jobs_forked)
        counts = (
            (totals.verdicts[Verdict.LOST], "timelines lost by the machinery"),
            (totals.fork_failures, "forks that failed (raise `ulimit -u` or use fewer --jobs)"),
            (totals.overflows, "things not recorded because a table was full"),
            (deaths, "workers that died and were replaced"),
            (totals.unreached, "splitpoints not reached again (is the target deterministic?)"),
            (self._triage.unrecorded, "bugs not kept because the table of buckets was full"),
        )
        leak = (f"{self._unfit}; {LEAK_ADVICE}",) if is_leak(self._unfit) else ()
        return leak + tuple(f"{words}: {count}" for count, words in counts if count)


def bug_values(bug: Bug) -> dict[str, object]:
    """A bug as JSON values."""
    return {**asdict(bug), "verdict": bug.verdict.name.lower()}
