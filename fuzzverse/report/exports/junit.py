"""The report as JUnit XML: a test case for each property and for each bug."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from fuzzverse.dossier import Change, Dossier, Finding
from fuzzverse.model import MarkTally
from fuzzverse.report import marks

LOG_LINES_MAX: Final = 40


def render(dossier: Dossier) -> str:
    """Suites `properties` and `bugs`. A property that failed, or that must be hit and was not, is a
    failure, one that may stay unreached and did is skipped; so are bugs that are gone."""
    campaign = dossier.chronicle.campaign
    root = ET.Element("testsuites", name=_clean(campaign.target), time=f"{campaign.seconds:.3f}")
    properties = ET.SubElement(root, "testsuite", name="properties")
    for tally in dossier.chronicle.tallies:
        _property(properties, tally, campaign.target)
    bugs = ET.SubElement(root, "testsuite", name="bugs")
    for finding in dossier.findings:
        _bug(bugs, finding, campaign.target)
    for suite in (properties, bugs):
        _count(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _property(suite: ET.Element, tally: MarkTally, target: str) -> None:
    mark = tally.mark
    name = f"{marks.kind(mark)}: {mark.message} ({mark.file}:{mark.line})"
    case = _case(suite, name, f"{target}.properties", mark.file, mark.line)
    state = marks.state(tally)
    if state == "FAILED":
        ET.SubElement(case, "failure", type="failed", message=f"broken {tally.failures} times")
    elif state == "NEVER":
        ET.SubElement(case, "failure", type="never", message="it must be hit, and never was")
    elif state == "idle":
        ET.SubElement(case, "skipped", message="never reached")


def _bug(suite: ET.Element, finding: Finding, target: str) -> None:
    seen = finding.seen
    case = _case(suite, seen.bucket, f"{target}.bugs")
    if finding.change is Change.GONE:
        ET.SubElement(case, "skipped", message=_clean(f"gone: {seen.message}"))
        return
    message = f"{finding.change.value}: {seen.message}"
    failure = ET.SubElement(case, "failure", type=_clean(seen.kind), message=_clean(message))
    if finding.exhibit is not None:
        shown = finding.exhibit
        log = "\n".join(shown.log.splitlines()[-LOG_LINES_MAX:])
        failure.text = _clean(f"{shown.bug.command}\n\n{shown.stack}\n{log}")


def _case(
    suite: ET.Element, name: str, group: str, file: str = "", line: int | None = None
) -> ET.Element:
    case = ET.SubElement(suite, "testcase", name=_clean(name), classname=_clean(group))
    if file:
        case.set("file", _clean(file))
        case.set("line", str(line))
    return case


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")


def _clean(text: str) -> str:
    """Without what XML cannot hold, and terminals should not."""
    return "".join(
        c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
