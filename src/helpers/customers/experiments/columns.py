"""How the learning log reads on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LEARNING: Mapping[str, str] = MappingProxyType(
    {"campaign_id": "Campaign", "tried": "Tried", "learnt": "Learnt", "next": "Next"}
)
