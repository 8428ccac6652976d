"""Sorts bugs into buckets, replays them, and keeps the best recipe of each on disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fuzzverse import bugstore
from fuzzverse.buckets import Buckets, kind_of, message_of, signal_name
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.capture import LogCapture, shortened
from fuzzverse.engine import Replayer
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.model import Recipe, Replay, Target, TimelineRecord, Verdict
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import NOT_KNOWN, Rebuild
from fuzzverse.symbolise import LoggedStacks, Places

BUCKET_COUNT_MAX: Final = 1_000
IDENTITY_COUNT_MAX: Final = 64
REPLAY_COUNT: Final = 3
REPLAY_DEADLINE_MS: Final = 10_000
_SANITIZER_REPORT: Final = re.compile(rb"^.*(?:ERROR: \w*Sanitizer|runtime error:)", re.MULTILINE)
_SANITIZER_WORDS: Final = re.compile(rb"(?:ERROR: |runtime error: )([^\n]{1,200})")
# What `fv_bug` logs: the calls that led to it.
_CALLED: Final = re.compile(rb"^((?:    at [^\n]+\n)+)verdict [^\n]*\n?\Z", re.MULTILINE)
_ASSERT_WORDS: Final = re.compile(rb": (Assertion `[^\n]{1,200}' failed)\.$", re.MULTILINE)


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
        places: the target's functions; open for as long as bugs come.
        rebuild: how the target was built.
    """

    def __init__(
        self,
        engine: Replayer,
        target: Target,
        directory: Path,
        command: Callable[[str], str],
        limits: Limits,
        places: Places,
        rebuild: Rebuild = NOT_KNOWN,
    ) -> None:
        self._engine = engine
        self._target = target
        self._directory = directory
        self._command = command
        self._limits = limits
        self._sorter = Buckets(target, places)
        self._stacks = LoggedStacks(places)
        self._rebuild = rebuild
        self._buckets: dict[str, _Bucket] = {}
        self._evidence: dict[str, Evidence] = {}
        self.unrecorded = 0

    def bugs(self) -> tuple[Bug, ...]:
        """The bugs so far, in the order in which they were found."""
        return tuple(bucket.bug for bucket in self._buckets.values())

    def see(self, record: TimelineRecord) -> Bug | None:
        """Takes in a bug and returns it when its bucket is new.

        A new bucket is replayed REPLAY_COUNT times and written before this returns. Past
        BUCKET_COUNT_MAX buckets, new ones are only counted, in `unrecorded`.
        """
        name = self._sorter.bucket_of(record)
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
        self._evidence[name] = evidence
        return bug

    def take_evidence(self) -> dict[str, Evidence]:
        """What is new since this was last asked, by bucket: evidence of the recipes in `bugs`."""
        taken, self._evidence = self._evidence, {}
        return taken

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
        now = SavedBug(bug, saved.target, self._target.build_id, self._rebuild)
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
            message=self._message(record),
            identity=self._sorter.identity_of(record),
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

    def _message(self, record: TimelineRecord) -> str:
        words, function = message_of(record), self._sorter.function_of(record)
        return f"{words} in {function}" if record.verdict is Verdict.SIGNAL and function else words

    def _examine(self, bug: Bug, recipe: Recipe, times: int) -> tuple[Bug, Evidence]:
        """Replays a bug: how often it came again, with the log and stack of the first time."""
        first, log = self._replay(recipe, bug.verdict)
        others = [self._replay(recipe, bug.verdict)[0] for _ in range(times - 1)]
        same = sum(self._sorter.bucket_of(one) == bug.bucket for one in (first, *others))
        # Names are longer than addresses.
        log = shortened(self._stacks.named(log))
        evidence = Evidence(self._engine.input_bytes(recipe), log, self._stack(first, log))
        said = None
        if bug.verdict is Verdict.SANITIZER:
            said = _SANITIZER_WORDS.search(evidence.stack)
        elif bug.verdict is Verdict.SIGNAL:
            said = _ASSERT_WORDS.search(log)
        if said is not None:
            bug = replace(bug, message=said.group(1).decode(errors="replace").strip())
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
        if replay.verdict is Verdict.ASSERTION:
            return self._sorter.blocked_at(replay).encode() or _called_at(replay, log)
        if replay.verdict is not Verdict.SIGNAL:
            return b""
        first = f"{signal_name(replay.signal)} at 0x{replay.address:x}"
        calls = [f"    at {frame}" for frame in self._sorter.stack_of(replay)]
        unknown = ["    (nothing is known of this address)"]
        return "\n".join((first, *(calls or unknown), "")).encode()

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
        self._evidence[shorter.bucket] = evidence

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
        return SavedBug(bug, self._target.name, self._target.build_id, self._rebuild)

    def _write(self, bucket: _Bucket, evidence: Evidence) -> None:
        if bucket.earlier is not None and bucket.earlier.length < bucket.bug.length:
            self._write_meta(bucket)
            return
        bugstore.save(self._directory, self._saved(bucket), evidence)
        bucket.is_written = True

    def _write_meta(self, bucket: _Bucket) -> None:
        bugstore.save_meta(self._directory, self._saved(bucket))
        bucket.is_written = True


def _called_at(replay: Replay, log: bytes) -> bytes:
    """The calls that led to a bug that the target tells itself; of a mark's, none is needed."""
    called = _CALLED.search(log) if replay.mark is None else None
    return b"" if called is None else called[1]
