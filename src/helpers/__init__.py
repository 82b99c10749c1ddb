"""planbook: a reseller's ERP and CRM exports turned into the week's decisions."""

__version__ = "0.1.0"
