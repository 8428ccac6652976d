#!/bin/bash
# Prints the newest Python from 3.11 on; PYTHON=... names another one.
set -euo pipefail

usable() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
    if [[ -n "$candidate" ]] && usable "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
    if [[ -n "$candidate" && "$candidate" == "${PYTHON:-}" ]]; then
        echo "PYTHON=$candidate is no Python 3.11 or newer" >&2
        exit 1
    fi
done
echo "fuzzverse needs Python 3.11 or newer, and found none: install it, or set PYTHON" >&2
exit 1
