"""A sandbox that refuses one system call, as containers do: `python -m support.sandbox CALL ...`
runs `fuzzverse ...` inside."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from typing import Final

from fuzzverse.cli import call

_NUMBERS: Final = {
    "x86_64": {"userfaultfd": 323, "process_vm_readv": 310, "seccomp": 317},
    "aarch64": {"userfaultfd": 282, "process_vm_readv": 270, "seccomp": 277},
}
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse(name: str) -> None:
    """From now on, in this process and its children, the system call fails with EPERM."""
    number = _NUMBERS[platform.machine()][name]
    steps = (
        (_LOAD, 0, 0, 0),
        (_EQUAL, 0, 1, number),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse(sys.argv[1])
    sys.exit(call(sys.argv[2:]))
