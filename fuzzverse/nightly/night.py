"""A night: every target's steps in order, none of which stops another's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fuzzverse.archive.database import Where
from fuzzverse.errors import CommandError, EngineError
from fuzzverse.files import disk_errors, write_whole
from fuzzverse.nightly.file import NightFile, Task
from fuzzverse.nightly.state import BEGINNINGS_MAX, State, StateFile
from fuzzverse.nightly.work import CANARY_STEPS, DAY_S, STEPS, Opened, Terms, Work

CANARY_KEY: Final = "canary"
NOTIFY_TIMEOUT_S: Final = 60
NIGHTS: Final = "nights"
TARGETS: Final = "targets"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a night ended: its state as JSON values by target, and what kind of a night it was."""

    number: int
    tasks: tuple[Task, ...]
    canary: Task | None
    done: dict[str, dict[str, Any]]

    @property
    def is_blind(self) -> bool:
        """Whether the canary's bug was not found: the pipeline finds nothing."""
        if self.canary is None:
            return False
        explored = self.done.get(CANARY_KEY, {}).get("explore")
        return explored is None or not explored["bugs"]

    @property
    def failed(self) -> tuple[str, ...]:
        """The targets that could not be explored."""
        return tuple(t.key for t in self.tasks if "failed" in self.done.get(t.key, {}))

    @property
    def new(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Targets and the bugs that no night before has seen in them."""
        return tuple(
            (task.key, bug)
            for task in self.tasks
            for bug in self.done.get(task.key, {}).get("explore", {"bugs": ()})["bugs"]
            if bug["is_new"]
        )

    @property
    def changed(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Targets and known bugs whose recipes now end in another bucket."""
        return tuple(
            (task.key, bug)
            for task in self.tasks
            for bug in self.done.get(task.key, {}).get("replay", {"bugs": ()})["bugs"]
            if bug["outcome"] == "changed"
        )

    def values(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "night": self.number,
            "is_blind": self.is_blind,
            "failed": list(self.failed),
            "new": [{"target": key, **bug} for key, bug in self.new],
            "targets": {task.key: self.done.get(task.key, {}) for task in self.tasks},
            "canary": self.done.get(CANARY_KEY),
        }


class Night:
    """Takes a night from wherever it is to its end.

    Args:
        directory: of all nights of a file; held by nobody else.
        file: what is to be done.
        state: how far it has come.
        states: where that is kept.
        opens: builds a task's target.
        say: is told what happens, a line each.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        file: NightFile,
        state: State,
        states: StateFile,
        opens: Callable[[Task], Opened],
        say: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._file = file
        self._state = state
        self._states = states
        self._opens = opens
        self._say = say
        self._now = now

    def run(self) -> Outcome:
        """Every step that has not ended yet.

        Raises:
            Interrupted: the user asked to stop; the next call goes on.
            EngineError: the directory cannot be written to.
        """
        if self._file.canary is not None:
            self._work(CANARY_KEY, self._file.canary, CANARY_STEPS)
        for task in self._file.tasks:
            self._work(task.key, task, STEPS)
        outcome = Outcome(self._state.number, self._file.tasks, self._file.canary, self._state.done)
        self._end(outcome)
        return outcome

    def _work(self, key: str, task: Task, steps: Sequence[str]) -> None:
        done = self._state.done.setdefault(key, {})
        left = [step for step in steps if step not in done]
        if not left or "failed" in done:
            return
        self._say(f"{key}: {', '.join(left)}")
        try:
            # To build it is a part of the first step that is left.
            self._begin(key, left[0])
            work = self._open(key, task)
            for step in left:
                if step != left[0]:
                    self._begin(key, step)
                done[step] = work.step(step)
                self._states.save(self._state)
        except CommandError as error:
            done["failed"] = str(error)
            self._states.save(self._state)
            self._say(f"{key}: failed: {error}")

    def _begin(self, key: str, step: str) -> None:
        begun = self._state.begun.setdefault(key, {})
        begun[step] = begun.get(step, 0) + 1
        self._states.save(self._state)
        if begun[step] > BEGINNINGS_MAX:
            raise EngineError(
                f"the step `{step}` has been begun {BEGINNINGS_MAX} times and has never come to an "
                "end; it is left out tonight"
            )

    def _open(self, key: str, task: Task) -> Work:
        archive = Where(self._file.archive) if self._file.archive else None
        terms = Terms(archive, self._state.began - self._file.keep_days * DAY_S)
        home = self._directory / (CANARY_KEY if key == CANARY_KEY else f"{TARGETS}/{key}")
        return Work(task, home, self._opens(task), terms, lambda s: self._state.result(key, s))

    def _end(self, outcome: Outcome) -> None:
        """Writes down how it was, tells who wants to know, and forgets old nights."""
        nights = self._directory / NIGHTS
        with disk_errors(nights, "create"):
            nights.mkdir(exist_ok=True)
        text = json.dumps(outcome.values(), indent=2) + "\n"
        write_whole(nights / f"{outcome.number:06}.json", text.encode())
        oldest = outcome.number - self._file.keep_days
        for path in nights.glob("*.json"):
            if path.stem.isdigit() and int(path.stem) <= oldest:
                path.unlink(missing_ok=True)
        if self._file.notify and (outcome.new or outcome.failed or outcome.is_blind):
            self._notify(text)
        self._state.ended = self._now()
        self._states.save(self._state)

    def _notify(self, text: str) -> None:
        """The command gets the night as JSON on its standard input."""
        try:
            subprocess.run(
                self._file.notify, input=text, text=True, timeout=NOTIFY_TIMEOUT_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._say(f"warning: `{self._file.notify[0]}` could not be told: {error}")


def begin_or_go_on(states: StateFile, text: str, now: float) -> tuple[State, bool]:
    """The night that has not ended, or another one; and whether it is gone on with.

    A night goes on with the file as it was when it began: `state.text`.

    Raises:
        UsageError: what is kept of it is damaged.
    """
    last = states.load()
    if last is not None and not last.ended:
        return last, True
    return State(number=last.number + 1 if last else 1, began=now, text=text), False
