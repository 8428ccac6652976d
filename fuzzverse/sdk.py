"""What a simulation written in Python calls: draws, marks, bugs and words.

    from fuzzverse import sdk

    def target() -> None:
        heads = 0
        while sdk.chance(1, 2):
            heads += 1
            sdk.sometimes_gt(heads, 3, "long streak")
        sdk.always(heads < 12, "streaks are short")

Explore it with `fuzzverse run coin.py`. Outside of a target only the import works.
"""

from __future__ import annotations

import builtins
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from fuzzverse.errors import FuzzverseError
from fuzzverse.kinds import Compare, MarkKind

_T = TypeVar("_T")
_Site = tuple[int, int, str, str, int]
_FLOAT_BITS: Final = 53
_BELOW_MAX: Final = (1 << 64) - 1


class NoTargetError(FuzzverseError):
    """A draw or mark outside of a timeline: in a plain Python, or while a target is loaded."""


class Timeline:
    """Whether a timeline is under way, below which folder its sources are, and what those are
    called there: what a timeline found out by itself, the next one would have to again."""

    running = False
    folder = ""
    names: Final[dict[str, str]] = {}


NO_TIMELINE: Final = (
    "draws and marks belong into target(), run by `fuzzverse run FILE.py`; "
    "there is no timeline here"
)


class _Absent:
    """Stands for a target's process where there is none."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NoTargetError(NO_TIMELINE)


if TYPE_CHECKING:
    import fuzzverse._target as _target
else:
    _target = sys.modules.get("fuzzverse._target", _Absent())


def _need_timeline() -> None:
    if not Timeline.running:
        raise NoTargetError(NO_TIMELINE)


# ---- draws: every random decision of a simulation ------------------------------------------------


def u64() -> int:
    """Uniform over 64 bits."""
    _need_timeline()
    return _target.u64()


def below(n: int) -> int:
    """Uniform in [0, n), n > 0."""
    _need_timeline()
    if n <= 0:
        raise ValueError(f"below({n}): there is no number from 0 to below that")
    return _target.below(n)


def between(low: int, high: int) -> int:
    """Both ends included, low <= high."""
    _need_timeline()
    if low > high:
        raise ValueError(f"between({low}, {high}): there is nothing between them")
    return _target.between(low, high)


def chance(num: int, den: int) -> bool:
    """True with probability num/den, den > 0."""
    _need_timeline()
    if den <= 0:
        raise ValueError(f"chance({num}, {den}): the second number must be positive")
    return _target.chance(num, den)


def pick(label: str, options: Sequence[_T]) -> _T:
    """One of the options: a labelled choice, which searches and reports know by its label."""
    _need_timeline()
    if not options:
        raise ValueError(f"pick({label!r}): there is nothing to pick from")
    return options[_target.pick(label, len(options))]


def bytes(n: int) -> builtins.bytes:  # noqa: A001
    """One draw for every eight bytes."""
    _need_timeline()
    return _target.bytes(n)


def buggify(num: int, den: int) -> bool:
    """A fault site: enabled in a quarter of the root seeds, then true with probability num/den."""
    _need_timeline()
    return _target.buggify(_site(MarkKind.FAULT, "buggify"), num, den)


class Random(random.Random):
    """A random.Random whose numbers are draws; seeds and states are none of its business."""

    def random(self) -> float:
        """Uniform in [0, 1)."""
        return below(1 << _FLOAT_BITS) / (1 << _FLOAT_BITS)

    def getrandbits(self, k: int, /) -> int:
        """Uniform over k bits."""
        if k <= 64:
            return below(1 << k) if k < 64 else u64()
        return int.from_bytes(bytes((k + 7) // 8), "little") >> (-k % 8)

    def _randbelow(self, n: int) -> int:
        """One draw where the base class tries bits until they are below n."""
        if n <= _BELOW_MAX:
            return below(n)
        while (number := self.getrandbits(n.bit_length())) >= n:
            pass
        return number

    def seed(self, *_args: Any, **_kwargs: Any) -> None:
        """Does nothing: the timeline's seed is the only one."""


# ---- marks: what matters to the search -----------------------------------------------------------


def _site(kind: MarkKind, message: str, compare: Compare = Compare.NONE) -> _Site:
    """The mark in the line of the simulation that called the function that calls this."""
    _need_timeline()
    frame: FrameType = sys._getframe(2)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return (kind, compare, message, relative(frame.f_code.co_filename), frame.f_lineno)


def relative(file: str) -> str:
    """A source's name as marks and bugs tell it: the same wherever the target's folder lies."""
    known = Timeline.names.get(file)
    if known is not None:
        return known
    path = PurePath(file)
    return str(path.relative_to(Timeline.folder)) if path.is_relative_to(Timeline.folder) else file


def always(condition: bool, message: str) -> None:
    """Must hold every time, and must be reached; a failure is a bug."""
    _target.mark_bool(_site(MarkKind.ALWAYS, message), condition)


def always_or_unreachable(condition: bool, message: str) -> None:
    """Must hold every time that it is reached, if it is."""
    _target.mark_bool(_site(MarkKind.ALWAYS_OR_UNREACHABLE, message), condition)


def unreachable(message: str) -> None:
    """Reaching it is a bug."""
    _target.mark_bool(_site(MarkKind.UNREACHABLE, message), False)


def sometimes(condition: bool, message: str) -> None:
    """Must hold in some timeline; the first time is a discovery."""
    _target.mark_bool(_site(MarkKind.SOMETIMES, message), condition)


def reachable(message: str) -> None:
    """Must be reached in some timeline."""
    _target.mark_bool(_site(MarkKind.REACHABLE, message), True)


def _always_numeric(compare: Compare, left: int, right: int, message: str) -> None:
    _target.mark_numeric(_site(MarkKind.ALWAYS_NUMERIC, message, compare), left, right)


def _sometimes_numeric(compare: Compare, left: int, right: int, message: str) -> None:
    _target.mark_numeric(_site(MarkKind.SOMETIMES_NUMERIC, message, compare), left, right)


def always_gt(left: int, right: int, message: str) -> None:
    """left > right must hold every time; how near it came to failing is kept."""
    _always_numeric(Compare.GT, left, right, message)


def always_ge(left: int, right: int, message: str) -> None:
    """left >= right must hold every time."""
    _always_numeric(Compare.GE, left, right, message)


def always_lt(left: int, right: int, message: str) -> None:
    """left < right must hold every time."""
    _always_numeric(Compare.LT, left, right, message)


def always_le(left: int, right: int, message: str) -> None:
    """left <= right must hold every time."""
    _always_numeric(Compare.LE, left, right, message)


def sometimes_gt(left: int, right: int, message: str) -> None:
    """left > right must hold in some timeline; coming nearer is a discovery."""
    _sometimes_numeric(Compare.GT, left, right, message)


def sometimes_ge(left: int, right: int, message: str) -> None:
    """left >= right must hold in some timeline."""
    _sometimes_numeric(Compare.GE, left, right, message)


def sometimes_lt(left: int, right: int, message: str) -> None:
    """left < right must hold in some timeline."""
    _sometimes_numeric(Compare.LT, left, right, message)


def sometimes_le(left: int, right: int, message: str) -> None:
    """left <= right must hold in some timeline."""
    _sometimes_numeric(Compare.LE, left, right, message)


def sometimes_all(message: str, conditions: Mapping[str, bool]) -> None:
    """All true at once in some timeline; more of them than ever before is a discovery."""
    pairs = tuple((name, int(bool(value))) for name, value in conditions.items())
    _target.mark_all(_site(MarkKind.SOMETIMES_ALL, message), pairs)


def sometimes_each(
    message: str, keys: Mapping[str, int], quality: Mapping[str, int] | None = None
) -> None:
    """Each combination of keys is a state; a new one is a discovery, and so is a better quality of
    a known one: higher is better, the first counts most."""
    site = _site(MarkKind.SOMETIMES_EACH, message)
    _target.mark_each(site, tuple(keys.items()), tuple((quality or {}).items()))


# ---- verdicts and words --------------------------------------------------------------------------


def bug(message: str, *values: object) -> NoReturn:
    """Ends the timeline as a bug: told apart by `message`, shown as `message % values`."""
    _need_timeline()
    _target.bug(c_text(message), c_text(message % values if values else message))
    raise AssertionError("a bug ends its timeline")


def log(message: str, *values: object) -> None:
    """Kept on replay. Formatted every time, or a replay would have its objects elsewhere in memory,
    and sets of those another order."""
    text = c_text(message % values if values else message)
    if Timeline.running:
        _target.log(text)


def c_text(text: str) -> str:
    """What a C string can hold."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
