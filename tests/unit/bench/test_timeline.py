from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.bench.timeline import Isolated, Round, Shape, TimelineCost, shape_of

US = st.floats(0.1, 1e6)
ISOLATED = st.builds(Isolated, US, US, US)
ROUNDS = st.lists(st.builds(Round, US, ISOLATED, ISOLATED), min_size=1, max_size=7)


def cost(*rounds: Round) -> TimelineCost:
    return TimelineCost("timeline", None, 1.0, rounds)


def one(bare: float, fork: float, rewind: float) -> Round:
    return Round(bare, Isolated(fork, fork, fork / 2), Isolated(rewind, rewind, rewind / 2))


def test_figures_are_medians_over_the_rounds() -> None:
    measured = cost(one(100, 110, 10), one(200, 260, 10), one(110, 121, 40))
    assert (measured.bare_us, measured.fork_us, measured.rewind_us) == (110, 121, 10)
    assert measured.fork_workers_us == 60.5
    assert measured.rewind_workers_us == 5


def test_ratios_are_medians_of_those_within_a_round() -> None:
    """Not ratios of medians: a slow round is slow for both."""
    measured = cost(one(100, 110, 10), one(200, 260, 10), one(110, 121, 40))
    assert measured.fork_over_bare == 1.1
    assert measured.rewind_gain == 10


def test_two_workers_are_compared_with_one_at_its_best() -> None:
    free, pinned = Isolated(130, 100, 50), Isolated(100, 130, 50)
    assert free.speedup == pinned.speedup == 2
    measured = cost(Round(1, free, Isolated(9, 9, 9)))
    assert (measured.fork_speedup, measured.rewind_speedup) == (2, 1)


@given(ROUNDS)
def test_a_median_lies_within_its_rounds(rounds: list[Round]) -> None:
    measured = cost(*rounds)
    gains = [each.bare_us / each.rewind.pinned_us for each in rounds]
    assert min(gains) <= measured.rewind_gain <= max(gains)
    speedups = [each.fork.speedup for each in rounds]
    assert min(speedups) <= measured.fork_speedup <= max(speedups)


@pytest.mark.parametrize(
    ("defines", "shape"),
    [
        (("STATE_MB=10",), Shape(10, 0, is_random=False)),
        (("STATE_MB=1", "DIRTY_PAGES=20"), Shape(1, 20, is_random=False)),
        (("RANDOM_PAGES", "DIRTY_PAGES=20", "STATE_MB=1000"), Shape(1000, 20, is_random=True)),
        (("FLOORS=8",), None),
        (("STATE_MB=x",), None),
        ((), None),
    ],
)
def test_a_shape_is_what_the_defines_say(defines: tuple[str, ...], shape: Shape | None) -> None:
    assert shape_of(defines) == shape
