"""Makes a target of a simulation written in Python: an executable with an interpreter in it.

The source is a part of the executable, so that its build id names what runs; so are the names and
hashes of the modules beside it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import site
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fuzzverse.build import compile_whole, link_flags
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import disk_errors, read_capped, write_whole
from fuzzverse.resources import Resources
from fuzzverse.toolchain import Compiler

SUFFIX: Final = ".py"
SOURCE_SIZE_MAX: Final = 4 * 1024 * 1024
LOAD_TIMEOUT_S: Final = 60
LINES_SHOWN_MAX: Final = 30


def build(path: Path, resources: Resources, cache: Path, compiler: Compiler) -> Path:
    """The executable of the simulation in a file; nothing is linked that is in the cache already.

    Raises:
        UsageError: there is no such file, it is no Python, it defines no simulation, atheris is not
            installed, or this interpreter has no shared library.
        EngineError: the compiler failed.
    """
    path = path.resolve()
    source = _read(path)
    _check_atheris()
    library = find_library(_variables())
    text = _generated(path, source)
    runtime = (resources.runtime, resources.heap, resources.python)
    command = _command(resources, compiler, library)
    key = hashlib.sha256("\0".join((text, *command, compiler.version)).encode())
    for archive in runtime:
        key.update(archive.read_bytes())
    folder = cache / "targets" / f"{path.stem}-{key.hexdigest()[:16]}"
    executable = folder / path.stem
    if not executable.exists():
        generated = folder / f"{path.stem}.c"
        with disk_errors(generated, "write"):
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(generated, text.encode())
        driver, *rest = command
        compile_whole((driver, str(generated), *rest), executable, path.name)
    return executable


def find_library(variables: Mapping[str, object]) -> Path:
    """The interpreter as a shared library; UsageError where there is none."""
    folders = [str(variables.get("LIBDIR") or ""), str(variables.get("LIBPL") or "")]
    folders += [f"{folders[0]}/{variables.get('MULTIARCH') or ''}"]
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    names = (variables.get("INSTSONAME"), variables.get("LDLIBRARY"), f"libpython{version}.so.1.0")
    for folder in filter(None, folders):
        for name in map(str, filter(None, names)):
            if ".so" in name and (Path(folder) / name).is_file():
                return Path(folder) / name
    raise UsageError(
        f"this Python {version} has no shared library, which a target in Python is linked with; "
        f"install libpython{version}, or a Python that was built with --enable-shared"
    )


def _variables() -> Mapping[str, object]:
    return sysconfig.get_config_vars()


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            words = "is no file" if path.exists() else "does not exist"
            raise UsageError(f"{path} {words}; give the path of a simulation in Python")
        source = read_capped(path, SOURCE_SIZE_MAX)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except InputError as error:
        raise UsageError(str(error)) from error
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UsageError(f"{path}:{error.lineno}: {error.msg}; correct it and try again") from None
    except ValueError as error:
        raise UsageError(f"{path} is no Python: {error}") from None
    return source


def _check_atheris() -> None:
    if importlib.util.find_spec("atheris") is None:
        raise UsageError(
            "targets in Python are instrumented by atheris, which is not installed; install it "
            "with `pip install 'fuzzverse[atheris]'`"
        )


def _generated(path: Path, source: bytes) -> str:
    """The lines of C that say what to run, and in which interpreter."""
    script = (
        "import site\n"
        f"for folder in {site.getsitepackages()!r}:\n"
        "    site.addsitedir(folder)\n"
        "from fuzzverse import pytarget\n"
        f"run = pytarget.load({str(path)!r}, {source!r})\n"
        f"# beside it: {_beside(path)}\n"
    )
    home = f"{sys.base_prefix}:{sys.base_exec_prefix}"
    return (
        "#include <fuzzverse/fuzzverse.h>\n"
        "void fv_python_run(void);\n"
        f"const char fv_python_home[] = {c_string(home)};\n"
        f"const char fv_python_script[] = {c_string(script)};\n"
        f"const struct fv_target fv_target_entry = {{{c_string(path.stem)}, fv_python_run}};\n"
    )


def _beside(path: Path) -> str:
    """Names and hashes of the modules in the same folder: with other ones it is another build."""
    key = hashlib.sha256()
    for one in sorted(path.parent.glob("*.py")):
        if one.is_file():
            key.update(f"{one.name}\0".encode(errors="surrogateescape"))
            key.update(hashlib.sha256(one.read_bytes()).digest())
    return key.hexdigest()


def c_string(text: str) -> str:
    """A literal of C, a line each for lines of text."""
    lines = os.fsencode(text).splitlines(keepends=True) or [b""]
    return "\n    ".join('"' + "".join(map(_c_byte, line)) + '"' for line in lines)


def _c_byte(byte: int) -> str:
    is_plain = 0x20 <= byte < 0x7F and chr(byte) not in '"\\?'
    return chr(byte) if is_plain else f"\\{byte:03o}"


def _command(resources: Resources, compiler: Compiler, library: Path) -> tuple[str, ...]:
    return (
        *(str(compiler.path), "-std=gnu11", "-O1", f"-I{resources.include}"),
        str(resources.python),
        *link_flags(resources),
        *(str(library), f"-Wl,-rpath,{library.parent}"),
    )


def check_loads(executable: Path, path: Path) -> None:
    """Loads the simulation once more, when it does not describe itself, so that what is wrong with
    it is said in its own words.

    Raises:
        UsageError: it does not load.
    """
    try:
        ended = subprocess.run(
            [executable, "--fuzzverse-describe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")},
            timeout=LOAD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{path} does not load within {LOAD_TIMEOUT_S} s; what takes long belongs into target()"
        ) from None
    if ended.returncode != 0:
        lines = ended.stderr.decode(errors="replace").splitlines()[-LINES_SHOWN_MAX:]
        raise UsageError("\n".join(lines) or f"{path}: Python ended with {ended.returncode}")
