"""What a timeline draws: every draw with its label, its value, and where in the target it is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from fuzzverse.engine import Replayer
from fuzzverse.model import Recipe, Replay, Target

LOG_SIZE_MAX: Final = 1 << 29
# The line that `fv_log_draw` prints.
_DRAW: Final = re.compile(
    rb"^  draw (\d{1,20}) (.{0,900}?) = (\d{1,20})(?: of (\d{1,20}))?(, yes|, no)?"
    rb"((?: at)?(?: 0x[0-9a-f]{1,16})*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw number `number` since the root: `value` of `bound` (0: of all 64 bits).

    `said` is what a chance said, None for other draws; `places` are addresses, innermost first.
    """

    number: int
    label: str
    value: int
    bound: int
    said: bool | None
    places: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        """Whether a plain draw would have meant the same."""
        return not self.said if self.said is not None else self.value == 0

    @property
    def words(self) -> str:
        """The draw as a log has it, without its number and place."""
        of = f" of {self.bound}" if self.bound else ""
        said = "" if self.said is None else ", yes" if self.said else ", no"
        return f"{self.label} = {self.value}{of}{said}"


def trace(
    engine: Replayer, target: Target, recipe: Recipe, deadline_ms: int, memory_mb: int
) -> tuple[Replay, list[Draw]]:
    """Replays a recipe alone; returns how that ended, and its draws in order.

    Lines of a log past LOG_SIZE_MAX bytes are not looked at.
    """
    fd = os.memfd_create("fuzzverse-draws", os.MFD_CLOEXEC)
    with open(fd, "r+b") as log:
        replay = engine.replay(
            target, recipe, log_fd=fd, draws=True, deadline_ms=deadline_ms, memory_mb=memory_mb
        )
        log.seek(0)
        return replay, draws_in(log.read(LOG_SIZE_MAX))


def draws_in(log: bytes) -> list[Draw]:
    """The draws that a log tells, as far as they are in order; a target may print what it likes."""
    found: list[Draw] = []
    for match in _DRAW.finditer(log):
        if int(match[1]) != len(found):
            continue
        found.append(
            Draw(
                number=len(found),
                label=match[2].decode(errors="replace"),
                value=int(match[3]),
                bound=int(match[4] or 0),
                said=None if match[5] is None else match[5] == b", yes",
                places=tuple(int(place, 16) for place in match[6].split()[1:]),
            )
        )
    return found
