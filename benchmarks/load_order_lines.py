"""Load, check and aggregate ten million order lines to product × site × week: seconds and memory.

    uv run python benchmarks/load_order_lines.py [--lines 10000000] [--format csv|parquet]

The lines are made first (seeded, in a temporary folder); a process of its own then loads them, so
that its peak memory is that of loading alone. Faults are mixed in at a known rate, and the counts
that the check finds are compared with it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

LOAD = """
import json, resource, sys, time
from helpers.contract import load_case
started = time.perf_counter()
case = load_case(sys.argv[1])
loaded = time.perf_counter()
weekly = case.query(
    "SELECT product_id, site_id, date_trunc('week', order_date) AS monday, sum(quantity) AS units "
    "FROM orders GROUP BY ALL"
)
done = time.perf_counter()
again = time.perf_counter()
load_case(sys.argv[1])
print(json.dumps({
    "load_and_check_s": round(loaded - started, 1),
    "aggregate_s": round(done - loaded, 1),
    "load_again_s": round(time.perf_counter() - again, 1),
    "peak_GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    "good_lines": case.files["orders"].rows,
    "set_aside": case.files["orders"].rows_read - case.files["orders"].rows,
    "series_weeks": len(weekly),
}))
"""
FAULTY_EVERY = 100_000


def main() -> None:
    """Make the lines, load them in a fresh process, and print what was measured."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lines", type=int, default=10_000_000)
    arguments.add_argument("--format", choices=["csv", "parquet"], default="csv")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="planbook-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        make_lines(data, options.lines, options.format)
        environment = {**os.environ, "PLANBOOK_MEMORY": str(Path(folder) / "memory")}
        loaded = subprocess.run(
            [sys.executable, "-c", LOAD, str(data)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        measured = json.loads(loaded.stdout)
        size = sum(path.stat().st_size for path in data.iterdir()) / 1e6
        assert measured["set_aside"] == options.lines // FAULTY_EVERY
        print(json.dumps({"lines": options.lines, "format": options.format, "MB": round(size), **measured}))


def make_lines(folder: Path, lines: int, file_format: str) -> None:
    """Write 5,000 products, 50 sites and the order lines of three years."""
    tables = {
        "products": "SELECT 'P' || i AS product_id, 'Product ' || i AS name, 'C' || (i % 20) AS category, "
        "1.5 AS unit_cost, 3.0 AS list_price FROM range(5000) t(i)",
        "sites": "SELECT 'S' || i AS site_id, 'Site ' || i AS name, 'store' AS kind FROM range(50) t(i)",
        "orders": f"""SELECT 'O' || (i // 4) AS order_id, i % 4 AS line,
            DATE '2023-11-20' + CAST(i * 1090 // {lines} AS INTEGER) AS order_date,
            'C' || (hash(i + 5) % 20000) AS customer_id,
            'S' || (hash(i) % 50) AS site_id, 'P' || (hash(i * 7) % 5000) AS product_id,
            CASE WHEN i % {FAULTY_EVERY} = 7 THEN -1 ELSE 1 + hash(i * 3) % 9 END AS quantity,
            3.0 AS unit_price, 0.0 AS discount, 'shipped' AS status FROM range({lines}) t(i)""",
    }
    option = "FORMAT parquet" if file_format == "parquet" else "FORMAT csv, HEADER"
    with duckdb.connect() as connection:
        for name, query in tables.items():
            connection.execute(f"COPY ({query}) TO '{folder / name}.{file_format}' ({option})")


if __name__ == "__main__":
    main()
