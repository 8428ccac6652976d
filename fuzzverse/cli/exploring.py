"""One campaign of an opened target, with everything around it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

from fuzzverse import native
from fuzzverse.campaign import CampaignRun, Clocks, Origin
from fuzzverse.cli.opening import Opened
from fuzzverse.corpus import Corpus
from fuzzverse.engines.campaign import EngineCampaign
from fuzzverse.engines.process import EngineProcess, take_over
from fuzzverse.engines.wheel import find_wheel
from fuzzverse.errors import UsageError
from fuzzverse.files import write_whole
from fuzzverse.interruption import Interruption
from fuzzverse.libfuzzer import dictionary_text
from fuzzverse.model import Engine, Policy, Recipe, Strategy, Target
from fuzzverse.observer import Observer, Team
from fuzzverse.outcome import Summary
from fuzzverse.outdir import OutDirectory
from fuzzverse.session import edge_places
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.triage import Limits, Triage

# Where an engine finds the words that it is given, in OUT.
DICTIONARY: Final = ".engine.dict"
# The inputs that run first, and the number of the next root.
Beginning = Callable[[OutDirectory], tuple[tuple[Recipe, ...], int]]


def settled(policy: Policy, target: Target) -> Policy:
    """The policy with a strategy that suits the target, where it leaves that open.

    Raises:
        UsageError: it asks for mutation, and the target's inputs are not bytes, or a budget counts
            what mutation does not have.
    """
    if policy.suits_target:
        strategy = Strategy.MUTATION if target.is_harness else Strategy.FRONTIER
        return settled(replace(policy, strategy=strategy, suits_target=False), target)
    if policy.strategy is not Strategy.MUTATION:
        return policy
    if policy.roots is not None or policy.until_stable is not None:
        raise UsageError(
            "--roots and --until-stable count root seeds, and mutation has none: use --timelines, "
            "--time or --until-fresh, or --strategy frontier"
        )
    if not target.is_harness:
        raise UsageError(
            f"--strategy mutation is for harnesses, and {target.name} is a simulation: its "
            "timelines are draws, not bytes; leave the option out"
        )
    return policy


def explore(
    opened: Opened,
    policy: Policy,
    seconds: float | None,
    out: Path,
    beginning: Beginning,
    interruption: Interruption,
    shared: Callable[[Path, str], AbstractContextManager[Team]],
    watching: AbstractContextManager[Observer],
    words: Sequence[bytes] = (),
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
        words: what mutation and an engine's mutators put into inputs, besides what they find.

    Raises:
        UsageError: the strategy is not for this target.
    """
    policy = settled(policy, opened.target)
    origin = Origin(secrets.token_hex(16), opened.rebuild.to_json())
    with (
        OutDirectory(out, time.monotonic) as directory,
        interruption.listening(),
        _open(opened, policy, directory, beginning, words) as engine,
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
    beginning: Beginning,
    words: Sequence[bytes],
) -> native.Campaign:
    take_over(directory.path, Corpus(directory.corpus))
    inputs, first_root = beginning(directory)
    if policy.engine is Engine.NONE:
        return native.Campaign(opened.target, policy, inputs, first_root, words)
    dictionary = directory.path / DICTIONARY if words else None
    if dictionary is not None:
        write_whole(dictionary, dictionary_text(words).encode())
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
