from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.bench.statistics import Amount, a12, mann_whitney, quantile, spread

AMOUNTS = st.lists(st.builds(Amount, st.integers(0, 9), st.booleans()), min_size=1, max_size=9)


def known(*values: float) -> list[Amount]:
    return [Amount(value) for value in values]


def test_quartiles_lie_between_neighbours() -> None:
    found = spread(known(4, 1, 3, 2))
    assert (found.low.value, found.median.value, found.high.value) == (1.75, 2.5, 3.25)
    assert spread(known(7)).low == spread(known(7)).high == Amount(7)


def test_a_figure_that_falls_on_a_censored_run_is_more_than_the_least_it_spent() -> None:
    amounts = [*known(1, 2), Amount(60, censored=True), Amount(50, censored=True)]
    assert quantile(amounts, 0.25) == Amount(1.75)
    assert quantile(amounts, 0.5) == Amount(50, censored=True)
    assert quantile(amounts, 1) == Amount(50, censored=True)


def test_a_censored_run_comes_last_however_little_it_had_spent() -> None:
    amounts = [Amount(0.1, censored=True), *known(5, 6)]
    assert quantile(amounts, 0.5) == Amount(6)
    assert quantile(amounts, 0) == Amount(5)


def test_effect_sizes_of_the_paper() -> None:
    assert a12(known(1, 2), known(3, 4)) == 1
    assert a12(known(3, 4), known(1, 2)) == 0
    assert a12(known(1, 3), known(2, 3)) == 0.625


def test_censored_runs_tie_with_each_other_and_lose_against_the_rest() -> None:
    censored = [Amount(1, censored=True), Amount(9, censored=True)]
    assert a12(censored, censored) == 0.5
    assert a12(known(100), censored) == 1


@given(AMOUNTS, AMOUNTS)
def test_one_side_wins_what_the_other_loses(ours: list[Amount], theirs: list[Amount]) -> None:
    assert a12(ours, theirs) + a12(theirs, ours) == pytest.approx(1)


@given(AMOUNTS)
def test_quantiles_rise(amounts: list[Amount]) -> None:
    places = [quantile(amounts, share / 8) for share in range(9)]
    assert [one.censored for one in places] == sorted(one.censored for one in places)
    certain = [one.value for one in places if not one.censored]
    assert certain == pytest.approx(sorted(certain))


def test_no_runs_have_no_figures() -> None:
    with pytest.raises(ValueError, match="no runs"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="no runs"):
        a12([], known(1))


def test_samples_that_differ_are_told_from_those_that_do_not() -> None:
    ours, theirs = [19.0, 22, 16, 29, 24], [20.0, 11, 17, 12]
    # As scipy.stats.mannwhitneyu has it, method="asymptotic".
    assert mann_whitney(ours, theirs) == pytest.approx(0.11134688653314041)
    assert mann_whitney(theirs, ours) == pytest.approx(0.11134688653314041)
    assert mann_whitney([3.0] * 5, [3.0] * 9) == 1.0
    assert mann_whitney(list(range(10, 20)), list(range(10))) < 0.001
    with pytest.raises(ValueError, match="no runs"):
        mann_whitney([], [1.0])
