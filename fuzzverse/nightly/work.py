"""What a night does with one target, step by step; every step may be begun again after a kill."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from fuzzverse import bugstore, bundle, corpus
from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.prune import forget_details, forget_entries
from fuzzverse.archive.push import push
from fuzzverse.archive.queries import KeptBug, buckets_of, kept_bug
from fuzzverse.bugstore import Evidence
from fuzzverse.bundle import Bundle, Kept
from fuzzverse.corpus import GROUP_MAX, Corpus
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.files import disk_errors, name_of, sweep
from fuzzverse.model import Target
from fuzzverse.nightly.file import Task
from fuzzverse.outcome import StopReason, Summary
from fuzzverse.sharing import push_out

STEPS: Final = ("replay", "explore", "keep", "prune", "report")
# A canary only has to find its bug.
CANARY_STEPS: Final = ("explore",)
DAY_S: Final = 86_400
Step = Callable[[], dict[str, Any]]


class Interrupted(Exception):
    """The user asked to stop; the step under way counts for nothing."""


class Opened(Protocol):
    """A target that is built and ready."""

    @property
    def target(self) -> Target:
        """The build."""

    def bucket_now(self, data: bytes) -> str:
        """Replays an input: the bucket that it ends in, "" when it ends well."""

    def explore(self, out: Path, home: Path) -> Summary:
        """A campaign into `out`, that goes on from what `home` keeps."""

    def fresh(self, inputs: Sequence[bytes]) -> Iterable[bytes]:
        """Of inputs, run in this order, those that bring something which none before brought."""

    def replay_command(self, out: Path, bucket: str) -> str:
        """The line that replays a bug of an OUT."""

    def report(self, out: Path) -> str:
        """Writes the report of an OUT and returns the name of its file."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every target of a night: a team's archive (None: none), and the moment before
    which details are forgotten, in seconds since the epoch."""

    archive: Where | None
    forget_before: float


class Work:
    """The steps of one target.

    Args:
        task: what the file says of it.
        home: its directory: an OUT with what all nights have found.
        opened: the target.
        terms: of this night.
        result: what an earlier step of this night brought.
    """

    def __init__(
        self,
        task: Task,
        home: Path,
        opened: Opened,
        terms: Terms,
        result: Callable[[str], Any],
    ) -> None:
        self._task = task
        self._home = home
        self._tonight = home / "tonight"
        self._opened = opened
        self._terms = terms
        self._result = result

    def step(self, name: str) -> dict[str, Any]:
        """Takes one of STEPS and returns what it brought, as JSON values.

        Raises:
            Interrupted: the user has had enough.
            CommandError: it failed.
        """
        steps: dict[str, Step] = {
            "replay": self._replay,
            "explore": self._explore,
            "keep": self._keep,
            "prune": self._prune,
            "report": self._report,
        }
        return steps[name]()

    # ---- known bugs ------------------------------------------------------------------------------

    def _replay(self) -> dict[str, Any]:
        target = self._opened.target
        notes: list[str] = []
        known: dict[str, dict[str, Any]] = {}
        with ExitStack() as stack:
            for database in self._archives(stack, notes):
                for bucket in buckets_of(database, target.name):
                    if bucket in known:
                        continue
                    try:
                        known[bucket] = self._again(kept_bug(database, bucket, target.name))
                    except UsageError as error:
                        notes.append(str(error))
        values = [known[bucket] for bucket in sorted(known)]
        return {"build_id": target.build_id, "bugs": values, "notes": notes}

    def _archives(self, stack: ExitStack, notes: list[str]) -> list[Database]:
        """This target's own, and the team's if it can be reached."""
        with disk_errors(self._home, "create"):
            self._home.mkdir(parents=True, exist_ok=True)
        found = [stack.enter_context(Database(Where(str(self._home / "archive.db"))))]
        if self._terms.archive is not None:
            try:
                found.append(stack.enter_context(Database(self._terms.archive)))
            except EngineError as error:
                notes.append(str(error))
        return found

    def _again(self, kept: KeptBug) -> dict[str, Any]:
        now = self._opened.bucket_now(kept.parts["input"])
        outcome = "still there" if now == kept.bug.bucket else "changed" if now else "gone"
        return {
            "bucket": kept.bug.bucket,
            "message": kept.bug.message,
            "build_id": kept.build_id,
            "outcome": outcome,
            "now": now,
        }

    # ---- the search ------------------------------------------------------------------------------

    def _explore(self) -> dict[str, Any]:
        shutil.rmtree(self._tonight, ignore_errors=True)
        known = [bug["bucket"] for bug in (self._result("replay") or {"bugs": []})["bugs"]]
        summary = self._opened.explore(self._tonight, self._home)
        if summary.stopped is StopReason.INTERRUPT:
            raise Interrupted
        bugs = [
            {"bucket": bug.bucket, "message": bug.message, "sightings": bug.sightings,
             "timeline": bug.first_timeline, "reproduced": bug.reproduced,
             "replays": bug.replays, "is_new": bug.bucket not in known}
            for bug in summary.bugs
        ]  # fmt: skip
        totals = summary.totals
        return {
            "stopped": summary.stopped.value,
            "timelines": totals.timelines,
            "seconds": round(summary.seconds, 3),
            "features": totals.features,
            "edges_found": totals.edges_found,
            "edges_total": totals.edges_total,
            "digest": summary.digest,
            "bugs": bugs,
            "problems": list(summary.problems),
        }

    def _keep(self) -> dict[str, Any]:
        """Puts what tonight found to what was there; the same again changes nothing."""
        for directory in (self._home, self._home / "corpus", *self._home.glob("bugs/*/")):
            sweep(directory)
        entries = corpus.load(self._tonight / "corpus").entries
        home = Corpus(self._home / "corpus")
        for at in range(0, len(entries), GROUP_MAX):
            home.add_group(data for _, data in entries[at : at + GROUP_MAX])
        for bucket in bugstore.names(self._tonight / "bugs"):
            self._keep_bug(bucket)
        with (
            Database(Where(str(self._tonight / "archive.db"))) as source,
            Database(Where(str(self._home / "archive.db"))) as target,
        ):
            push(source, target, lambda name: None)
        return {"notes": self._share()}

    def _keep_bug(self, bucket: str) -> None:
        tonight, home = self._tonight / "bugs", self._home / "bugs"
        saved = bugstore.load(tonight, bucket)
        command = self._opened.replay_command(self._home, bucket)
        saved = replace(saved, bug=replace(saved.bug, command=command))
        read = functools.partial(bugstore.read_part, tonight, bucket)
        evidence = Evidence(read("input"), read("log"), read("stack"))
        # What this build shows is worth more than what another one did.
        if bundle.keep(home, Bundle(saved, evidence)) is Kept.OTHER_BUILD:
            bugstore.save(home, saved, evidence)

    def _share(self) -> list[str]:
        """Copies all nights to the team; what goes wrong is made up for by the next one."""
        if self._terms.archive is None:
            return []
        try:
            push_out(self._home, self._terms.archive)
        except EngineError as error:
            return [str(error)]
        return []

    # ---- afterwards ------------------------------------------------------------------------------

    def _prune(self) -> dict[str, Any]:
        """Keeps of the corpus what brings something, shortest first."""
        entries = dict(corpus.load(self._home / "corpus").entries)
        ordered = sorted(entries.values(), key=lambda data: (len(data), data))
        kept = {name_of(data): data for data in self._opened.fresh(ordered)}
        gone = sorted(entries.keys() - kept.keys())
        # Nothing at all is more likely to be a failure of ours than of the corpus.
        if not kept:
            gone = []
        Corpus(self._home / "corpus").add_group(kept.values())
        with Database(Where(str(self._home / "archive.db"))) as database:
            forget_entries(database, self._opened.target.name, gone)
            forget_details(database, self._terms.forget_before)
        for name in gone:
            with disk_errors(self._home / "corpus" / name, "remove"):
                (self._home / "corpus" / name).unlink(missing_ok=True)
        shutil.rmtree(self._tonight, ignore_errors=True)
        return {"before": len(entries), "after": len(entries) - len(gone)}

    def _report(self) -> dict[str, Any]:
        return {"file": self._opened.report(self._home)}
