from __future__ import annotations

from dataclasses import dataclass

import pytest

from fuzzverse.engine import insist_on_rewinding
from fuzzverse.errors import EngineError
from fuzzverse.model import MarkTally, Policy, Progress, Survey, Totals, Verdict


@dataclass
class Engine:
    """Knows whether it is fit, and nothing else."""

    why: str

    def unfit(self) -> str:
        return self.why

    def step(self, timeout_s: float) -> Progress:
        raise NotImplementedError

    def totals(self) -> Totals:
        raise NotImplementedError

    def tallies(self) -> tuple[MarkTally, ...]:
        raise NotImplementedError

    def sightings(self, verdict: Verdict, identity: str) -> int:
        raise NotImplementedError

    def survey(self) -> Survey:
        raise NotImplementedError

    def stop(self) -> Progress:
        raise NotImplementedError


def test_only_who_insists_gets_an_error() -> None:
    insist_on_rewinding(Engine(""), Policy(must_rewind=True))
    insist_on_rewinding(Engine("no kernel"), Policy())
    with pytest.raises(EngineError, match=r"cannot be rewound.*no kernel; --isolation auto"):
        insist_on_rewinding(Engine("no kernel"), Policy(must_rewind=True))
