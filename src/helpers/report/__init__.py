"""What a notebook says: headline, KPI tiles, tables, figures, exports and named results.

Every function here takes finished results and returns something that displays itself. Nothing
is computed that a decision depends on, and all text is treated as data: escaped on the page and
neutralised in spreadsheets.
"""

from helpers.report.changes import say_changes
from helpers.report.exports import (
    Export,
    export,
    export_all,
    export_parts,
    export_to,
    exports_folder,
    write_csv,
)
from helpers.report.figures import FigureOutput, figure
from helpers.report.formats import say, say_cell
from helpers.report.headlines import Headline, headline
from helpers.report.records import record, record_kpis
from helpers.report.tables import Table, table
from helpers.report.tiles import Tiles, tiles
from helpers.report.workbook import write_workbook

__all__ = [
    "Export",
    "FigureOutput",
    "Headline",
    "Table",
    "Tiles",
    "export",
    "export_all",
    "export_parts",
    "export_to",
    "exports_folder",
    "figure",
    "headline",
    "record",
    "record_kpis",
    "say",
    "say_cell",
    "say_changes",
    "table",
    "tiles",
    "write_csv",
    "write_workbook",
]
