"""Whether a fit has the memory that it needs: it is refused with the figure, rather than killed half-way."""

from __future__ import annotations

import psutil

from core.errors import NotEnoughMemory

GB = 1e9


def free_gb() -> float:
    """What this machine could give a process now, 10^9 bytes."""
    return psutil.virtual_memory().available / GB


def refuse_too_large(what: str, needed_gb: float) -> None:
    """Raise NotEnoughMemory where a fit would take more than there is."""
    free = free_gb()
    if needed_gb > free:
        raise NotEnoughMemory(
            f"{what} would take about {needed_gb:.1f} GB to fit, {free:.1f} GB are free; "
            "fit fewer items or customers (span_days), choose another model, or free memory"
        )
