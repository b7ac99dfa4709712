"""Settings that name kinds of offers which no offer has."""

from __future__ import annotations

from typing import Any

from core.config.decisions import ChannelSettings, ContactPolicy, DecisionSettings
from core.config.money import OfferAssumptions
from core.config.sources import TableSource
from core.i18n.translation import ENGLISH, JAPANESE
from features.check.checks.offer_kinds import find
from features.check.data import CheckedData
from features.check.finding import Finding
from features.check.texts import describe_finding
from tests.worlds import config, frame, shop


def find_kinds(*kinds: str, **changes: Any) -> list[Finding]:
    sources = {name: TableSource(path="nowhere.parquet") for name in ("purchases", "offers")}
    rows = [{"offer_id": f"o{place}", "kind": kind, "cost": 1.0, "margin": 5.0} for place, kind in enumerate(kinds)]
    tables = shop("ada 2024-02-01 50", settings=config(tables=sources, **changes), offers=frame(*rows))
    return list(find(CheckedData.of_tables(tables)))


def test_without_settings_the_kinds_of_offers_are_free():
    assert find_kinds("item", "voucher") == []


def test_a_save_rate_needs_an_offer_of_one_of_the_saving_kinds():
    saving = OfferAssumptions(save_rate=0.1)

    assert find_kinds("item", "discount", offers=saving) == []
    (finding,) = find_kinds("item", "discounts", offers=saving)
    text = describe_finding(finding, ENGLISH)
    assert text.message == "[offers] saving_kinds names kinds that no offer has, so it has no effect there: 2 of 2"
    assert text.example == "e.g. 'discount'"
    assert text.remedy == "write the kinds as the offers have them (discounts, item), e.g. 'discounts'"


def test_each_stated_kind_is_looked_for_among_the_offers():
    findings = find_kinds(
        "renewal",
        "item",
        offers=OfferAssumptions(saving_kinds=("item", "gift")),
        contact_policy=ContactPolicy(priority=("renewals",), promotional_kinds=("item",)),
        decisions=DecisionSettings(
            channels={"mail": ChannelSettings(kinds=("item", "letter")), "phone": ChannelSettings()}
        ),
    )

    assert [(one.values["setting"], one.example, one.count, one.of) for one in findings] == [
        ("[offers] saving_kinds", "gift", 1, 2),
        ("[contact_policy] priority", "renewals", 1, 1),
        ("[decisions.channels.mail] kinds", "letter", 1, 2),
    ]
    assert all("どのオファーにもない種類" in describe_finding(one, JAPANESE).message for one in findings)
