"""Looks at the machine: what fuzzverse needs, what it can use, and how to get what is missing."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError
from fuzzverse.model import RewindProbe
from fuzzverse.outcome import Check
from fuzzverse.resources import Resources
from fuzzverse.toolchain import Which, asked_compiler, find_compiler, find_tool

PYTHON_MIN: Final = (3, 11)
FREE_BYTES_MIN: Final = 1024**3
_ADDR_NO_RANDOMIZE: Final = 0x0040000
_PERSONALITY_QUERY: Final = 0xFFFFFFFF
# What those say who refuse: a sandbox or a security module, not a kernel that is too old.
_REFUSALS: Final = (errno.EPERM, errno.EACCES)
_NO_REWINDING: Final = "without it timelines run under fork, which is slower"
_SANDBOX: Final = (
    "in a container, allow {call} in the seccomp profile, or start it with "
    "--security-opt seccomp=unconfined"
)


def can_fix_addresses() -> bool:
    """Whether this process may switch address randomisation off; leaves it as it was."""
    personality = ctypes.CDLL(None, use_errno=True).personality
    personality.argtypes = [ctypes.c_ulong]
    before = personality(_PERSONALITY_QUERY)
    if before == -1 or personality(before | _ADDR_NO_RANDOMIZE) == -1:
        return False
    personality(before)
    return True


class Doctor:
    """Makes the checks. What it asks of the machine comes in through the constructor."""

    def __init__(
        self,
        *,
        resources: Resources,
        environment: Mapping[str, str],
        directory: Path,
        kernel: str,
        probe: Callable[[], RewindProbe],
        which: Which = shutil.which,
        fix_addresses: Callable[[], bool] = can_fix_addresses,
        free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
        python: tuple[int, int] = sys.version_info[:2],
    ) -> None:
        self._resources = resources
        self._environment = environment
        self._directory = directory
        self._kernel = kernel
        self._probe = probe
        self._which = which
        self._fix_addresses = fix_addresses
        self._free_bytes = free_bytes
        self._python = python

    def checks(self) -> tuple[Check, ...]:
        """Every check, needed ones first."""
        return (
            self._check_python(),
            self._check_clang(),
            self._check_runtime(),
            self._check_addresses(),
            self._check_space(),
            self._tool("llvm-symbolizer", "llvm", "names the functions of a crash"),
            self._tool("ld.lld", "lld", "links big targets faster"),
            self._tool("gdb", "gdb", "serves `fuzzverse replay --gdb`"),
            *self._rewind_checks(),
        )

    def _check_python(self) -> Check:
        found = ".".join(map(str, self._python))
        passed = self._python >= PYTHON_MIN
        return Check("python", passed, True, found, "apt-get install python3.11 (or newer)")

    def _check_clang(self) -> Check:
        try:
            compiler = find_compiler(asked_compiler(self._environment), self._which)
        except EngineError as error:
            return Check("clang", False, True, "none", str(error))
        return Check("clang", True, True, f"{compiler.path} ({compiler.version})")

    def _check_runtime(self) -> Check:
        try:
            return Check("libfuzzverse.a", True, True, str(self._resources.runtime))
        except EngineError as error:
            return Check("libfuzzverse.a", False, True, "none", str(error))

    def _check_addresses(self) -> Check:
        passed = self._fix_addresses()
        return Check(
            "fixed addresses",
            passed,
            True,
            "personality(ADDR_NO_RANDOMIZE) is allowed" if passed else "not allowed",
            "personality(ADDR_NO_RANDOMIZE) is refused; in a container, start it with "
            "--security-opt seccomp=unconfined",
        )

    def _check_space(self) -> Check:
        free = self._free_bytes(self._directory)
        found = f"{free / 1024**3:.1f} GiB in {self._directory}"
        return Check("free space", free >= FREE_BYTES_MIN, True, found, "free 1 GiB of disk")

    def _tool(self, name: str, package: str, purpose: str) -> Check:
        path = find_tool(name, self._which)
        advice = f"{purpose}; apt-get install {package}"
        return Check(name, path is not None, False, str(path or "none"), advice)

    def _rewind_checks(self) -> Iterator[Check]:
        """One for each thing that rewinding asks of the kernel, as it was tried out."""
        probe, old = self._probe(), f"Linux 6.7 has it, and this is {self._kernel}"
        yield self._tried(
            "userfaultfd",
            probe.userfaultfd,
            _SANDBOX.format(call="userfaultfd") + "; the sysctl vm.unprivileged_userfaultfd may "
            "stay 0, for only faults of user code are asked for",
            "a kernel with CONFIG_USERFAULTFD has it, from Linux 5.11 on for everyone; "
            + _SANDBOX.format(call="userfaultfd"),
        )
        yield self._tried("write protection", probe.write_protection, old, old)
        yield self._tried("PAGEMAP_SCAN", probe.pagemap_scan, "/proc must be mounted", old)
        yield self._tried(
            "parent's memory",
            probe.parent_memory,
            "Yama or a sandbox refuses process_vm_readv to a child: sysctl "
            "kernel.yama.ptrace_scope=0; " + _SANDBOX.format(call="process_vm_readv"),
            "a kernel with CONFIG_CROSS_MEMORY_ATTACH has process_vm_readv",
        )
        yield self._tried(
            "seccomp",
            probe.seccomp,
            _SANDBOX.format(call="seccomp"),
            "a kernel with CONFIG_SECCOMP_FILTER has it",
        )

    def _tried(self, what: str, error: int | None, when_refused: str, else_advice: str) -> Check:
        name = f"rewind: {what}"
        if error == 0:
            return Check(name, True, False, "works")
        if error is None:
            return Check(name, False, False, "not tried", "needs what is absent above")
        found = f"{errno.errorcode.get(error, error)}: {os.strerror(error)}"
        advice = when_refused if error in _REFUSALS else else_advice
        return Check(name, False, False, found, f"{_NO_REWINDING}; {advice}")
