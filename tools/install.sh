#!/bin/bash
# Installs the system's packages that fuzzverse builds and tests with, where they are missing.
# Where the rights are missing too, says exactly which packages to install, and stops.
# `install.sh postgresql` installs what only tests need: a server that they start themselves.
set -euo pipefail

python=$("$(dirname "$0")/python.sh")
clang_major_min=14

clang_major() { # 0 without clang
    local version=0
    if command -v clang >/dev/null; then
        version=$(clang --version | sed -n 's/.*clang version \([0-9]*\)\..*/\1/p')
    fi
    echo "${version:-0}"
}

compiles() { # compiler, flags...: does a small program build?
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' |
        "$1" "${@:2}" -x c -o /dev/null - >/dev/null 2>&1
}

python_answers() {
    "$python" -c "$1" >/dev/null 2>&1
}

# Prints the packages that are missing. Those of Python belong to the system's own Python only:
# one that was built elsewhere brings its headers and ensurepip along.
missing_packages() {
    local major version
    major=$(clang_major)
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    compiles gcc || echo gcc libc6-dev
    if ((major < clang_major_min)); then
        echo clang
    else
        compiles clang -fsanitize=address,undefined || echo "libclang-rt-$major-dev"
    fi
    printf '#include <vector>\n' | clang++ -x c++ -fsyntax-only - >/dev/null 2>&1 || echo g++
    command -v llvm-symbolizer >/dev/null || echo llvm
    command -v afl-whatsup >/dev/null || echo afl++
    command -v gnuplot >/dev/null || echo gnuplot-nox
    python_answers 'import ensurepip' || echo "$version-venv"
    python_answers 'import os.path, sysconfig as s; open(os.path.join(s.get_path("include"), "Python.h"))' ||
        echo "$version-dev"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || as_root apt-get update -q
    local command=(env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends)
    as_root "${command[@]}" "$@" </dev/null && return
    echo "the package lists may be old: reading them anew" >&2
    as_root apt-get update -q
    as_root "${command[@]}" "$@" </dev/null
}

refuse() {
    echo "fuzzverse needs packages that are missing here, and the rights to install them:" >&2
    echo "    $*" >&2
    echo "As root: apt-get install $*" >&2
    echo "Then repeat the command." >&2
    exit 1
}

# A server of the system is neither created nor started: Debian does both unless it is told so.
install_postgresql() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
    command -v initdb >/dev/null && return
    may_install || refuse postgresql
    apt_install postgresql-common
    as_root sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' \
        /etc/postgresql-common/createcluster.conf
    apt_install postgresql
}

if [[ "${1:-}" == postgresql ]]; then
    install_postgresql
    exit
fi

# Twice, because the sanitizers' runtime is named after the version of clang that the first
# round brought.
for _ in 1 2; do
    missing=$(missing_packages | tr '\n' ' ')
    [[ -n "$missing" ]] || break
    read -ra packages <<<"$missing"
    may_install || refuse "${packages[@]}"
    apt_install "${packages[@]}"
done
missing=$(missing_packages | tr '\n' ' ')
if [[ -n "$missing" ]]; then
    echo "still missing after installing: $missing(clang must be $clang_major_min or newer)" >&2
    exit 1
fi

# Only few things need these: what cannot be installed is told, and does not stop the rest.
install_if_possible() { # package, which is a command too; what needs it
    command -v "$1" >/dev/null && return
    if may_install && apt_install "$1"; then return; fi
    echo "note: $1 is not installed; $2" >&2
}
install_if_possible gdb '`fuzzverse replay --gdb` needs it'
install_if_possible chromium 'tests of `fuzzverse report` need it'
