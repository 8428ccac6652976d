"""The report as workflow commands, which GitHub Actions shows beside the source."""

from __future__ import annotations

from fuzzverse.dossier import Change, Dossier
from fuzzverse.report import marks
from fuzzverse.report.exports.sarif import place_of
from fuzzverse.report.page.overview import difference, verdict
from fuzzverse.report.text import printable


def render(dossier: Dossier) -> str:
    """An error for each bug, a warning for each property that must be hit and was not, a notice of
    what changed."""
    known = [tally.mark for tally in dossier.chronicle.tallies]
    lines = []
    for finding in dossier.of(Change.NEW, Change.ONGOING):
        words = f"{printable(finding.seen.message)} ({finding.change.value})"
        if finding.exhibit is not None:
            words += f"\nreplay: {printable(finding.exhibit.bug.command, 400)}"
        place = place_of(finding, known)
        lines.append(_command("error", place, f"bug {finding.seen.bucket}", words))
    for tally in dossier.chronicle.tallies:
        if tally.missing:
            words = f"{marks.kind(tally.mark)} never passed: {printable(tally.mark.message)}"
            place = (tally.mark.file, tally.mark.line)
            lines.append(_command("warning", place, "never reached", words))
    title = f"fuzzverse: {verdict(dossier)}"
    lines.append(_command("notice", None, title, difference(dossier)))
    return "\n".join(lines) + "\n"


def _command(level: str, place: tuple[str, int] | None, title: str, words: str) -> str:
    values = {} if place is None else {"file": printable(place[0]), "line": str(place[1])}
    values["title"] = printable(title)
    shown = ",".join(f"{name}={_property(value)}" for name, value in values.items())
    return f"::{level} {shown}::{_data(words)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
