from __future__ import annotations

import errno
import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse.doctor import Doctor, can_fix_addresses
from fuzzverse.model import RewindProbe
from fuzzverse.outcome import Check
from fuzzverse.resources import Resources, installed

ALL_WORKS = RewindProbe(0, 0, 0, 0, 0)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Doctor]:
    return functools.partial(
        Doctor,
        resources=installed(),
        environment={},
        directory=tmp_path,
        kernel="6.18.0-2-amd64",
        probe=lambda: ALL_WORKS,
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


def rewinding(doctor: Doctor) -> dict[str, Check]:
    """The checks of rewinding, by what they are about; none of them is needed."""
    found = [check for check in doctor.checks() if check.name.startswith("rewind: ")]
    assert not any(check.needed for check in found)
    return {check.name.removeprefix("rewind: "): check for check in found}


def test_rewinding_works_where_all_of_it_was_tried_out(make: Callable[..., Doctor]) -> None:
    checks = rewinding(make())
    assert len(checks) == len(RewindProbe.__slots__)
    assert all(check.passed and check.found == "works" for check in checks.values())


def test_an_old_kernel_is_no_obstacle(make: Callable[..., Doctor]) -> None:
    probe = RewindProbe(0, errno.EINVAL, None, 0, 0)
    checks = rewinding(make(kernel="6.1.0", probe=lambda: probe))
    absent = {what: check for what, check in checks.items() if not check.passed}
    assert list(absent) == ["write protection", "PAGEMAP_SCAN"]
    assert absent["write protection"].found == "EINVAL: Invalid argument"
    assert "Linux 6.7 has it, and this is 6.1.0" in absent["write protection"].advice
    assert absent["PAGEMAP_SCAN"].found == "not tried"


@pytest.mark.parametrize(
    ("probe", "what", "words"),
    [
        (RewindProbe(errno.EPERM, None, None, 0, 0), "userfaultfd", "seccomp=unconfined"),
        (RewindProbe(errno.EPERM, None, None, 0, 0), "userfaultfd", "unprivileged_userfaultfd may"),
        (RewindProbe(errno.ENOSYS, None, None, 0, 0), "userfaultfd", "CONFIG_USERFAULTFD"),
        (RewindProbe(0, 0, errno.ENOTTY, 0, 0), "PAGEMAP_SCAN", "Linux 6.7"),
        (RewindProbe(0, 0, errno.EACCES, 0, 0), "PAGEMAP_SCAN", "/proc must be mounted"),
        (RewindProbe(0, 0, 0, errno.EPERM, 0), "parent's memory", "yama.ptrace_scope=0"),
        (RewindProbe(0, 0, 0, errno.ENOSYS, 0), "parent's memory", "CONFIG_CROSS_MEMORY_ATTACH"),
        (RewindProbe(0, 0, 0, 0, errno.EPERM), "seccomp", "allow seccomp in the seccomp profile"),
        (RewindProbe(0, 0, 0, 0, errno.EINVAL), "seccomp", "CONFIG_SECCOMP_FILTER"),
    ],
)
def test_what_rewinding_lacks_comes_with_advice(
    make: Callable[..., Doctor], probe: RewindProbe, what: str, words: str
) -> None:
    check = rewinding(make(probe=lambda: probe))[what]
    assert not check.passed
    assert words in check.advice
    assert "timelines run under fork" in check.advice


def test_asking_for_fixed_addresses_leaves_the_process_as_it_was() -> None:
    before = Path("/proc/self/personality").read_text()
    can_fix_addresses()
    assert Path("/proc/self/personality").read_text() == before
