"""Which bugs are taken to be the same: names of buckets, and the words for a bug."""

from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Sequence
from typing import Final

from fuzzverse.model import Replay, Target, TimelineRecord, Trial, Verdict
from fuzzverse.outcome import Bug
from fuzzverse.symbolise import Frame, Places

SLUG_LENGTH_MAX: Final = 48
# What the runtime puts before the format of `fv_bug`.
BUG_IDENTITY_PREFIX: Final = "fv_bug "
# And before what AddressSanitizer says.
SANITIZER_IDENTITY_PREFIX: Final = "sanitizer "
# How many calls tell crashes apart. Of what is stuck, it is the place of each task: where several
# wait, any of them may, and each combination would be another bucket.
CALLS_TOLD: Final = 3
CALLS_OF_STUCK: Final = 1
# These bring the places at which they struck, innermost first, at the end of their identity.
CRASHES: Final = (Verdict.SIGNAL, Verdict.SANITIZER)
# What the runtime's fv_bug_at puts behind its message: the stacks of those who wait.
_BLOCKED: Final = re.compile(r"(?: \|(?: 0x[0-9a-f]{1,16})+)+$")
# How others' code, linked into a target, leads from a bug to its report.
_NOISE: Final = re.compile(
    r"__(?:interceptor|asan|ubsan|msan|tsan|lsan|sanitizer|assert)|(?:abort|raise|_start)$"
)


# All tell how a timeline ended, in the same fields.
Ending = TimelineRecord | Replay | Trial


def slug(text: str) -> str:
    """A message as a file name: lower-case words joined by dashes, "bug" when none is left."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:SLUG_LENGTH_MAX].rstrip("-") or "bug"


def signal_name(number: int) -> str:
    """SIGSEGV for 11; `signal 99` for numbers without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def kind_of(target: Target, ending: Ending) -> str:
    """The kind of a bug in one word: of its mark, its signal, or its verdict."""
    if ending.verdict is Verdict.SIGNAL:
        return slug(signal_name(ending.signal))
    if ending.verdict is not Verdict.ASSERTION:
        return ending.verdict.name.lower()
    if ending.mark is None:
        return "bug"
    if ending.mark >= len(target.marks):
        return "dynamic"
    return target.marks[ending.mark].kind.name.lower()


class Buckets:
    """Which bugs of a target are the same.

    Assertions are told apart by their marks; crashes by the calls that led to them, so that a build
    with other addresses, or other lines above, has the same buckets; what is stuck by the calls in
    which its tasks wait.

    Args:
        target: whose bugs they are.
        places: its functions.
    """

    def __init__(self, target: Target, places: Places) -> None:
        self._target = target
        self._places = places

    def identity_of(self, ending: Ending) -> str:
        """The text that tells bugs apart: a mark's kind, message and place; or words, and calls."""
        if ending.mark is not None and ending.mark < len(self._target.marks):
            mark = self._target.marks[ending.mark]
            return f"{mark.kind.name} {mark.message} {mark.file}:{mark.line}"
        identity = ending.identity or ending.message
        if ending.verdict in CRASHES:
            words, _, places = identity.partition(" 0x")
            return f"{words} in {self._calls(places)}" if places else identity
        blocked = _BLOCKED.search(identity)
        return identity if blocked is None else self._stuck(identity[: blocked.start()], blocked[0])

    def bucket_of(self, ending: Ending) -> str:
        """The bucket's name, fit for a directory: words first, then a hash of the identity.

        `treasure-reached-1f00ba2c`, `sigsegv-in-insert-0badcafe`, `timeout-...`, `exit-3-...`.
        """
        identity = self.identity_of(ending)
        kind = kind_of(self._target, ending)
        words = kind
        if ending.verdict is Verdict.ASSERTION:
            words = ending.message if ending.mark is not None else _words(identity)
        elif ending.verdict is Verdict.EXIT:
            words = f"exit-{ending.exit_code}"
        elif ending.verdict in CRASHES:
            words = self._crash(ending, identity)
        return _bucket(words, kind, identity)

    def stack_of(self, ending: Ending) -> tuple[Frame, ...]:
        """The calls that led to a crash, innermost first, as far as they are known; frames of the
        runtime, of sanitizers and of libc are left out."""
        if ending.verdict not in CRASHES:
            return ()
        return tuple(self._told(_crash_places(ending.identity.partition(" 0x")[2])))

    def blocked_at(self, ending: Ending) -> str:
        """The calls in which the tasks of what is stuck wait, a line each and a gap between tasks;
        "" where that is not known."""
        blocked = _BLOCKED.search(ending.identity)
        stacks = blocked[0].split(" |") if blocked is not None and ending.mark is None else []
        told = ("".join(f"    at {f}\n" for f in self._told(_addresses(one))) for one in stacks)
        return "\n".join(dict.fromkeys(filter(None, told)))

    def function_of(self, ending: Ending) -> str:
        """Where a crash struck; "" when nobody knows."""
        stack = self.stack_of(ending)
        return stack[0].function if stack else ""

    def _crash(self, ending: Ending, identity: str) -> str:
        """What struck, and where."""
        what = kind_of(self._target, ending)
        if ending.verdict is Verdict.SANITIZER:
            what = identity.partition(" in ")[0].removeprefix(SANITIZER_IDENTITY_PREFIX)
        function = self.function_of(ending)
        return f"{what} in {function}" if function else what

    def _told(self, addresses: Sequence[int]) -> list[Frame]:
        frames = [frame for address in addresses for frame in self._places.frames(address)]
        return [frame for frame in frames if not _is_noise(frame)]

    def _calls(self, places: str) -> str:
        """The innermost calls; the first with its line counted from the function's own. Recursion
        counts once."""
        addresses = _crash_places(places)
        told = self._told(addresses)
        if not told:
            offsets = [f"{self._places.offset(address):#x}" for address in addresses]
            return " < ".join(list(dict.fromkeys(offsets))[:CALLS_TOLD])
        first = f"{told[0].function}+{max(0, told[0].line - told[0].start)}"
        others = dict.fromkeys(f.function for f in told if f.function != told[0].function)
        return " < ".join((first, *list(others)[: CALLS_TOLD - 1]))

    def _stuck(self, words: str, stacks: str) -> str:
        """The same whatever task was seen first, and however many wait at one place."""
        told = set()
        for stack in stacks.split(" |"):
            names = dict.fromkeys(frame.function for frame in self._told(_addresses(stack)))
            told.add(" < ".join(list(names)[:CALLS_OF_STUCK]))
        return " | ".join((words, *sorted(told - {""})))


def bucket_anew(bug: Bug) -> str:
    """The name of the bucket that a bug belongs to by its identity, wherever that came from; the
    words in front are those that its `bucket` has."""
    return _bucket(bug.bucket.rpartition("-")[0], bug.kind, bug.identity)


def _bucket(words: str, kind: str, identity: str) -> str:
    hashed = hashlib.sha256(f"{kind}\0{identity}".encode()).hexdigest()[:8]
    return f"{slug(words)}-{hashed}"


def _words(identity: str) -> str:
    return identity.removeprefix(BUG_IDENTITY_PREFIX).partition(" | ")[0]


def _addresses(places: str) -> list[int]:
    return [int(word.removeprefix("0x"), 16) for word in places.split()]


def _crash_places(places: str) -> list[int]:
    """Where the signal struck comes first, and once more when it is in the target's own file."""
    addresses = _addresses(places)
    return addresses[1:] if addresses[:1] == addresses[1:2] else addresses


def _is_noise(frame: Frame) -> bool:
    return frame.is_ours or _NOISE.match(frame.function) is not None


def message_of(ending: Ending) -> str:
    """What a bug says in words."""
    if ending.verdict is Verdict.SIGNAL:
        name = signal_name(ending.signal)
        return ending.message if name in ending.message else f"killed by {name}"
    defaults = {
        Verdict.TIMEOUT: "the timeline passed its deadline",
        Verdict.OUT_OF_MEMORY: "out of memory",
        Verdict.EXIT: f"the target left with exit code {ending.exit_code}",
    }
    return ending.message or defaults.get(ending.verdict, ending.verdict.name.lower())
