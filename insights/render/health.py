"""The health of one day as text: bands, largest drops, new tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.health import BANDS, Band
from core.i18n.formatting import format_number
from core.i18n.translation import JAPANESE, Language, translate
from core.tasks import Task
from insights.health.day import HealthDay


def band_name(band: Band, language: Language) -> str:
    """The name of a band."""
    return translate(f"band.{band}", language)


def bands(day: HealthDay, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per band, best first: how many customers are in it, and their mean health."""
    of_customer = day.states.band
    yield tuple(translate(heading, language) for heading in ("band", "customers", "mean health"))
    for place in reversed(range(len(BANDS))):
        is_in_band = of_customer == place
        mean = format_number(float(day.health[is_in_band].mean()), language) if is_in_band.any() else "-"
        yield band_name(BANDS[place], language), format_number(int(is_in_band.sum()), language), mean


def drops(day: HealthDay, language: Language, *, most: int) -> Iterator[str]:
    """The customers whose health dropped furthest within 28 days, with the reason."""
    change = np.nan_to_num(day.health - day.best_before)
    # Of the scores as they are written: "83 to 83 (-1)" would be no drop.
    written = np.nan_to_num(np.rint(day.health) - np.rint(day.best_before))
    for row in np.argsort(change, kind="stable")[:most].tolist():
        if written[row] < 0:
            reason = day.reasons[row][0] if day.reasons[row] else None
            reason_text = (reason.ja if language == JAPANESE else reason.en) if reason else ""
            yield translate(
                "{customer}: {before} to {health} ({change}): {why}",
                language,
                customer=str(day.customer_ids[row]),
                before=format_number(float(day.best_before[row]), language),
                health=format_number(float(day.health[row]), language),
                change=format_number(float(written[row]), language, is_signed=True),
                why=reason_text or translate("reason unknown", language),
            )


def tasks(added: Sequence[Task], language: Language, *, most: int) -> Iterator[tuple[str, str]]:
    """What to do and why, for each of the newest tasks."""
    for task in sorted(added, key=lambda task: task.episode, reverse=True)[:most]:
        is_japanese = language == JAPANESE
        line = translate(
            "{customer}, {owner}, due {due}: {action}",
            language,
            customer=task.customer_id,
            owner=task.owner or translate("no owner", language),
            due=str(task.due_on),
            action=task.action_ja if is_japanese else task.action,
        )
        yield line, task.reason_ja if is_japanese else task.reason_en
