"""What minimising a bug shows: how far it is, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fuzzverse.outcome import Bug
from fuzzverse.report.text import count, plural, printable

RECIPE_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Size:
    """How large a recipe is: stretches of luck (`segments` with plain ones), draws that are neither
    plain nor luck, draws that follow a seed, and draws before the bug."""

    segments: int
    said: int
    lucky: int
    draws: int


@dataclass(frozen=True, slots=True)
class Minimized:
    """A minimised bug. `stopped` says why it may not be minimal; "": no pass finds anything."""

    bug: Bug
    before: Size
    after: Size
    trials: int
    seconds: float
    stopped: str


def words(size: Size) -> str:
    """A size in words."""
    said = f"{plural(size.said, 'draw')} said"
    lucky = f" and {count(size.lucky)} of luck" if size.lucky else ""
    return f"{plural(size.segments, 'segment')}, {said}{lucky}, of {plural(size.draws, 'draw')}"


def progress(size: Size, trials: int, seconds: float) -> str:
    """One line while it goes on."""
    return f"{words(size)} after {plural(trials, 'trial')}, {seconds:.1f} s"


def render(result: Minimized) -> str:
    """What came of it, with the line that replays it."""
    rate = result.trials / max(result.seconds, 1e-9)
    end = result.stopped or "no pass finds a simpler one"
    lines = [
        f"{result.bug.bucket}: {printable(result.bug.message)}",
        f"  before  {words(result.before)}",
        f"  after   {words(result.after)}",
        f"  recipe  root {result.bug.root}: {printable(result.bug.recipe, RECIPE_LENGTH_MAX)}",
        f"  trials  {count(result.trials)} in {result.seconds:.1f} s ({rate:,.0f}/s); {end}",
        f"  replay  {result.bug.command}",
    ]
    return "\n".join(lines) + "\n"


def render_json(result: Minimized) -> str:
    """The same as one JSON object."""
    sizes = {
        name: {"segments": s.segments, "said": s.said, "lucky": s.lucky, "draws": s.draws}
        for name, s in (("before", result.before), ("after", result.after))
    }
    values = {
        "bucket": result.bug.bucket,
        "root": result.bug.root,
        "recipe": result.bug.recipe,
        **sizes,
        "reproduced": result.bug.reproduced,
        "replays": result.bug.replays,
        "trials": result.trials,
        "seconds": round(result.seconds, 3),
        "is_irreducible": not result.stopped,
        "stopped": result.stopped,
    }
    return json.dumps(values) + "\n"
