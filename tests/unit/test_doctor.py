from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse.doctor import Doctor, can_fix_addresses
from fuzzverse.resources import Resources, installed


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Doctor]:
    return functools.partial(
        Doctor,
        resources=installed(),
        environment={},
        directory=tmp_path,
        kernel="6.18.0-2-amd64",
        fix_addresses=lambda: True,
        free_bytes=lambda path: 1 << 40,
    )


@pytest.mark.parametrize(
    ("changes", "name", "advice"),
    [
        ({"which": lambda name: None}, "clang", "apt-get install clang"),
        ({"environment": {"CC": "no-such"}}, "clang", "unset CC"),
        ({"resources": Resources(Path("/absent"))}, "libfuzzverse.a", "reinstall"),
        ({"fix_addresses": lambda: False}, "fixed addresses", "seccomp"),
        ({"free_bytes": lambda path: 5}, "free space", "free 1 GiB"),
        ({"python": (3, 9)}, "python", "python3.11"),
    ],
)
def test_what_is_needed_and_missing_comes_with_advice(
    make: Callable[..., Doctor], changes: dict[str, object], name: str, advice: str
) -> None:
    missing = [check for check in make(**changes).checks() if check.needed and not check.passed]
    assert [check.name for check in missing] == [name]
    assert advice in missing[0].advice


def test_an_old_kernel_is_no_obstacle(make: Callable[..., Doctor]) -> None:
    (old,) = [check for check in make(kernel="5.10.0").checks() if check.name == "rewinding"]
    (new,) = [check for check in make(kernel="7.0-rc1").checks() if check.name == "rewinding"]
    assert (old.passed, old.needed, new.passed) == (False, False, True)


def test_asking_for_fixed_addresses_leaves_the_process_as_it_was() -> None:
    before = Path("/proc/self/personality").read_text()
    can_fix_addresses()
    assert Path("/proc/self/personality").read_text() == before
