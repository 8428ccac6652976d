"""Where an archive is, and its connection: a SQLite file of one OUT, or a team's PostgreSQL."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from fuzzverse.archive.migrations import is_archive, is_current, migrate
from fuzzverse.errors import EngineError, UsageError

CONNECT_TIMEOUT_S: Final = 10
# A server that is gone without a word ends a statement after so long.
_TCP_OPTIONS: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_SCHEMES: Final = ("postgresql", "postgres")


class Where:
    """The place of an archive: a path of SQLite, or postgresql://USER:PASSWORD@HOST/DATABASE.

    Raises:
        UsageError: it is neither.
    """

    def __init__(self, text: str) -> None:
        scheme, colon, _ = text.partition("://")
        self.is_server = bool(colon)
        if not self.is_server:
            self.url = URL.create("sqlite", database=text)
            return
        if scheme.partition("+")[0] not in _SCHEMES:
            raise UsageError(
                f"--archive {scheme}://...: give a path, or postgresql://USER@HOST/DATABASE"
            )
        try:
            self.url = make_url(text).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):  # whose words may show the password
            raise UsageError(
                "--archive: this is no URL; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE "
                "with % and @ in the password as %25 and %40"
            ) from None

    def is_file(self, path: Path) -> bool:
        """Whether this is the SQLite file of that path."""
        return not self.is_server and Path(str(self.url.database)).resolve() == path.resolve()

    @property
    def shown(self) -> str:
        """What messages may show: no password, wherever it was in the URL."""
        if not self.is_server:
            return str(self.url.database)
        return self.url.set(drivername="postgresql", query={}).render_as_string()

    def without_secrets(self, words: str) -> str:
        """Words of a driver or a server with each password of the URL taken out."""
        given = (self.url.password, self.url.query.get("password"))
        for password in given:
            if isinstance(password, str) and password:
                words = words.replace(password, "***")
        return words


class Database:
    """An open archive of either kind, brought up to date, with one connection.

    Args:
        where: it is.
        reads_only: beyond bringing it up to date, write nothing; and write nothing at all to what
            is no archive yet.

    Raises:
        EngineError: it cannot be reached, is no archive, or is of a newer fuzzverse.
        UsageError: the same of an archive that is only read.
    """

    def __init__(self, where: Where, *, reads_only: bool = False) -> None:
        self.where = where
        self._reads_only = reads_only
        self.engine = _engine(where)
        with self.errors():
            self.connection = self.engine.connect()
            try:
                self._bring_up_to_date()
            except BaseException:
                self.close()
                raise

    def _bring_up_to_date(self) -> None:
        with self.connection.begin():
            is_old = not is_current(self.connection)
            if is_old and self._reads_only and not is_archive(self.connection):
                raise UsageError(f"{self.where.shown} is damaged or no archive")
        if is_old:
            with self.writing():
                migrate(self.connection, self.where.shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up what was not committed."""
        with contextlib.suppress(SQLAlchemyError):
            self.connection.close()
        self.engine.dispose()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what the database says into an error that says what to do."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            words = (str(cause).strip() or type(cause).__name__).splitlines()[0]
            words = self.where.without_secrets(words)
            if self._reads_only:
                raise UsageError(
                    f"{self.where.shown} is damaged or no archive, or cannot be written to, as an "
                    f"old one must be ({words})"
                ) from error
            advice = (
                "see that the server runs and lets you in"
                if self.where.is_server
                else "free some space or give another --out"
            )
            raise EngineError(
                f"cannot use the archive {self.where.shown}: {words}; what was committed is "
                f"intact, {advice}"
            ) from error

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        return postgresql.insert(table) if self.where.is_server else sqlite.insert(table)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes: all of it is durable behind the context, or nothing."""
        self.connection.execution_options(fuzzverse_writes=True)
        try:
            with self.connection.begin():
                yield
        finally:
            self.connection.execution_options(fuzzverse_writes=False)


def _engine(where: Where) -> Engine:
    if where.is_server:
        # What it would print of a connection that is lost comes as an error as well.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        arguments: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, **_TCP_OPTIONS}
        try:
            return create_engine(where.url, poolclass=NullPool, connect_args=arguments)
        except (ImportError, NoSuchModuleError) as error:
            raise UsageError(
                f"the archive {where.shown} needs the driver of PostgreSQL, which is not "
                "installed: pip install 'fuzzverse[postgresql]'"
            ) from error
    # Transactions begin where `_begun` says, not where the driver thinks.
    arguments = {"isolation_level": None}
    engine = create_engine(where.url, poolclass=NullPool, connect_args=arguments)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return engine


def _connected(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _begun(connection: Connection) -> None:
    # A reader that becomes a writer fails at once when another has written meanwhile.
    is_writer = connection.get_execution_options().get("fuzzverse_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
