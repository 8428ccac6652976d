"""Archives with campaigns in them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.archive.writer import Archive, Start
from fuzzverse.model import MarkTally
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import Rebuild

REBUILD = Rebuild(argument="dungeon", compiler="clang 14")
START = Start("dungeon", "b0", "frontier", 1, "{}", 0.0, "", REBUILD.to_json())
DAY_S = 86_400.0

Campaign = tuple[str, Sequence[Bug]]


@pytest.fixture
def make_archive(tmp_path: Path, tallies: tuple[MarkTally, ...]) -> Callable[..., Path]:
    """Makes an archive of campaigns, a day apart: of each its build-id and its bugs."""

    def make(*campaigns: Campaign, name: str = "archive.db", target: str = "dungeon") -> Path:
        with Archive(tmp_path / name) as archive:
            for day, (build_id, bugs) in enumerate(campaigns):
                uid, started = secrets.token_hex(16), 1_700_000_000.0 + day * DAY_S
                start = replace(START, target=target, build_id=build_id, uid=uid, started=started)
                campaign = archive.begin(start)
                archive.put_bugs(campaign, *bugs)
                archive.put_marks(campaign, *tallies)
                for bug in bugs:
                    parts = {"input": bug.recipe.encode(), "log": b"told", "stack": b""}
                    archive.put_evidence(campaign, bug.bucket, parts)
        return tmp_path / name

    return make
