"""The data contract: table definitions as data, reading, checking, and the immutable `Case`."""

from helpers.contract.schema import Column, Reference, Table, contract

__all__ = ["Column", "Reference", "Table", "contract"]
