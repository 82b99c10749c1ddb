"""Databases: a DuckDB file, a SQLite file, and a URL that only an environment variable knows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from helpers.contract import load_case
from helpers.errors import SourceError

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def sqlite_file(company: Tables, tmp_path: Path) -> Path:
    path = tmp_path / "erp.db"
    with closing(sqlite3.connect(path)) as database:
        for name, frame in company.items():
            frame.to_sql(name, database, index=False)
        database.commit()
    return path


def test_all_doors_give_the_same_case(
    company: Tables, company_folder: Path, sqlite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duck = tmp_path / "erp.duckdb"
    with duckdb.connect(str(duck)) as database:
        for name, frame in company.items():
            database.register("frame", frame)
            database.execute(f"CREATE TABLE {name} AS FROM frame")
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{sqlite_file}")
    sources: list[str | Path] = [company_folder, sqlite_file, duck, "env:SHOP_DB"]
    assert len({load_case(source).fingerprint for source in sources}) == 1


def test_view_counts_as_a_table(sqlite_file: Path) -> None:
    with closing(sqlite3.connect(sqlite_file)) as database:
        database.execute("ALTER TABLE orders RENAME TO lines")
        database.execute("CREATE VIEW orders AS SELECT * FROM lines WHERE product_id = 'A-17'")
        database.commit()
    assert load_case(sqlite_file).table("orders")["quantity"].sum() == 10


def test_table_name_that_attacks_is_only_a_name(sqlite_file: Path) -> None:
    nasty = 'x"; DROP TABLE products; --'
    with closing(sqlite3.connect(sqlite_file)) as database:
        database.execute(f'ALTER TABLE orders RENAME TO "{nasty.replace(chr(34), chr(34) * 2)}"')
        database.commit()
    (sqlite_file.parent / "mapping.yaml").write_text(f"tables:\n  orders:\n    from: '{nasty}'\n")
    assert load_case(sqlite_file).table("orders")["quantity"].sum() == 16
    assert load_case(sqlite_file).has("products")


def test_empty_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DB", raising=False)
    with pytest.raises(SourceError, match="The environment variable SHOP_DB is empty"):
        load_case("env:SHOP_DB")


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:secret@localhost:1/none", "nonsense secret", "mysql+nodriver://me:secret@localhost/x"],
)
def test_password_is_in_no_message(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SHOP_DB", url)
    with pytest.raises(SourceError) as refusal:
        load_case("env:SHOP_DB")
    assert "secret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_database_without_our_tables_lists_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE invoices (n)")
        database.commit()
    with pytest.raises(SourceError, match="no table of the contract. Tables there: invoices"):
        load_case(path)
