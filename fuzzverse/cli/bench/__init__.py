"""`fuzzverse bench`."""

from __future__ import annotations

import click

from fuzzverse.cli.bench.isolation import isolation
from fuzzverse.cli.bench.nightly import nightly
from fuzzverse.cli.bench.plain import plain
from fuzzverse.cli.bench.search import search
from fuzzverse.cli.bench.simulation import sim
from fuzzverse.cli.bench.timeline import timeline
from fuzzverse.cli.bench.triage import triage


@click.group()
def bench() -> None:
    """Measure the engine beside its physical floors, and searches side by side."""


bench.add_command(timeline)
bench.add_command(isolation)
bench.add_command(search)
bench.add_command(sim)
bench.add_command(triage)
bench.add_command(nightly)
bench.add_command(plain)
