"""Every error that planbook raises on purpose, with the exit code it gives the command.

    PlanbookError            1   anything below
    |-- ParameterError       2   a parameter that is unknown, ill-typed or out of bounds
    |-- SourceError          3   a source that cannot be read at all
    |   `-- MappingError     3   a mapping.yaml that points at nothing
    |-- ContractError        4   data that cannot carry any decision
    |-- PageError            5   one or more pages of a run failed
    |-- MissingExtraError    6   an optional package is not installed
    |-- SolverError          7   a model that cannot be built, or has no plan that may be read
    `-- PlanCheckError       8   a plan whose status is wrong or that breaks a rule

A message says what is wrong, where, what came, and what to do.
"""

from __future__ import annotations


class PlanbookError(Exception):
    """Base of all errors that are meant for the user; never shown with a traceback."""

    exit_code = 1


class ParameterError(PlanbookError):
    """A parameter is unknown, of the wrong type or out of its bounds."""

    exit_code = 2


class SourceError(PlanbookError):
    """A source of data does not exist or cannot be read."""

    exit_code = 3


class MappingError(SourceError):
    """A mapping.yaml names a table or column that is not there."""


class ContractError(PlanbookError):
    """The data break the contract so far that no decision can stand on them."""

    exit_code = 4


class PageError(PlanbookError):
    """At least one page of a run failed; the others were written."""

    exit_code = 5


class MissingExtraError(PlanbookError):
    """An optional package is needed for what was asked."""

    exit_code = 6


class SolverError(PlanbookError):
    """A model cannot be built, or was read although it has no plan."""

    exit_code = 7


class PlanCheckError(PlanbookError):
    """A plan does not stand up to the rules it was checked against."""

    exit_code = 8
