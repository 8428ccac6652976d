"""TOML from outside, taken out key by key: what is wrong in it is said with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import read_capped

SIZE_MAX: Final = 256 * 1024


class Table:
    """One table of the file: takes typed values out and complains about what is left."""

    def __init__(self, path: Path, place: str, values: dict[str, object]) -> None:
        self.path = path
        self._place = place
        self._left = dict(values)

    def error(self, words: str) -> UsageError:
        """What to raise: the file and the table go before the words."""
        return UsageError(f"{self.path}: {self._place}{words}")

    def names(self) -> tuple[str, ...]:
        """The keys that nobody has taken out."""
        return tuple(self._left)

    def table(self, key: str) -> Table | None:
        """The table under a key, with a place of its own in what it complains about."""
        values = self.take(key)
        if values is None:
            return None
        place = f"{self._place.strip('[] ')}.{key}".lstrip(".")
        if not isinstance(values, dict):
            raise self.error(f"`{key}` must be a table")
        return Table(self.path, f"[{place}] ", values)

    def take(self, key: str) -> object:
        """Takes a value out as it is; None when there is none."""
        return self._left.pop(key, None)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; must be there unless there is a default."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.error(f"`{key}` must be a string")
        return value

    def name(self, key: str, pattern: re.Pattern[str]) -> str:
        """A string of a certain form, which must be there."""
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self.error(f"`{key}` is {value!r}, which does not match {pattern.pattern}")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of some words; the first when there is none."""
        value = self.text(key, choices[0])
        if value not in choices:
            raise self.error(f"`{key}` is {value!r}, but must be one of {', '.join(choices)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty when there is none."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f"`{key}` must be a list of strings")
        return tuple(value)

    def count(self, key: str) -> int | None:
        """A positive number; None when there is none."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.error(f"`{key}` must be a positive whole number")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(f"`{key}` must be true or false")
        return default if value is None else value

    def done(self) -> None:
        """Complains about what is left."""
        if self._left:
            raise self.error(f"unknown key `{min(self._left)}`")

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of [[key]] tables; empty when there is none."""
        values = self.take(key)
        if values is None:
            return ()
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(f"`{key}` must be a list of [[{key}]] tables")
        return tuple(Table(self.path, f"[[{key}]] ", value) for value in values)


def load(path: Path) -> Table:
    """Reads a file of TOML.

    Raises:
        UsageError: it is unreadable, or no TOML.
    """
    try:
        return parse(path, read_capped(path, SIZE_MAX).decode())
    except (InputError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def parse(path: Path, text: str) -> Table:
    """The same of what was read from `path` before; raises as `load`."""
    try:
        return Table(path, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error
