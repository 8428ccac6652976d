"""What marks are, in numbers that C knows too; apart from `model`, which loads numpy."""

from __future__ import annotations

import enum


class MarkKind(enum.IntEnum):
    """What a mark asserts. The numbers are those of `enum fv_mark_kind`."""

    ALWAYS = 0
    ALWAYS_OR_UNREACHABLE = 1
    UNREACHABLE = 2
    SOMETIMES = 3
    REACHABLE = 4
    ALWAYS_NUMERIC = 5
    SOMETIMES_NUMERIC = 6
    SOMETIMES_ALL = 7
    SOMETIMES_EACH = 8
    FAULT = 9

    @property
    def must_hit(self) -> bool:
        """Whether a campaign that never reaches (or never passes) such a mark is incomplete."""
        return self not in (
            MarkKind.ALWAYS_OR_UNREACHABLE,
            MarkKind.UNREACHABLE,
            MarkKind.FAULT,
        )


class Compare(enum.IntEnum):
    """The comparison of a numeric mark."""

    NONE = 0
    GT = 1
    GE = 2
    LT = 3
    LE = 4
