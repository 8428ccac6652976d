"""Which bugs are taken to be the same: names of buckets, and the words for a bug."""

from __future__ import annotations

import hashlib
import re
import signal
from typing import Final

from fuzzverse.model import Replay, Target, TimelineRecord, Trial, Verdict

SLUG_LENGTH_MAX: Final = 48
# What the runtime puts before the format of `fv_bug`.
BUG_IDENTITY_PREFIX: Final = "fv_bug "


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


def identity_of(target: Target, ending: Ending) -> str:
    """The text that tells bugs apart: a mark's kind, message and place, or the runtime's words."""
    if ending.mark is not None and ending.mark < len(target.marks):
        mark = target.marks[ending.mark]
        return f"{mark.kind.name} {mark.message} {mark.file}:{mark.line}"
    return ending.identity or ending.message


def bucket_of(target: Target, ending: Ending) -> str:
    """The bucket's name, fit for a directory: words first, then a hash of the identity.

    `treasure-reached-1f00ba2c`, `sigsegv-0badcafe`, `timeout-...`, `exit-3-...`.
    """
    identity = identity_of(target, ending)
    kind = kind_of(target, ending)
    words = kind
    if ending.verdict is Verdict.ASSERTION:
        is_mark = ending.mark is not None
        words = ending.message if is_mark else identity.removeprefix(BUG_IDENTITY_PREFIX)
    elif ending.verdict is Verdict.EXIT:
        words = f"exit-{ending.exit_code}"
    hashed = hashlib.sha256(f"{kind}\0{identity}".encode()).hexdigest()[:8]
    return f"{slug(words)}-{hashed}"


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
