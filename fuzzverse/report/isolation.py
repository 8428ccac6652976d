"""What kept timelines from their siblings, in words and as values."""

from __future__ import annotations

from typing import Final

from fuzzverse.model import Isolation, IsolationChoice, Policy, Totals
from fuzzverse.outcome import is_leak
from fuzzverse.report.text import plural, printable

# Fewer timelines that part cost nothing worth a line; of few timelines no share is told.
_PARTED_SHARE_MIN: Final = 0.01
_TIMELINES_MIN: Final = 100


def name(totals: Totals) -> str:
    """The isolation that timelines have now: `rewind` or `fork`."""
    return totals.isolation.name.lower()


def asked(policy: Policy) -> IsolationChoice:
    """What the user asked for."""
    if policy.isolation is Isolation.FORK:
        return IsolationChoice.FORK
    return IsolationChoice.REWIND if policy.must_rewind else IsolationChoice.AUTO


def fallback(unfit: str) -> str:
    """Why timelines are run under fork although they were to be rewound; "" when they are."""
    return f"run under fork: {printable(unfit)}" if unfit else ""


def parted(totals: Totals) -> str:
    """How many timelines a runner had to give a process, and why; "" when they hardly matter."""
    count = min(totals.parted, totals.timelines)
    if totals.timelines < _TIMELINES_MIN or count <= totals.timelines * _PARTED_SHARE_MIN:
        return ""
    share = round(100 * count / totals.timelines)
    return (
        f"{plural(count, 'timeline')} ({share} %) went on in a process of their own: the target "
        f"{_calls(totals.parted_by)}"
    )


def _calls(call: str) -> str:
    """`calls open()`; calls without a name have a number."""
    return f"makes {call}" if " " in call else f"calls {call}()"


def lines(totals: Totals, unfit: str) -> list[str]:
    """The isolation in effect and what was checked of it, and what made timelines slow, a line
    each."""
    head = fallback(unfit) or f"isolation {name(totals)}"
    if totals.checked and not is_leak(unfit):
        checked = plural(totals.checked, "timeline")
        head += f"; {checked} checked by fresh processes: no difference"
    told = [head, parted(totals)]
    if totals.jobs_forked and not unfit:
        told.append(
            f"{plural(totals.jobs_forked, 'job')} began again under fork: a deadline, a limit of "
            "memory, or a runner that died"
        )
    return [line for line in told if line]


def values(policy: Policy, totals: Totals, unfit: str) -> dict[str, str | int | bool]:
    """All of it as JSON values; `why` is "" unless the isolation fell back to fork."""
    return {
        "asked": asked(policy).value,
        "used": name(totals),
        "why": unfit,
        "leak": is_leak(unfit),
        "parted": totals.parted,
        "parted_by": totals.parted_by,
        "checked": totals.checked,
        "jobs_forked": totals.jobs_forked,
    }
