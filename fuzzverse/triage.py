"""Sorts bugs into buckets, replays them, and keeps the best recipe of each on disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fuzzverse import bugstore
from fuzzverse.buckets import bucket_of, identity_of, kind_of, message_of, signal_name
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.capture import LogCapture
from fuzzverse.engine import Replayer
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.model import Recipe, Replay, Target, TimelineRecord, Verdict
from fuzzverse.outcome import Bug
from fuzzverse.symbolise import LoggedStacks, symbolise

BUCKET_COUNT_MAX: Final = 1_000
IDENTITY_COUNT_MAX: Final = 64
REPLAY_COUNT: Final = 3
REPLAY_DEADLINE_MS: Final = 10_000
_SANITIZER_REPORT: Final = re.compile(rb"^.*(?:ERROR: \w*Sanitizer|runtime error:)", re.MULTILINE)
_SANITIZER_WORDS: Final = re.compile(rb"(?:ERROR: |runtime error: )([^\n]{1,200})")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a campaign's timelines, which replays keep to as well."""

    deadline_ms: int = 1_000
    memory_mb: int = 2_048


@dataclass(slots=True)
class _Bucket:
    """A bucket under way: the bug, a record that would improve it, and what was there before."""

    bug: Bug
    earlier: Bug | None
    identities: set[tuple[Verdict, str]]
    better: TimelineRecord | None = None
    is_written: bool = False


class Triage:
    """The buckets of one campaign. A bug is on disk before `see` returns it.

    Args:
        engine: replays recipes.
        target: the build that the campaign runs.
        directory: OUT/bugs.
        command: makes the line that replays a bucket.
        limits: of each replay.
        symbolizer: llvm-symbolizer, when there is one.
    """

    def __init__(
        self,
        engine: Replayer,
        target: Target,
        directory: Path,
        command: Callable[[str], str],
        limits: Limits,
        symbolizer: Path | None = None,
    ) -> None:
        self._engine = engine
        self._target = target
        self._directory = directory
        self._command = command
        self._limits = limits
        self._symbolizer = symbolizer
        self._buckets: dict[str, _Bucket] = {}
        self.unrecorded = 0

    def bugs(self) -> tuple[Bug, ...]:
        """The bugs so far, in the order in which they were found."""
        return tuple(bucket.bug for bucket in self._buckets.values())

    def see(self, record: TimelineRecord) -> Bug | None:
        """Takes in a bug and returns it when its bucket is new.

        A new bucket is replayed REPLAY_COUNT times and written before this returns. Past
        BUCKET_COUNT_MAX buckets, new ones are only counted, in `unrecorded`.
        """
        name = bucket_of(self._target, record)
        known = self._buckets.get(name)
        if known is not None:
            self._again(known, record)
            return None
        if len(self._buckets) >= BUCKET_COUNT_MAX:
            self.unrecorded += 1
            return None
        bug, evidence = self._examine(self._bug(name, record), record.recipe, REPLAY_COUNT)
        bucket = _Bucket(bug, self._earlier(name), {(record.verdict, record.identity)})
        self._write(bucket, evidence)
        self._buckets[name] = bucket
        return bug

    def count(self, sightings: Callable[[Verdict, str], int]) -> None:
        """Brings the sightings of every bucket up to date with what the engine counted."""
        for bucket in self._buckets.values():
            seen = sum(sightings(verdict, identity) for verdict, identity in bucket.identities)
            if seen > bucket.bug.sightings:
                bucket.bug = replace(bucket.bug, sightings=seen)
                bucket.is_written = False

    def replace(self, saved: SavedBug, recipe: Recipe, draws: int) -> Bug:
        """Puts a minimised recipe in the place of a saved bug's, which is kept beside it.

        Raises:
            EngineError: replaying it does not land in the bucket every time; nothing is changed.
        """
        bug = replace(
            saved.bug,
            root=recipe.root,
            recipe=self._engine.recipe_text(recipe),
            segments=recipe.segment_count,
            draws=draws,
            is_minimized=True,
        )
        bug, evidence = self._examine(bug, recipe, REPLAY_COUNT)
        if bug.reproduced < bug.replays:
            raise EngineError(
                f"the minimised recipe shows the bug in {bug.reproduced} of {bug.replays} replays: "
                "the target is not deterministic, or rewinding does not put everything back "
                "(try --isolation fork)"
            )
        bugstore.keep_original(self._directory, bug.bucket)
        now = SavedBug(bug, saved.target, self._target.build_id)
        bugstore.save(self._directory, now, evidence)
        return bug

    def flush(self) -> None:
        """Brings what is on disk up to date: better recipes that replay, and sightings."""
        for bucket in self._buckets.values():
            record, bucket.better = bucket.better, None
            if record is not None:
                self._improve(bucket, record)
            if not bucket.is_written:
                self._write_meta(bucket)

    def _again(self, bucket: _Bucket, record: TimelineRecord) -> None:
        if len(bucket.identities) < IDENTITY_COUNT_MAX:
            bucket.identities.add((record.verdict, record.identity))
        best = self._length(bucket.better) if bucket.better else bucket.bug.length
        if self._length(record) < best:
            bucket.better = record

    def _length(self, record: TimelineRecord) -> tuple[bool, int, int, str]:
        text = self._engine.recipe_text(record.recipe)
        return True, record.recipe.segment_count, record.draws, text

    def _bug(self, name: str, record: TimelineRecord) -> Bug:
        return Bug(
            bucket=name,
            verdict=record.verdict,
            kind=kind_of(self._target, record),
            message=message_of(record),
            identity=identity_of(self._target, record),
            root=record.recipe.root,
            recipe=self._engine.recipe_text(record.recipe),
            segments=record.recipe.segment_count,
            draws=record.draws,
            sightings=1,
            first_timeline=record.ordinal,
            reproduced=0,
            replays=0,
            command=self._command(name),
        )

    def _examine(self, bug: Bug, recipe: Recipe, times: int) -> tuple[Bug, Evidence]:
        """Replays a bug: how often it came again, with the log and stack of the first time."""
        first, log = self._replay(recipe, bug.verdict)
        others = [self._replay(recipe, bug.verdict)[0] for _ in range(times - 1)]
        same = sum(bucket_of(self._target, one) == bug.bucket for one in (first, *others))
        with LoggedStacks(self._symbolizer, self._target) as stacks:
            log = stacks.named(log)
        evidence = Evidence(self._engine.input_bytes(recipe), log, self._stack(first, log))
        words = _SANITIZER_WORDS.search(evidence.stack)
        if bug.verdict is Verdict.SANITIZER and words is not None:
            bug = replace(bug, message=words.group(1).decode(errors="replace").strip())
        return replace(bug, reproduced=same, replays=times), evidence

    def _replay(self, recipe: Recipe, verdict: Verdict) -> tuple[Replay, bytes]:
        # Logging makes replays slower, and a deadline must not hide a crash; but a generous one
        # would hide a timeout.
        generous = 0 if verdict is Verdict.TIMEOUT else REPLAY_DEADLINE_MS
        with LogCapture() as log:
            replay = self._engine.replay(
                self._target,
                recipe,
                log_fd=log.fd,
                deadline_ms=max(self._limits.deadline_ms, generous),
                memory_mb=self._limits.memory_mb,
            )
        return replay, log.text

    def _stack(self, replay: Replay, log: bytes) -> bytes:
        report = _SANITIZER_REPORT.search(log)
        if report is not None:
            return log[report.start() :]
        if replay.verdict is not Verdict.SIGNAL:
            return b""
        place = symbolise(self._symbolizer, self._target, replay.address)
        first = f"{signal_name(replay.signal)} at 0x{replay.address:x}"
        return f"{first}\n{place or '(nothing is known of this address)'}\n".encode()

    def _improve(self, bucket: _Bucket, record: TimelineRecord) -> None:
        """Takes a shorter recipe, if replaying it lands in the same bucket."""
        shorter, evidence = self._examine(self._bug(bucket.bug.bucket, record), record.recipe, 1)
        if not shorter.reproduced:
            return
        bucket.bug = replace(
            shorter,
            sightings=bucket.bug.sightings,
            first_timeline=bucket.bug.first_timeline,
            reproduced=bucket.bug.reproduced,
            replays=bucket.bug.replays,
        )
        self._write(bucket, evidence)

    def _earlier(self, name: str) -> Bug | None:
        """What an earlier campaign on the same build left of this bucket."""
        try:
            saved = bugstore.load(self._directory, name)
        except UsageError:
            return None
        return saved.bug if saved.build_id == self._target.build_id else None

    def _saved(self, bucket: _Bucket) -> SavedBug:
        """What disk should say: the better recipe of both campaigns, the sightings of both."""
        bug, earlier = bucket.bug, bucket.earlier
        if earlier is not None:
            better = earlier if earlier.length < bug.length else bug
            bug = replace(better, sightings=bug.sightings + earlier.sightings)
        return SavedBug(bug, self._target.name, self._target.build_id)

    def _write(self, bucket: _Bucket, evidence: Evidence) -> None:
        if bucket.earlier is not None and bucket.earlier.length < bucket.bug.length:
            self._write_meta(bucket)
            return
        bugstore.save(self._directory, self._saved(bucket), evidence)
        bucket.is_written = True

    def _write_meta(self, bucket: _Bucket) -> None:
        bugstore.save_meta(self._directory, self._saved(bucket))
        bucket.is_written = True
