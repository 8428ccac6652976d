"""Where in the source an address of a target lies."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Final

from fuzzverse.model import Target

TIMEOUT_S: Final = 30
# Where Linux loads position-independent executables when addresses are not randomised.
PIE_BASES: Final = (0x5555_5555_4000, 0xAAAA_AAAA_0000)
PIE_SPAN: Final = 1 << 32
_ET_DYN: Final = 3


def file_address(target: Target, address: int) -> int | None:
    """The address in the target's file of an address in its process; None for one elsewhere."""
    with target.path.open("rb") as stream:
        header = stream.read(18)
    if struct.unpack_from("<H", header, 16)[0] != _ET_DYN:
        return address if address < PIE_BASES[0] else None
    for base in PIE_BASES:
        if target.fixed_addresses and base <= address < base + PIE_SPAN:
            return address - base
    return None


def symbolise(symbolizer: Path | None, target: Target, address: int) -> str:
    """The functions and lines at an address, innermost first, one `function at file:line` each.

    Empty when there is no symbolizer or it knows nothing, as for addresses in shared libraries.
    """
    if symbolizer is None:
        return ""
    command = [str(symbolizer), f"--obj={target.path}", "--inlining", "--output-style=GNU"]
    try:
        place = file_address(target, address)
        if not place:
            return ""
        command += ["--pretty-print", f"0x{place:x}"]
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = [line for line in answer.stdout.splitlines() if line and not line.startswith("??")]
    return "\n".join(lines)
