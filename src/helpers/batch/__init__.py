"""The batch: runs the notebooks and makes the report pack; no decision is taken here."""
