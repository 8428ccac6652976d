"""Options of benches that run whole campaigns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from fuzzverse.cli.options import Jobs

Result = TypeVar("Result")
Command = Callable[..., Result]


def campaign_options(seeds: int) -> Callable[[Command[Result]], Command[Result]]:
    """--seeds (this number by default), --first-seed, --jobs; the command gets `seeds`, `jobs`."""

    def decorate(command: Command[Result]) -> Command[Result]:
        @click.option(
            "--seeds",
            "seed_count",
            default=seeds,
            show_default=True,
            type=click.IntRange(1, 10_000),
            help="Campaign seeds; everyone gets the same.",
        )
        @click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0, 1 << 62))
        @click.option(
            "--jobs",
            type=Jobs(),
            default="2",
            show_default=True,
            metavar="N|all|half|all-but-N",
            help="Cores of a run.",
        )
        @functools.wraps(command)
        def wrapped(*arguments: Any, seed_count: int, first_seed: int, **values: Any) -> Result:
            return command(*arguments, seeds=range(first_seed, first_seed + seed_count), **values)

        return wrapped  # fmt: skip

    return decorate
