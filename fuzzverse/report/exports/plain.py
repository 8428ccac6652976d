"""The report as text, for terminals."""

from __future__ import annotations

from typing import Final

from fuzzverse.dossier import Dossier, Finding
from fuzzverse.report import marks
from fuzzverse.report.page.overview import difference, ending, verdict
from fuzzverse.report.text import columns, count, duration, plural, printable

STATES_MAX: Final = 10
BUGS_MAX: Final = 50


def render(dossier: Dossier) -> str:
    """Verdict and difference, bugs with their replay, properties, where the energy went, source."""
    campaign = dossier.chronicle.campaign
    parts = [
        f"{printable(campaign.target)}: {verdict(dossier)} in "
        f"{plural(campaign.timelines, 'timeline')}, {duration(campaign.seconds)}",
        f"it ended because {ending(dossier)}" if campaign.stopped else ending(dossier),
        f"edges {count(campaign.edges_found)} of {count(campaign.edges_total)}, features "
        f"{count(campaign.features)}, digest {printable(campaign.digest)}",
        difference(dossier),
        "",
        *(_bug(finding) for finding in dossier.findings[:BUGS_MAX]),
    ]
    if len(dossier.findings) > BUGS_MAX:
        parts.append(f"and {plural(len(dossier.findings) - BUGS_MAX, 'bug')} more\n")
    parts.append(marks.render(dossier.chronicle.tallies))
    parts += _energy(dossier) + _source(dossier)
    return "\n".join(parts) + "\n"


def _bug(finding: Finding) -> str:
    seen = finding.seen
    lines = [
        f"{finding.change.upper():8} {printable(seen.bucket)}: {printable(seen.message)}",
        f"         seen {plural(seen.sightings, 'time')}, first in timeline "
        f"{count(seen.first_timeline)}, reproduced {seen.reproduced} of {seen.replays}",
    ]
    if finding.exhibit is not None:
        lines.append(f"         {printable(finding.exhibit.bug.command, 400)}")
    return "\n".join(lines) + "\n"


def _energy(dossier: Dossier) -> list[str]:
    efforts = dossier.chronicle.frontier.efforts[:STATES_MAX]
    if not efforts:
        return []
    names = {tally.mark.index: tally.mark.message for tally in dossier.chronicle.tallies}
    rows = [("energy by mark", "states", "timelines", "brought")]
    for effort in efforts:
        name = "edges alone" if effort.mark is None else names.get(effort.mark, str(effort.mark))
        numbers = (count(effort.places), count(effort.tries), count(effort.hits))
        rows.append((printable(name, 48), *numbers))
    return ["", columns(rows, right=(1, 2, 3))]


def _source(dossier: Dossier) -> list[str]:
    if dossier.sources.why_not:
        return ["", f"no source lines: {printable(dossier.sources.why_not)}"]
    rows = [
        (printable(file.name, 60), count(file.reached), "of", count(file.lines))
        for file in dossier.sources.files
    ]
    return ["", columns([("source", "reached", "", "lines"), *rows], right=(1, 3))]
