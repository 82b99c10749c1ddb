"""Tables or views of one database: a DuckDB file, a SQLite file, or a URL through SQLAlchemy.

SQL identifiers come from the contract and the mapping, always quoted; the URL comes from an
environment variable and appears in no message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from helpers.contract.findings import Finding
from helpers.contract.mapping import TableMapping
from helpers.contract.schema import contract
from helpers.contract.sources.raw import (
    RawTable,
    literal,
    match_columns,
    match_tables,
    quote,
    say_doubled,
    say_unmapped,
)
from helpers.contract.sources.workbook import read_rows
from helpers.errors import MissingExtraError, SourceError

FETCH = 50_000


def read_duckdb(
    path: Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a DuckDB file, read in place."""
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS source (READ_ONLY)")
    except duckdb.Error as error:
        raise SourceError(f"{path.name} cannot be opened: {str(error).splitlines()[0]}") from error
    names = _duckdb_names(path, connection)
    found = match_tables(list(names), mapping)
    _expect_tables(found, path.name, list(names))
    findings = say_unmapped(found, mapping, path.name) + say_doubled(found, names, "table")
    tables = []
    for table, name in found.items():
        relation = f"SELECT * FROM source.{quote(names[name])}.{quote(name)}"
        described = connection.execute(f"DESCRIBE {relation}").fetchall()
        header = [(column, sql_type) for column, sql_type, *_ in described]
        entry = mapping.get(table, TableMapping())
        expressions, types, more = match_columns(contract()[table], f"table '{name}'", header, entry)
        findings += more
        tables.append(RawTable(table, f"table '{name}'", relation, expressions, types, first_row=1))
    return tables, findings


def _duckdb_names(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the tables and views with their schemas.

    Raises
    ------
    SourceError
        A name of the contract stands in two schemas, and it is not for us to choose.
    """
    query = "SELECT DISTINCT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source'"
    views = query.replace("table_name", "view_name").replace("duckdb_tables", "duckdb_views")
    found = connection.execute(f"{query} UNION ALL {views} AND NOT internal ORDER BY ALL").fetchall()
    for schema, name in found:
        others = [other for other, same in found if same == name and other != schema]
        if others and name.lower() in contract():
            raise SourceError(
                f"{path.name}: the table '{name}' is there in the schemas {schema} and {', '.join(others)}. "
                "Keep one of them, or give views of other names and name those in mapping.yaml."
            )
    return {name: schema for schema, name in found}


def read_sqlite(
    path: Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a SQLite file."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            names = [row[0] for row in database.execute(query)]
            return _read_each(
                names,
                path.name,
                connection,
                mapping,
                lambda name: _sqlite_rows(database, name),
            )
    except sqlite3.Error as error:
        raise SourceError(f"{path.name} cannot be read: {error}.") from error


def read_database(
    url: str, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a database that SQLAlchemy can reach.

    Raises
    ------
    MissingExtraError
        SQLAlchemy is not installed.
    SourceError
        The database cannot be reached; the message never holds the URL.
    """
    try:
        import sqlalchemy
    except ImportError as error:
        raise MissingExtraError(
            "Reading a database URL needs the extra 'database': uv sync --extra database."
        ) from error
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as database:
            inspector = sqlalchemy.inspect(database)
            names = [*inspector.get_table_names(), *inspector.get_view_names()]
            return _read_each(
                names, "the database", connection, mapping, lambda name: _alchemy_rows(database, name)
            )
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        # The text of such an error can hold the URL, and with it the password.
        raise SourceError(
            f"The database cannot be read ({type(error).__name__}). Check the URL in the environment "
            "variable, the network and the rights of the user."
        ) from None


def _read_each(
    names: list[str],
    where: str,
    connection: duckdb.DuckDBPyConnection,
    mapping: dict[str, TableMapping],
    rows_of: Any,
) -> tuple[list[RawTable], list[Finding]]:
    found = match_tables(names, mapping)
    _expect_tables(found, where, names)
    findings = say_unmapped(found, mapping, where) + say_doubled(found, names, "table")
    tables: list[RawTable] = []
    for table, name in found.items():
        entry = mapping.get(table, TableMapping())
        raw, more = read_rows(table, f"table '{name}'", rows_of(name), connection, entry, first_row=1)
        findings += more
        tables += [raw] if raw else []
    return tables, findings


def _expect_tables(found: dict[str, str], where: str, names: list[str]) -> None:
    if not found:
        seen = ", ".join(sorted(names)[:8]) or "none"
        raise SourceError(f"{where}: no table of the contract. Tables there: {seen}.")


def _sqlite_rows(database: sqlite3.Connection, name: str) -> Iterator[tuple[Any, ...]]:
    cursor = database.execute(f"SELECT * FROM {quote(name)}")
    yield tuple(column[0] for column in cursor.description)
    while rows := cursor.fetchmany(FETCH):
        yield from rows


def _alchemy_rows(database: Any, name: str) -> Iterator[tuple[Any, ...]]:
    import sqlalchemy

    table = sqlalchemy.table(sqlalchemy.sql.quoted_name(name, quote=True))
    statement = sqlalchemy.select(sqlalchemy.text("*")).select_from(table)
    result = database.execution_options(stream_results=True, yield_per=FETCH).execute(statement)
    yield tuple(result.keys())
    for row in result:
        yield tuple(row)
