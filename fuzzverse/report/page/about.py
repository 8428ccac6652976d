"""How the campaign was run: what a colleague needs to run it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from fuzzverse.chronicle import Campaign
from fuzzverse.dossier import Dossier
from fuzzverse.report.page.markup import Cell, Markup, line, section, table, tag
from fuzzverse.report.text import count


def render(dossier: Dossier) -> Markup:
    """Facts, policy, and how children were made."""
    told = dossier.chronicle
    facts = (
        tag("div", tag("dt", name), tag("dd", line(str(value)))) for name, value in _facts(dossier)
    )
    makers = [
        [Cell(name), Cell(count(tries), tries), Cell(count(yields), yields)]
        for name, tries, yields in told.makers
    ]
    return section(
        "about",
        "About this campaign",
        tag("dl", *facts, class_="facts"),
        tag("h3", "How children were made") if makers else None,
        table(("maker", "children", "brought"), makers, numbers=(1, 2)) if makers else None,
    )


def started(campaign: Campaign) -> str:
    """When it started, in UTC."""
    moment = datetime.fromtimestamp(max(0.0, min(campaign.started, 2.0**37)), UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _facts(dossier: Dossier) -> list[tuple[str, object]]:
    campaign = dossier.chronicle.campaign
    facts: list[tuple[str, object]] = [
        ("target", campaign.target),
        ("build", campaign.build_id),
        ("started", started(campaign)),
        ("strategy", campaign.strategy),
        ("campaign seed", campaign.seed),
        ("isolation", campaign.isolation or "not kept"),
        ("checked by fresh processes", count(campaign.checked or 0)),
        ("draws", count(campaign.draws)),
        ("digest", campaign.digest),
        ("kept in", dossier.out),
    ]
    if campaign.unfit:
        facts.append(("why not rewound", campaign.unfit))
    return facts + [(name.replace("_", " "), value) for name, value in _policy(campaign).items()]


def _policy(campaign: Campaign) -> dict[str, object]:
    """Of the policy, what the facts do not say yet."""
    try:
        values = json.loads(campaign.policy)
    except (ValueError, RecursionError):
        return {}
    known = {"strategy", "campaign_seed", "isolation"}
    if not isinstance(values, dict):
        return {}
    return {k: v for k, v in list(values.items())[:60] if k not in known and v is not None}
