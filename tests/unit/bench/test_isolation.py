from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fuzzverse.bench.isolation import Comparison, Pair, Setting, Trial, compare
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Policy, Strategy, Totals

SETTING = Setting(Strategy.FRONTIER, timelines=12_345, jobs=2, canary=0)


@pytest.fixture
def make_trial(make_totals: Callable[..., Totals]) -> Callable[..., Trial]:
    def make(seconds: float = 1.0, **totals: object) -> Trial:
        return Trial(make_totals(**totals), "", seconds, 0.01, 0.02)

    return make


def test_both_campaigns_of_a_pair_differ_in_isolation_alone(
    make_trial: Callable[..., Trial],
) -> None:
    seen: list[Policy] = []

    def run(policy: Policy) -> Trial:
        seen.append(policy)
        return make_trial(5.0 if policy.isolation is Isolation.FORK else 0.5)

    pairs = list(compare("maze", SETTING, range(3, 5), run))
    assert [pair.seed for pair in pairs] == [3, 4]
    assert [(p.campaign_seed, p.isolation) for p in seen] == [
        (3, Isolation.FORK),
        (3, Isolation.REWIND),
        (4, Isolation.FORK),
        (4, Isolation.REWIND),
    ]
    assert {(p.timelines, p.jobs, p.canary, p.strategy) for p in seen} == {
        (12_345, 2, 0, Strategy.FRONTIER)
    }
    assert pairs[0].gain == pytest.approx(10)


@pytest.mark.parametrize("changes", [{"digest": 1}, {"features": 1}, {"timelines": 9}])
def test_campaigns_that_come_out_differently_are_an_error(
    make_trial: Callable[..., Trial], changes: dict[str, int]
) -> None:
    def run(policy: Policy) -> Trial:
        is_wrong = policy.isolation is Isolation.REWIND and policy.campaign_seed == 2
        return make_trial(**changes) if is_wrong else make_trial()

    pairs = compare("maze", SETTING, [1, 2, 3], run)
    assert next(pairs).seed == 1
    (name,) = changes
    with pytest.raises(EngineError, match=f"maze, campaign seed 2: .*{name}"):
        next(pairs)


@pytest.mark.parametrize("ended", [Isolation.FORK, Isolation.REWIND])
def test_a_pair_that_the_user_cut_short_tells_nothing(
    make_trial: Callable[..., Trial], ended: Isolation
) -> None:
    def run(policy: Policy) -> Trial | None:
        return None if policy.isolation is ended else make_trial()

    assert list(compare("maze", SETTING, [1, 2], run)) == []


def test_figures_of_a_campaign(make_trial: Callable[..., Trial]) -> None:
    trial = make_trial(2.0, timelines=1_000)
    assert trial.timeline_us == 2_000
    assert trial.rate == 500
    assert make_trial(timelines=0).timeline_us > 0


def test_the_spread_is_over_the_pairs(make_trial: Callable[..., Trial]) -> None:
    gains: Sequence[float] = (2.0, 8.0, 4.0)
    pairs = tuple(Pair(n, make_trial(gain), make_trial(1.0)) for n, gain in enumerate(gains))
    found = Comparison("maze", SETTING, pairs).spread(lambda pair: pair.gain)
    assert (found.low.value, found.median.value, found.high.value) == (3, 4, 6)
