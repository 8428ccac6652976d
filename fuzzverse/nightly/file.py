"""FILE.toml of `fuzzverse nightly`: which targets, with which budgets, and whom to tell."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fuzzverse import tables
from fuzzverse.build import SANITIZERS
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import read_capped
from fuzzverse.model import STRATEGIES, IsolationChoice, Policy
from fuzzverse.tables import Table

KEEP_DAYS: Final = 30
MEMORY_MB_MIN: Final = 16
JOBS_MAX: Final = 64
# What is said of time: a number and s, m or h.
_DURATION: Final = re.compile(r"(\d{1,6})(s|m|h)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600}
_AUTO: Final = "auto"  # mutation for harnesses, frontier for simulations
_STRATEGIES: Final = (_AUTO, *STRATEGIES)
_ISOLATIONS: Final = tuple(one.value for one in IsolationChoice)
_NAME: Final = re.compile(r"[A-Za-z0-9*?\[\]._/-]{1,200}")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_HASH_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Task:
    """One target of a night.

    `argument` is a target's name or the path of an executable, `key` names its directory;
    `seconds` is a budget besides those of `policy`; `corpus` holds directories of inputs.
    """

    key: str
    argument: str
    sanitizers: tuple[str, ...]
    policy: Policy
    seconds: float | None
    corpus: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class NightFile:
    """A whole FILE.toml; `archive` is a team's, "" for none. `notify` is a command with its
    arguments, () for none."""

    tasks: tuple[Task, ...]
    canary: Task | None
    archive: str
    keep_days: int
    notify: tuple[str, ...]


def load(path: Path) -> str:
    """The text of a file; UsageError when there is none."""
    try:
        return read_capped(path, tables.SIZE_MAX).decode()
    except (InputError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def read(path: Path, text: str, names: Sequence[str]) -> NightFile:
    """Parses the text of a file.

    Args:
        path: where it is; directories in it are relative to its own.
        text: what it says.
        names: of all targets, which patterns like `raft-*` choose from.

    Raises:
        UsageError: a key is missing, unknown or wrong, or no target is called so.
    """
    table = tables.parse(path, text)
    night = table.table("night") or Table(path, "[night] ", {})
    defaults = table.table("defaults")
    base = _options(defaults, path, _Options()) if defaults else _Options()
    if defaults:
        defaults.done()
    jobs, seed = night.count("jobs"), night.count("seed")
    if jobs is not None and jobs > JOBS_MAX:
        raise night.error(f"`jobs` is {jobs}, but {JOBS_MAX} at most")
    cores = min(JOBS_MAX, len(os.sched_getaffinity(0)))
    every = Policy(jobs=jobs or cores, campaign_seed=seed or 1)
    canary = table.table("canary")
    until_found = replace(every, stop_on_bug=True)
    file = NightFile(
        tasks=tuple(_tasks(table, path, base, every, names)),
        canary=_canary(canary, path, base, until_found, names) if canary else None,
        archive=night.text("archive", ""),
        keep_days=night.count("keep-days") or KEEP_DAYS,
        notify=night.texts("notify"),
    )
    night.done()
    table.done()
    return file


@dataclass(frozen=True, slots=True)
class _Options:
    """What [defaults] may say of every target."""

    timelines: int | None = None
    seconds: float | None = None
    strategy: str = _STRATEGIES[0]
    isolation: str = _ISOLATIONS[0]
    sanitizers: tuple[str, ...] = ()
    corpus: tuple[Path, ...] = ()
    deadline_s: float | None = None
    memory_mb: int | None = None


def _options(table: Table, path: Path, base: _Options) -> _Options:
    memory = table.count("memory")
    if memory is not None and memory < MEMORY_MB_MIN:
        raise table.error(f"`memory` is {memory} MiB, but {MEMORY_MB_MIN} at least")
    sanitizers = table.texts("sanitize")
    for name in sanitizers:
        if name not in SANITIZERS:
            raise table.error(f"`sanitize` names {name!r}; known are {', '.join(SANITIZERS)}")
    return _Options(
        timelines=table.count("timelines") or base.timelines,
        seconds=_duration(table, "time") or base.seconds,
        strategy=table.choice("strategy", tuple(dict.fromkeys((base.strategy, *_STRATEGIES)))),
        isolation=table.choice("isolation", tuple(dict.fromkeys((base.isolation, *_ISOLATIONS)))),
        sanitizers=sanitizers or base.sanitizers,
        corpus=tuple(path.parent / name for name in table.texts("corpus")) or base.corpus,
        deadline_s=_duration(table, "deadline") or base.deadline_s,
        memory_mb=memory or base.memory_mb,
    )


def _duration(table: Table, key: str) -> float | None:
    value = table.text(key, "")
    match = _DURATION.fullmatch(value)
    if match is None or int(match[1]) == 0:
        if value:
            raise table.error(f'`{key}` is {value!r}; write "90s", "5m" or "1h"')
        return None
    return float(int(match[1]) * _SECONDS[match[2]])


def _tasks(
    table: Table, path: Path, base: _Options, every: Policy, names: Sequence[str]
) -> list[Task]:
    tasks: dict[str, Task] = {}
    values = table.tables("target")
    if not values:
        raise table.error("no [[target]]: a night needs at least one")
    for one in values:
        options = _options(one, path, base)
        patterns = one.texts("names")
        if not patterns:
            raise one.error('`names` is missing: names = ["raft-*", "build/mine"]')
        one.done()
        for pattern in patterns:
            for name in _matching(one, pattern, path, names):
                task = _of(name, options, every, one)
                if task.key in tasks:
                    raise one.error(f"{name} is there twice")
                tasks[task.key] = task
    return list(tasks.values())


def _canary(table: Table, path: Path, base: _Options, every: Policy, names: Sequence[str]) -> Task:
    options = _options(table, path, base)
    found = _matching(table, table.text("name"), path, names)
    table.done()
    if len(found) != 1:
        raise table.error("the canary must be one target")
    return _of(found[0], options, every, table)


def _matching(table: Table, pattern: str, path: Path, names: Sequence[str]) -> list[str]:
    """The targets that a pattern means; one with a slash is the path of an executable."""
    if not _NAME.fullmatch(pattern):
        raise table.error(f"{pattern!r} is no name of a target")
    if "/" in pattern:
        return [str(path.parent / pattern)]
    found = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
    if not found:
        raise table.error(f"no target is called {pattern!r}; see `fuzzverse build --list`")
    return found


def _of(name: str, options: _Options, every: Policy, table: Table) -> Task:
    if options.timelines is None and options.seconds is None:
        raise table.error(f"{name} has no budget: give `timelines` or `time`")
    isolation = IsolationChoice(options.isolation)
    policy = replace(
        every,
        strategy=every.strategy if options.strategy == _AUTO
        else STRATEGIES[options.strategy],
        suits_target=options.strategy == _AUTO,
        isolation=isolation.isolation,
        must_rewind=isolation is IsolationChoice.REWIND,
        timelines=options.timelines,
        deadline_ms=every.deadline_ms if options.deadline_s is None
        else round(options.deadline_s * 1_000),
        memory_mb=options.memory_mb or every.memory_mb,
    )  # fmt: skip
    return Task(
        key=_key(name, options.sanitizers),
        argument=name,
        sanitizers=options.sanitizers,
        policy=policy,
        seconds=options.seconds,
        corpus=options.corpus,
    )


def _key(name: str, sanitizers: Sequence[str]) -> str:
    """A directory's name; that of a path has its hash, for two may end in the same word."""
    plain = _UNSAFE.sub("-", Path(name).name).strip("-.") or "target"
    if "/" in name:
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    return "-".join((plain, *sorted(sanitizers)))
