"""The page: all sections, the style and the script, in one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from fuzzverse.dossier import Dossier
from fuzzverse.report.page import about, bugs, curves, frontier, overview, properties, sources, tree
from fuzzverse.report.page.markup import Markup, line, tag

_SECTIONS: Final = (
    ("verdict", "Verdict", overview.render),
    ("bugs", "Bugs", bugs.render),
    ("properties", "Properties", properties.render),
    ("curves", "Coverage", curves.render),
    ("multiverse", "Multiverse", tree.render),
    ("frontier", "Frontier", frontier.render),
    ("energy", "Energy", frontier.render_energy),
    ("sources", "Source", sources.render),
    ("about", "About", about.render),
)


@dataclass(frozen=True, slots=True)
class Assets:
    """What lies beside this module: the text of page.css and of page.js."""

    style: str
    script: str


def render(dossier: Dossier, assets: Assets) -> str:
    """The whole document. Nothing in it is fetched, and but for these two assets nothing in it is
    executed: the policy names their hashes."""
    campaign = dossier.chronicle.campaign
    title = f"{line(campaign.target)}: {overview.verdict(dossier)}"
    policy = (
        f"default-src 'none'; style-src {_hash(assets.style)}; script-src {_hash(assets.script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    links = (tag("a", words, href=f"#{name}") for name, words, _ in _SECTIONS)
    when = f"{about.started(campaign)} · build {line(campaign.build_id)} · fuzzverse report"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(assets.style)),
    )
    body = tag(
        "body",
        tag("header", tag("h1", line(campaign.target)), tag("p", when), tag("nav", *links)),
        tag("main", *(render_section(dossier) for _, _, render_section in _SECTIONS)),
        tag("script", Markup(assets.script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
