"""The map of the multiverse: an icicle that the script draws from data in the page."""

from __future__ import annotations

import json
from typing import Final

from fuzzverse.dossier import Dossier
from fuzzverse.multiverse import Branch
from fuzzverse.report.page.markup import Markup, line, note, section, tag
from fuzzverse.report.text import count

_LABEL_LENGTH_MAX: Final = 40


def render(dossier: Dossier) -> Markup:
    """The canvas, its buttons and legend, and the data."""
    told = dossier.chronicle
    kept = sum(not way.bucket for way in told.ways)
    cut = f" (the first {count(kept)} are drawn)" if kept < told.entry_count else ""
    return section(
        "multiverse",
        "The multiverse",
        note(
            f"{count(told.entry_count)} timelines brought something new{cut}. Each block is what "
            "some of them have in common, as wide as they are many: root seeds first, below each "
            "what was split off from it. Select a block to go there."
        ),
        tag("div", class_="toolbar", id="map-tools"),
        tag("canvas", id="map", tabindex="0", role="img", aria_label="Map of the multiverse"),
        tag("p", id="map-words", class_="note", aria_live="polite"),
        tag(
            "p",
            tag("i", class_="key early"),
            "found early ",
            tag("i", class_="key late"),
            "found late ",
            tag("i", class_="key way"),
            "on the way to a bug ",
            tag("i", class_="key e"),
            "the bug ",
            tag("i", class_="key merged"),
            "many small ones",
            class_="note legend",
        ),
        tag("noscript", note("The map needs JavaScript; all else does not.")),
        data("map-data", _values(dossier.tree, told.campaign.timelines)),
    )


def data(name: str, values: object) -> Markup:
    """JSON for the script; no word in it can end the element."""
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{name}">{text}</script>')


def _values(tree: tuple[Branch, ...], timelines: int) -> dict[str, object]:
    buckets = sorted({bucket for branch in tree for bucket in branch.buckets})
    number = {bucket: i for i, bucket in enumerate(buckets)}
    return {
        "timelines": timelines,
        "buckets": buckets,
        "branches": [
            [
                one.parent,
                one.weight,
                one.ends,
                one.first,
                one.segments,
                one.merged,
                line(one.begins, _LABEL_LENGTH_MAX),
                [number[bucket] for bucket in one.buckets[:20]],
            ]
            for one in tree
        ],
    }
