"""The report as one JSON object. `schema` grows when a field goes or changes what it means; fields
may be added any time."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from fuzzverse.dossier import Dossier, Exhibit, Finding
from fuzzverse.estimate import unseen
from fuzzverse.report import marks

SCHEMA: Final = 1


def render(dossier: Dossier) -> str:
    """All but the map and the lines of source."""
    told = dossier.chronicle
    values = {
        "schema": SCHEMA,
        "verdict": "bugs" if told.bugs else "clean",
        "is_running": dossier.is_running,
        "out": dossier.out,
        "campaign": asdict(told.campaign),
        "previous": None if told.previous is None else asdict(told.previous),
        "features_left": _left(dossier),
        "bugs": [_bug(finding) for finding in dossier.findings],
        "properties": [marks.values(tally) for tally in told.tallies],
        "curve": [asdict(point) for point in told.points],
        "makers": {name: {"tries": a, "yields": b} for name, a, b in told.makers},
        "states": told.frontier.count,
        "frontier": [asdict(state) for state in told.frontier.states],
        "energy": [asdict(effort) for effort in told.frontier.efforts],
        "sources": {
            "why_not": dossier.sources.why_not,
            "files": [
                {"file": file.name, "lines": file.lines, "reached": file.reached}
                for file in dossier.sources.files
            ],
        },
    }
    return json.dumps(values, indent=1) + "\n"


def _left(dossier: Dossier) -> float | None:
    once, twice = dossier.chronicle.campaign.once, dossier.chronicle.campaign.twice
    return None if once is None or twice is None else round(unseen(once, twice), 3)


def _bug(finding: Finding) -> dict[str, object]:
    kept = {} if finding.exhibit is None else _kept(finding.exhibit)
    return {"change": finding.change.value, **asdict(finding.seen), **kept}


def _kept(exhibit: Exhibit) -> dict[str, object]:
    return {
        "recipe": exhibit.bug.recipe,
        "root": str(exhibit.bug.root),
        "draws": exhibit.bug.draws,
        "is_minimized": exhibit.bug.is_minimized,
        "command": exhibit.bug.command,
        "stack": exhibit.stack,
    }
