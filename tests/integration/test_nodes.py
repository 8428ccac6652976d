"""Nodes and their network: what they promise, under both isolations, and how misuse is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import check_both_isolations
from support.commands import Fuzzverse

Compiled = Callable[..., Path]


def never_passed(fuzzverse: Fuzzverse, executable: Path, timelines: int) -> list[str]:
    """The labels of FV_SOMETIMES that no timeline of a campaign passed."""
    done = fuzzverse("run", executable, "--timelines", timelines, "--keep-going", "--json")
    assert done.json["bugs"] == []
    return [mark["message"] for mark in done.json["marks"] if mark["passes"] == 0]


@pytest.mark.parametrize("source", ["nodes.c", "net.c"])
def test_nodes_and_network_keep_their_promises(compiled: Compiled, source: str) -> None:
    check_both_isolations(compiled(source), 300)


def test_faults_are_those_of_the_model(compiled: Compiled) -> None:
    check_both_isolations(compiled("net.c", "-DFAULTS"), 300)


@pytest.mark.parametrize(("source", "flag"), [("nodes.c", "-DCASE=0"), ("net.c", "-DFAULTS")])
def test_each_fault_happens(
    compiled: Compiled, fuzzverse: Fuzzverse, source: str, flag: str
) -> None:
    assert never_passed(fuzzverse, compiled(source, flag), 1_500) == []


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (1, "fv_node_alloc() outside of nodes"),
        (2, "fv_node_start() of node 3, which is none"),
        (3, "fv_sim_open() was called before"),
        (4, "fv_quiet_end() without a beginning"),
        (5, "fv_attrition() of node 0, which is none"),
        (6, "fv_send() outside of nodes"),
    ],
)
def test_misuse_is_told(compiled: Compiled, fuzzverse: Fuzzverse, case: int, words: str) -> None:
    done = fuzzverse("replay", compiled("nodes.c", f"-DCASE={case}"), "--root", "1")
    assert done.code == 77
    assert f"misuse of the kit: {words}" in done.out
