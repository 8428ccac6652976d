from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.cli.opening import BuildRequest
from fuzzverse.cli.options import (
    JOBS_MAX,
    Duration,
    Jobs,
    OneIn,
    Replacement,
    build_options,
    policy_options,
)
from fuzzverse.errors import UsageError
from fuzzverse.model import Engine, Isolation, Policy, Strategy


def seconds(text: str) -> float:
    return Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60", 60), ("60s", 60), ("5m", 300), ("1.5h", 5_400), ("200ms", 0.2), ("1d", 86_400)],
)
def test_durations_have_units(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "1w", "1 h", "nan", "1e3", "m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no duration"):
        seconds(text)


@given(cores=st.integers(1, 500), left=st.integers(0, JOBS_MAX))
def test_jobs_are_between_one_and_the_most_there_are(cores: int, left: int) -> None:
    kind = Jobs(lambda: cores)
    most = min(cores, JOBS_MAX)
    assert kind.convert("all", None, None) == most
    assert kind.convert("half", None, None) == max(1, most // 2)
    assert kind.convert(f"all-but-{left}", None, None) == max(1, most - left)


@pytest.mark.parametrize("text", ["0", "-1", "65", "some", "all-but-", "all-but-x", "²", ""])
def test_what_is_no_number_of_jobs_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Jobs(lambda: 4).convert(text, None, None)


def test_a_replacement_names_a_directory(tmp_path: Path) -> None:
    assert Replacement().convert(f"a={tmp_path}", None, None) == ("a", tmp_path)
    for text in ("a", "a=", f"={tmp_path}", f"a={tmp_path}/absent"):
        with pytest.raises(click.BadParameter, match="NAME=DIR"):
            Replacement().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("0%", 0), ("1", 1), ("100%", 1), ("0.001", 1_000), ("0.1%", 1_000), ("1%", 100),
     ("0.3", 3), ("0.000000001", 10**9)],
)  # fmt: skip
def test_fractions_are_one_in_so_many(text: str, expected: int) -> None:
    assert OneIn().convert(text, None, None) == expected


@pytest.mark.parametrize("text", ["", "-1", "1.1", "101%", "1e-3", "some", "%", "0.0000000001"])
def test_what_is_no_fraction_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no fraction from 0 to 1"):
        OneIn().convert(text, None, None)


def parsed(*arguments: str) -> tuple[Policy, BuildRequest]:
    @click.command()
    @policy_options
    @build_options
    def command(policy: Policy, request: BuildRequest) -> tuple[Policy, BuildRequest]:
        return policy, request

    result: tuple[Policy, BuildRequest] = command.main(list(arguments), standalone_mode=False)
    return result


def test_the_defaults_are_the_policys() -> None:
    policy, request = parsed("--jobs", "1", "--keep-going")
    assert policy == Policy(suits_target=True)
    assert request == BuildRequest()


def test_a_run_stops_at_the_first_bug_unless_told_otherwise() -> None:
    assert parsed()[0].stop_on_bug
    assert not parsed("--keep-going")[0].stop_on_bug


def test_options_reach_the_policy(tmp_path: Path) -> None:
    policy, request = parsed(
        *("--strategy", "random", "--seed", "18446744073709551615", "--timelines", "5"),
        *("--deadline", "250ms", "--memory", "64", "--until-stable", "3"),
        *("--sanitize", "address", "--with", f"sqlite={tmp_path}"),
    )
    assert policy.strategy is Strategy.RANDOM
    assert policy.campaign_seed == (1 << 64) - 1
    assert (policy.timelines, policy.until_stable) == (5, 3)
    assert (policy.deadline_ms, policy.memory_mb) == (250, 64)
    assert request == BuildRequest(("address",), (("sqlite", tmp_path),))


def test_an_engine_has_a_strategy_and_a_window_of_its_own() -> None:
    policy, _ = parsed("--engine", "atheris")
    assert (policy.engine, policy.strategy, policy.window) == (
        Engine.ATHERIS,
        Strategy.DEPTH_FIRST,
        1,
    )
    policy, _ = parsed("--engine", "atheris", "--strategy", "frontier")
    assert (policy.strategy, policy.window) == (Strategy.FRONTIER, Policy().window)
    assert parsed()[0].engine is Engine.NONE


def test_a_minimum_above_the_maximum_is_refused() -> None:
    with pytest.raises(UsageError, match="--timelines-min is more than --timelines-max 2"):
        parsed("--timelines-min", "3", "--timelines-max", "2")


@pytest.mark.parametrize(
    ("words", "isolation", "must_rewind"),
    [
        ((), Isolation.REWIND, False),
        (("--isolation", "auto"), Isolation.REWIND, False),
        (("--isolation", "rewind"), Isolation.REWIND, True),
        (("--isolation", "fork"), Isolation.FORK, False),
    ],
)
def test_isolation_is_rewinding_unless_told_otherwise(
    words: tuple[str, ...], isolation: Isolation, must_rewind: bool
) -> None:
    policy = parsed(*words)[0]
    assert (policy.isolation, policy.must_rewind) == (isolation, must_rewind)


def test_canaries_reach_the_policy() -> None:
    assert parsed("--canary", "1%")[0].canary == 100
    assert parsed("--canary", "0")[0].canary == 0
