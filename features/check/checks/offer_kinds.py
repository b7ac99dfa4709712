"""Settings that name kinds of offers which no offer has, so that they have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from core.config.data_set import Config
from core.config.decisions import ContactPolicy
from core.config.money import OfferAssumptions
from core.errors import find_similar
from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from tables.engines.arrays import texts

DEFAULT_SAVING_KINDS = OfferAssumptions().saving_kinds


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each setting with such kinds; the example is the first of them."""
    if "offers" not in data or "kind" not in data["offers"].rows.columns:
        return
    rows = data["offers"].rows.select("kind").distinct().to_pyarrow()
    existing = sorted({kind for kind in texts(rows["kind"]).tolist() if kind})
    if not existing:
        return
    for setting, kinds in _find_settings(data.config):
        missing = [kind for kind in kinds if kind not in existing]
        # The default names what such offers are often called; one of its kinds is enough.
        if missing and (kinds != DEFAULT_SAVING_KINDS or len(missing) == len(kinds)):
            yield Finding(
                kind="offer_kind_without_offers",
                severity=Severity.WARNING,
                table="offers",
                column="kind",
                count=len(missing),
                of=len(kinds),
                example=missing[0],
                values={
                    "setting": setting,
                    "existing": tuple(existing),
                    "similar": find_similar(missing[0], existing) or existing[0],
                },
            )


def _find_settings(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The settings that name kinds of offers, and their kinds."""
    offers, policy = config.offers, config.contact_policy
    if offers.save_rate or offers.saving_kinds != DEFAULT_SAVING_KINDS:
        yield "[offers] saving_kinds", offers.saving_kinds
    if policy.promotional_kinds != ContactPolicy().promotional_kinds:
        yield "[contact_policy] promotional_kinds", policy.promotional_kinds
    yield "[contact_policy] priority", policy.priority
    for name, channel in config.decisions.channels.items():
        yield f"[decisions.channels.{name}] kinds", channel.kinds


CHECK = Check(find=find)
