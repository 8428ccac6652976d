"""One campaign of an opened target, with everything around it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from fuzzverse import native
from fuzzverse.campaign import CampaignRun, Clocks, Origin
from fuzzverse.cli.opening import Opened
from fuzzverse.engines.campaign import EngineCampaign
from fuzzverse.engines.process import EngineProcess
from fuzzverse.engines.wheel import find_wheel
from fuzzverse.interruption import Interruption
from fuzzverse.model import Engine, Policy, Recipe
from fuzzverse.observer import Observer, Team
from fuzzverse.outcome import Summary
from fuzzverse.outdir import OutDirectory
from fuzzverse.session import edge_places
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.triage import Limits, Triage

# The inputs that run first, and the number of the next root.
Beginning = Callable[[OutDirectory], tuple[tuple[Recipe, ...], int]]


def explore(
    opened: Opened,
    policy: Policy,
    seconds: float | None,
    out: Path,
    beginning: Beginning,
    interruption: Interruption,
    shared: Callable[[Path, str], AbstractContextManager[Team]],
    watching: AbstractContextManager[Observer],
    dictionary: Path | None = None,
) -> Summary:
    """Runs a campaign into `out` and keeps what it finds.

    Args:
        opened: the target.
        policy: decides the campaign.
        seconds: end it, besides the budgets of the policy; None: no limit.
        out: the directory, held meanwhile.
        beginning: what to start from, asked once the directory is held.
        interruption: ends the campaign in good order.
        shared: of OUT and the campaign's uid, whom it is shared with.
        watching: is told what happens.
        dictionary: words for an engine's mutators.
    """
    origin = Origin(secrets.token_hex(16), opened.rebuild.to_json())
    with (
        OutDirectory(out, time.monotonic) as directory,
        interruption.listening(),
        _open(opened, policy, directory, beginning(directory), dictionary) as engine,
        shared(directory.path, origin.uid) as team,
        watching as observer,
        Places(find_tool("llvm-symbolizer"), opened.target) as places,
    ):
        return CampaignRun(
            target=opened.target,
            policy=policy,
            origin=origin,
            seconds=seconds,
            engine=engine,
            replayer=native,
            triage=_triage(opened, directory, policy, places),
            out=directory,
            clocks=Clocks(time.monotonic, time.time),
            observer=observer,
            interruption=interruption,
            team=team,
            places=lambda: edge_places(opened.target, os.environ),
        ).run()


def _open(
    opened: Opened,
    policy: Policy,
    directory: OutDirectory,
    beginning: tuple[tuple[Recipe, ...], int],
    dictionary: Path | None,
) -> native.Campaign:
    inputs, first_root = beginning
    if policy.engine is Engine.NONE:
        return native.Campaign(opened.target, policy, inputs, first_root)
    data = [native.input_bytes(recipe) for recipe in inputs]
    process = EngineProcess(find_wheel(), directory.path, policy.campaign_seed, data, dictionary)
    return EngineCampaign(opened.target, policy, process, directory.corpus, inputs, first_root)


def _triage(opened: Opened, directory: OutDirectory, policy: Policy, places: Places) -> Triage:
    return Triage(
        native,
        opened.target,
        directory.bugs,
        opened.replay_command(directory.path),
        Limits(policy.deadline_ms, policy.memory_mb),
        places,
        opened.rebuild,
    )
