"""How far a night has come, in one file that is whole at every moment: a killed night goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import read_capped, write_whole

FILE_NAME: Final = "night.json"
SIZE_MAX: Final = 16 * 1024 * 1024
# A step that has begun so often and never ended brings the machinery down: it is left out.
BEGINNINGS_MAX: Final = 8
_VERSION: Final = 1


@dataclass(slots=True)
class State:
    """One night.

    `number` counts nights from 1; `began` and `ended` are seconds since the epoch (0: not yet);
    `text` is FILE.toml as it was then; `done` holds what each step brought, by task and step, and
    `begun` how often it was begun.
    """

    number: int
    began: float
    text: str
    ended: float = 0.0
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    begun: dict[str, dict[str, int]] = field(default_factory=dict)

    def result(self, key: str, step: str) -> Any:
        """What a step brought; None when it has not ended."""
        return self.done.get(key, {}).get(step)


class StateFile:
    """The state of the nights of one directory, on disk."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def load(self) -> State | None:
        """The last night, ended or not; None when there was none.

        Raises:
            UsageError: the file is damaged.
        """
        if not self._path.exists():
            return None
        try:
            return _parse(json.loads(read_capped(self._path, SIZE_MAX, follow=False)))
        except (InputError, ValueError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{self._path} is damaged ({error}); remove it to begin another night"
            ) from error

    def save(self, state: State) -> None:
        """Writes it, durably."""
        values = {"version": _VERSION, **asdict(state)}
        write_whole(self._path, (json.dumps(values, indent=1) + "\n").encode())


def _parse(values: object) -> State:
    if not isinstance(values, dict) or values.pop("version", None) != _VERSION:
        raise InputError("it is of another version of fuzzverse")
    state = State(**values)
    done, begun = state.done, state.begun
    is_sound = (
        isinstance(state.number, int)
        and isinstance(state.began, float)
        and isinstance(state.ended, float)
        and isinstance(state.text, str)
        and all(isinstance(steps, Mapping) for steps in (*done.values(), *begun.values()))
    )
    if not is_sound:
        raise InputError("its values make no sense")
    return state
