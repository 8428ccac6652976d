"""The report as SARIF 2.1.0 (OASIS), which code hosts show beside the source."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from fuzzverse import __version__
from fuzzverse.dossier import Change, Dossier, Exhibit, Finding
from fuzzverse.model import Mark, MarkTally
from fuzzverse.report import marks
from fuzzverse.report.text import printable

VERSION: Final = "2.1.0"
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_STATES: Final = {Change.NEW: "new", Change.ONGOING: "unchanged", Change.GONE: "absent"}
# A frame that has a line: as we tell them, as AddressSanitizer does, and what UBSan says first.
_FRAME: Final = re.compile(
    r"^(?:    at .+? in (?P<ours>[^\n]+):(?P<our_line>[1-9]\d*)"
    r"|\s*#\d+ 0x[0-9a-f]+ in .+? (?P<theirs>/[^:\n]+):(?P<their_line>[1-9]\d*)(?::\d+)?"
    r"|(?P<said>[^\s:][^:\n]*):(?P<said_line>[1-9]\d*):\d+: runtime error: .*)$",
    re.MULTILINE,
)
_NEVER: Final = "never-reached"

Values = dict[str, object]


def render(dossier: Dossier) -> str:
    """One run: a rule for each kind of bug, a result for each bug, and for each property that must
    be hit and was not. A bug's fingerprint is its bucket."""
    tallies = dossier.chronicle.tallies
    results = [_bug(finding, [tally.mark for tally in tallies]) for finding in dossier.findings]
    results += [_missing(tally) for tally in tallies if tally.missing]
    names = sorted({str(result["ruleId"]) for result in results})
    number = {name: i for i, name in enumerate(names)}
    for result in results:
        result["ruleIndex"] = number[str(result["ruleId"])]
    driver = {
        "name": "fuzzverse",
        "version": __version__,
        "rules": [{"id": name, "shortDescription": {"text": _describe(name)}} for name in names],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": VERSION, "runs": [run]}, indent=1) + "\n"


def _describe(rule: str) -> str:
    if rule == _NEVER:
        return "A property that must be hit was not"
    return f"A timeline ended as a bug of this kind: {rule}"


def _bug(finding: Finding, known: Sequence[Mark]) -> Values:
    seen = finding.seen
    words = printable(seen.message) or seen.bucket
    if finding.exhibit is not None:
        words += f"\nreplay: {printable(finding.exhibit.bug.command, 400)}"
    result: Values = {
        "ruleId": _rule(seen.kind),
        "level": "none" if finding.change is Change.GONE else "error",
        "kind": "fail" if finding.change is not Change.GONE else "notApplicable",
        "baselineState": _STATES[finding.change],
        "message": {"text": words},
        "partialFingerprints": {"fuzzverseBucket/v1": seen.bucket},
        "occurrenceCount": max(1, seen.sightings),
    }
    place = place_of(finding, known)
    if place is not None:
        result["locations"] = [_location(*place)]
    return result


def _missing(tally: MarkTally) -> Values:
    mark = tally.mark
    name = f"{marks.kind(mark)} {mark.message} {mark.file}"
    return {
        "ruleId": _NEVER,
        "level": "warning",
        "message": {"text": f"{marks.kind(mark)} never passed: {printable(mark.message)}"},
        "partialFingerprints": {"fuzzverseMark/v1": printable(name, 400)},
        "locations": [_location(mark.file, mark.line)],
    }


def place_of(finding: Finding, known: Sequence[Mark]) -> tuple[str, int] | None:
    """Where a bug is: at its mark, or at the innermost frame of its stack that has a line."""
    if finding.exhibit is None:
        return None
    identity = finding.exhibit.bug.identity
    for mark in known:
        if identity == f"{mark.kind.name} {mark.message} {mark.file}:{mark.line}":
            return mark.file, mark.line
    return _frame(finding.exhibit)


def _frame(exhibit: Exhibit) -> tuple[str, int] | None:
    match = _FRAME.search(exhibit.stack)
    if match is None:
        return None
    file, line = (part for part in match.groups() if part is not None)
    return file, int(line)


def _rule(kind: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", kind.lower()).strip("-") or "bug"


def _location(file: str, line: int) -> Values:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(printable(file))},
            "region": {"startLine": max(1, line)},
        }
    }
