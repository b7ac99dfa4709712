"""The cutoff of an answer that is given now."""

from __future__ import annotations

from datetime import date

from tables.tables import Tables


def newest_cutoff(tables: Tables) -> date:
    """The first day that purchases or usage do not completely cover: answers use everything before it."""
    return min(tables.watermark(name) for name in ("purchases", "usage") if name in tables)
