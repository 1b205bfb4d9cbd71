"""Statements of the hot path: written in Core, compiled once for each dialect, then handed to the driver as they are.

Core makes an execution context, a result and its metadata for every call: three quarters of the CPU of a small statement on SQLite
(58 us against 13), a seventh on MariaDB, where aiomysql costs the most (294 us against 260). What it compiles is kept here: the text,
the order of its values, and what turns values into the driver's and back. What only adds rows can go together, in one message.
The driver's errors come as they are; `Database` names them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update

from app.errors import Conflict

Value = Callable[[Any], Any] | None
"""What a value passes through on its way; None: it stays as it is."""


class Prepared:
    """`columns`: those that an INSERT names. Parameters go by name, as with Core; an IN list of many is not for here."""

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._known: dict[Dialect, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> tuple[int, int]:
        """(rows changed, id that the database gave)."""
        compiled = self.for_dialect(connection)
        with closing(_cursor(connection)) as cursor:
            cursor.execute(compiled.text, compiled.bound(values))
            return cursor.rowcount, cursor.lastrowid

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """The id that the database gave, if there is one row."""
        if len(rows) == 1:
            return self.run(connection, rows[0])[1]
        if rows:
            compiled = self.for_dialect(connection)
            with closing(_cursor(connection)) as cursor:
                cursor.executemany(compiled.text, [compiled.bound(row) for row in rows])
        return 0

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, its columns as attributes; None without one."""
        compiled = self.for_dialect(connection)
        with closing(_cursor(connection)) as cursor:
            cursor.execute(compiled.text, compiled.bound(values))
            row = cursor.fetchone()
        return None if row is None else compiled.row(row)

    def for_dialect(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        known = self._known.get(dialect)
        if known is None:
            known = self._known[dialect] = _Compiled(self._statement, self._columns, dialect)
        return known


def run_together(
    connection: Connection,
    parts: Iterable[tuple[Prepared, Sequence[Mapping[str, Any]]]],
    *,
    after: tuple[Prepared, Mapping[str, Any]] | None = None,
) -> list[int]:
    """INSERTs, each with its rows (one at least), in order. Returns for each the id that the database gave, where it has one row.

    `after`: an UPDATE before them that has to find its one row; else `Conflict` is raised and nothing of it may be kept. One round trip
    where a message may hold several statements. COMMIT never goes with them: a call that is cut off while it waits for a lock would be
    committed later.
    """
    if connection.dialect.name != "mysql":
        if after is not None and after[0].run(connection, after[1])[0] != 1:
            raise Conflict("the row has changed")
        return [prepared.run_many(connection, rows) for prepared, rows in parts]
    texts: list[str] = []
    values: list[Any] = []
    if after is not None:
        compiled = after[0].for_dialect(connection)
        texts.append(compiled.text)
        values += compiled.bound(after[1])
    for number, (prepared, rows) in enumerate(parts):
        compiled = prepared.for_dialect(connection)
        head, _, group = compiled.text.rpartition(" VALUES ")
        groups = [group] * len(rows)
        if number == 0 and after is not None:
            # The first column is never NULL: if the UPDATE found nothing, this fails, and nothing behind it is run.
            groups[0] = group.replace("%s", "IF(ROW_COUNT() = 1, %s, NULL)", 1)
        texts.append(f"{head} VALUES {', '.join(groups)}")
        for row in rows:
            values += compiled.bound(row)
    answers = []
    with closing(_cursor(connection)) as cursor:
        cursor.execute(";".join(texts), values)
        for n in range(len(texts)):
            if n:
                cursor.nextset()  # raises if this statement failed; those behind it were not run then
            answers.append(cursor.lastrowid)
    return answers if after is None else answers[1:]


class _Compiled:
    def __init__(self, statement: Select[Any] | Insert | Update, columns: list[str] | None, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self.text = str(compiled)
        self._given: list[tuple[str, Value]] = []
        self._fixed: dict[str, Any] = {}  # what the statement itself says, such as status = 'processing'
        for name in compiled.positiontup:
            bind = compiled.binds[name]
            way = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._given.append((name, way))
            else:
                self._given.append((name, None))
                self._fixed[name] = bind.value if way is None else way(bind.value)
        if isinstance(statement, Select):
            chosen = statement.selected_columns
            made: Any = namedtuple("Row", chosen.keys())  # type: ignore[misc]
            self._made = made._make
            self._ways: list[Value] = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in chosen]

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        if self._fixed:
            values = {**values, **self._fixed}
        return [values[name] if way is None else way(values[name]) for name, way in self._given]

    def row(self, found: Sequence[Any]) -> Any:
        return self._made(value if way is None else way(value) for value, way in zip(found, self._ways, strict=True))


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
