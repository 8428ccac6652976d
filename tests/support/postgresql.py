"""A PostgreSQL of the tests' own, on a port of the loopback interface."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

USER, PASSWORD = "fuzzverse", "se:cr@et"
START_S = 60
INSTALL = "install it: `tools/install.sh postgresql`, as `make test` does (Debian: postgresql)"


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(packaged[-1]) if packaged else shutil.which(name)
    assert found, f"these tests need PostgreSQL, and there is no {name}; {INSTALL}"
    return found


def account() -> pwd.struct_passwd | None:
    """Who the server runs as, because it refuses root: None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("the tests run as root, and there is no account that is less")


def as_account(who: pwd.struct_passwd | None) -> list[str]:
    """What goes in front of a command of that account, which ends when the tests do."""
    if who is None:
        return ["setpriv", "--pdeathsig", "KILL"]
    identity = [f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, "--pdeathsig", "KILL"]


@dataclass(slots=True)
class Server:
    """A cluster that can be started, killed, and started again."""

    folder: Path
    who: pwd.struct_passwd | None
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    def url(self, database: str, password: str = "se%3Acr%40et") -> str:
        """Where a database of it is, for users."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that commits each statement."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def rows(self, database: str, query: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        with self.connect(database) as connection:
            return connection.execute(query.encode()).fetchall()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port)}
        settings |= {"unix_socket_directories": "", "max_connections": "20"}
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        command = [*as_account(self.who), program("postgres"), "-D", str(self.folder / "data")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd="/")
        end = time.monotonic() + START_S
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.folder / "log").read_text())

    def kill(self) -> None:
        """SIGKILL for the server and all its children, as when the power fails."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.process.wait()
        self.process = None
        end = time.monotonic() + START_S
        while any(Path(f"/proc/{child}/stat").exists() for child in children):
            assert time.monotonic() < end, "a child of the server does not end"
            time.sleep(0.01)

    def stop(self) -> None:
        """Ends it, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_S)
            self.process = None


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A new cluster, started, which is gone behind the context."""
    who = account()
    with tempfile.TemporaryDirectory(prefix="fuzzverse-postgresql-") as name:
        folder = Path(name)
        words = folder / "password"
        words.write_text(PASSWORD)
        if who is not None:
            for path in (folder, words):
                os.chown(path, who.pw_uid, who.pw_gid)
        options = ["-D", str(folder / "data"), "-U", USER, "-A", "scram-sha-256"]
        options += ["--pwfile", str(words), "-E", "UTF8", "--locale=C", "--no-instructions"]
        command = [*as_account(who), program("initdb"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = Server(folder, who, port)
        try:
            server.start()
            yield server
        finally:
            server.stop()
