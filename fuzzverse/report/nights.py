"""A night beside the same one killed: tables."""

from __future__ import annotations

import json
from dataclasses import asdict

from fuzzverse.bench.nights import Contrast, Home
from fuzzverse.report.text import columns, count, plural

_SHOWN = ("campaigns", "entries", "bugs", "marks", "states", "corpus")


def render(contrast: Contrast) -> str:
    """A line a target, and the verdict."""
    table = columns(
        [("target", *_SHOWN, "differs in"), *(_cells(home, contrast) for home in contrast.homes)],
        right=range(1, len(_SHOWN) + 1),
    )
    return f"{table}\n\n{_verdict(contrast)}\n"


def render_markdown(contrast: Contrast, command: str) -> str:
    """The same for docs."""
    rows = [("target", *_SHOWN, "differs in"), ("---",) * (len(_SHOWN) + 2)]
    rows += [_cells(home, contrast) for home in contrast.homes]
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join((*lines, "", f"`{command}`: {_verdict(contrast)}.", ""))


def render_json(contrast: Contrast, command: str) -> str:
    """All of it."""
    values = {"command": command, "is_equal": contrast.is_equal, **asdict(contrast)}
    return json.dumps(values, indent=1) + "\n"


def _cells(home: Home, contrast: Contrast) -> tuple[str, ...]:
    differs = ", ".join(
        f"{part} (-{gone} +{more})" for part, (gone, more) in home.differences.items()
    )
    if differs and home.name in contrast.excused:
        differs += ", excused"
    return home.name, *(count(home.counts[part]) for part in _SHOWN), differs or "nothing"


def _verdict(contrast: Contrast) -> str:
    kills = ", ".join(f"{one.steps}" for one in contrast.kills)
    different = contrast.different
    told = f"DIFFERENT in {plural(len(different), 'target')}" if different else "the same"
    if contrast.excused:
        told += f" ({', '.join(contrast.excused)} excused)"
    calm, wild = contrast.codes
    codes = f"exit codes {calm} and {wild}" if calm != wild else f"exit code {calm}"
    return (
        f"{told}: {plural(len(contrast.homes), 'target')}, {codes}; undisturbed "
        f"{contrast.calm_seconds:.0f} s, killed {plural(len(contrast.kills), 'time')} "
        f"{contrast.wild_seconds:.0f} s (when steps {kills} had ended)"
    )
