"""The data contract: table definitions as data, reading, checking, and the immutable `Case`."""

from helpers.contract.case import Case
from helpers.contract.findings import Example, Finding
from helpers.contract.headlines import headline_coverage, headline_readiness
from helpers.contract.kpis import Kpi, KpiDefinition, kpi_definitions, ratio_kpi
from helpers.contract.load import case_from_tables, load_case
from helpers.contract.readiness import Readiness, ReadinessSettings, assess_case
from helpers.contract.schema import Column, Reference, Table, contract

__all__ = [
    "Case",
    "Column",
    "Example",
    "Finding",
    "Kpi",
    "KpiDefinition",
    "Readiness",
    "ReadinessSettings",
    "Reference",
    "Table",
    "assess_case",
    "case_from_tables",
    "contract",
    "headline_coverage",
    "headline_readiness",
    "kpi_definitions",
    "load_case",
    "ratio_kpi",
]
