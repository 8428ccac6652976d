"""The process of an engine: `python -m fuzzverse.engines.driver FD LIBRARY INPUTS ARGUMENTS...`.

FD is the memory of a campaign's session, INPUTS how many inputs the engine begins with; the
arguments are libFuzzer's. No Python runs once its driver has begun.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fuzzverse import native
from fuzzverse.errors import CommandError


def main(arguments: Sequence[str]) -> int:
    """Runs the driver; returns, with an exit code, only where it could not begin."""
    memory, library, inputs, *options = arguments
    try:
        native.run_driver(int(memory), library, int(inputs), ["fuzzverse", *options])
    except CommandError as error:
        print(f"fuzzverse: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
