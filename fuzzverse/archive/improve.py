"""What minimising a bug changes in the archive of its OUT."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update

from fuzzverse.archive.database import Database
from fuzzverse.archive.schema import BLOBS, BUGS, CAMPAIGNS, EVIDENCE
from fuzzverse.files import name_of
from fuzzverse.outcome import Bug


def put_minimized(
    database: Database, bug: Bug, build: tuple[str, str], parts: Mapping[str, bytes]
) -> bool:
    """Puts a recipe and what it shows in the place of what the last campaign found that saw the bug
    in this build: all of it, or nothing.

    Args:
        database: the archive of an OUT.
        bug: as it is now, minimised.
        build: target and build-id that replayed it. Campaigns of others keep what they found.
        parts: its input, log and stack.

    Returns:
        Whether there is such a campaign.
    """
    assert tuple(parts) == EVIDENCE
    c, b = CAMPAIGNS.c, BUGS.c
    saw = (
        select(c.id)
        .join(BUGS, b.campaign == c.id)
        .where(b.bucket == bug.bucket, c.target == build[0], c.build_id == build[1])
        .order_by(c.started.desc(), c.id.desc())
        .limit(1)
    )
    names = {part: name_of(data) for part, data in parts.items()}
    blobs = {name: parts[part] for part, name in names.items()}
    with database.errors(), database.writing():
        run = database.connection.execute
        campaign = run(saw).scalar_one_or_none()
        if campaign is None:
            return False
        put = database.insert(BLOBS).on_conflict_do_nothing()
        run(put, [{"name": n, "size": len(d), "data": d} for n, d in blobs.items()])
        changed = {
            **names,
            **{name: getattr(bug, name) for name in ("message", "recipe", "segments", "draws")},
            "root": str(bug.root),
            "reproduced": bug.reproduced,
            "replays": bug.replays,
            "is_minimized": int(bug.is_minimized),
        }
        row = (b.campaign == campaign) & (b.bucket == bug.bucket)
        run(update(BUGS).where(row).values(changed))
    return True
