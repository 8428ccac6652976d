"""Contenders as users write them."""

from __future__ import annotations

from collections.abc import Sequence

from fuzzverse.bench.rivals import RIVALS
from fuzzverse.bench.search import strategy_names
from fuzzverse.errors import UsageError

DEFAULT_BASELINE = "random"


def parse_names(text: str) -> tuple[str, ...]:
    """The contenders of `--strategies`, each once; UsageError when one is unknown."""
    known = (*strategy_names(), *RIVALS)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise UsageError(f"--strategies {name}: known are {', '.join(known)}")
    if not names:
        raise UsageError(f"--strategies names nothing; known are {', '.join(known)}")
    return names


def parse_baseline(asked: str | None, names: Sequence[str]) -> str:
    """Who the others are compared with: random where it competes, else who is named last.

    Raises UsageError when another one was asked for that does not compete.
    """
    if asked is not None and asked not in names:
        raise UsageError(f"--baseline {asked} does not compete, only {', '.join(names)}")
    return asked or (DEFAULT_BASELINE if DEFAULT_BASELINE in names else names[-1])
