"""Writes decisions as rows for the tools that make contacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from core.decisions import DecisionRow, NoContact
from core.i18n.translation import Language, languages
from core.offer_sentences import write_offer_sentence
from core.offers import Offer
from models.policies.allocation.problem import NOTHING
from serving.build.decisions.deciding import Decided
from serving.build.decisions.layouts import LAYOUTS, FileLayout
from serving.build.exports.files import BLOCK_ROWS, Rows, write_rows
from serving.offers.candidates import offers_of
from serving.release.item_part import ItemTitle
from serving.release.release import Release

_TITLES = msgspec.json.Decoder(ItemTitle)


def write_decisions(path: Path, decided: Decided, *, release: Release, layout: str, excel: bool = False) -> int:
    """Write a .csv or .parquet file in one of the LAYOUTS; returns the number of rows."""
    form = LAYOUTS[layout]
    writer = DecisionWriter(release, decided)
    return write_rows(path, form.columns(), blocks=_in_layout(writer.rows(form), form), excel=excel)


def _in_layout(rows: Iterator[dict[str, Any]], form: FileLayout) -> Rows:
    block: list[dict[str, Any]] = []
    for row in rows:
        block.append({header: row.get(name) for name, header in form.headers.items()})
        if len(block) == BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


@dataclass(frozen=True)
class DecisionWriter:
    """Describes each decision with its sentence, and the parts of its value."""

    release: Release
    decided: Decided

    def rows(self, form: FileLayout) -> Iterator[dict[str, Any]]:
        """The fields of FIELDS, by name, of the decisions that belong into the layout."""
        for place, row in enumerate(self.decided.rows):
            if form.contacts_only and not (row.treated and row.offer_id):
                continue
            fields = self.describe(place, row)
            if all(fields.get(name) for name in form.needs):
                yield fields

    def describe(self, place: int, row: DecisionRow) -> dict[str, Any]:
        """One decision; texts that do not apply are None."""
        customers, chosen = self.decided.candidates.customers, int(self.decided.chosen.choice[place])
        description = self.release.description
        fields: dict[str, Any] = {
            "customer_id": row.customer_id,
            "treated": bool(row.treated and row.offer_id),
            "no_contact": None if row.no_contact is None else str(row.no_contact),
            "no_contact_rule": self._rule(place, row),
            "currency": description.currency,
            "frequency_limit": customers.describe_limit(place, limits=offers_of(self.release).terms.monthly_limits),
            "propensity": row.propensity,
            "choice_propensity": row.choice_propensity,
            "policy": row.policy,
            "campaign_id": row.campaign_id,
            "stage_percent": row.stage_percent,
            "decision_id": row.decision_id,
            "release_id": row.release_id,
            "line_user_id": str(customers.line_user_ids[place]),
        }
        return fields if chosen == NOTHING else fields | self._describe_option(place, row, chosen=chosen)

    def _describe_option(self, place: int, row: DecisionRow, *, chosen: int) -> dict[str, Any]:
        option, values = self.decided.candidates.options[chosen], self.decided.candidates.valued.values
        customers = self.decided.candidates.customers
        n_decimals, language = self.release.description.n_decimals, self._language(place)
        amounts = {name: getattr(values, name)[place, chosen] for name in ("margin", "retained", "fatigue")}
        return {
            "offer_id": option.offer.offer_id,
            "kind": option.offer.kind,
            "channel": option.channel,
            "send_at": None if row.send_at is None or not row.treated else self._with_offset(row.send_at),
            "send_at_source": customers.describe_send_time(place, channel=option.channel),
            "channel_source": customers.describe_channel(place),
            "sentence": write_offer_sentence(
                option.offer,
                language,
                item_title=self._title(option.offer),
                own=offers_of(self.release).terms.settings.sentences,
            ),
            "language": str(language),
            "expected_value": round(row.expected_value, n_decimals),
            "acceptance": float(values.acceptance[place, chosen]),
            **{name: round(float(amount), n_decimals) for name, amount in amounts.items()},
            "cost": round(row.cost, n_decimals),
            "sources": "; ".join(f"{part}: {source}" for part, source in values.sources[chosen].items()),
        }

    def _rule(self, place: int, row: DecisionRow) -> str | None:
        """The rule of the first offer for which the customer is not eligible, where that is the reason."""
        if row.no_contact != NoContact.NOT_ELIGIBLE:
            return None
        codes, options = self.decided.chosen.codes[place], self.decided.candidates.options
        return next(
            (options[i].offer.rule for i in np.flatnonzero(codes == codes.max()) if options[i].offer.rule), None
        )

    def _language(self, place: int) -> Language:
        """The customer's own language if there is a catalogue of it: 'ja-JP' is 'ja'."""
        own = str(self.decided.candidates.customers.languages[place]).strip().lower()[:2]
        return Language(own if own in languages() else offers_of(self.release).terms.settings.language)

    def _title(self, offer: Offer) -> str | None:
        part = self.release.recommender
        if part is None or offer.item_id is None:
            return None
        codes = np.flatnonzero(part.model.item_ids == offer.item_id)
        return _TITLES.decode(part.items.descriptions[int(codes[0])]).title if len(codes) else None

    def _with_offset(self, moment: datetime) -> str:
        return moment.replace(tzinfo=ZoneInfo(self.release.description.time_zone)).isoformat()
