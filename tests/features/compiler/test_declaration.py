"""What declarations guarantee before anything is computed."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from core.i18n.translation import JAPANESE, has_translation
from features.compiler.declaration import (
    NEVER_MISSING,
    SHORT_HISTORY,
    Expression,
    Feature,
    Measure,
    Ratio,
    columns_of,
    measures_of,
)
from features.families.catalogue import all_features
from features.families.feature_set import over_windows, within
from features.families.purchases import GAPS, ORDER, ORDERS
from features.families.spending import SPEND

every_feature = pytest.mark.parametrize("feature", all_features(), ids=lambda feature: feature.name)


def orders(expression: Expression = ORDERS) -> Feature:
    return Feature(name="orders", family="frequency", expression=expression, unit="orders", title="orders")


def test_no_two_features_share_a_name():
    assert [name for name, times in Counter(feature.name for feature in all_features()).items() if times > 1] == []


def test_purchases_alone_have_at_least_sixty_features():
    of_purchases = [f for f in all_features() if all(m.grain.table == "purchases" for m in measures_of(f.expression))]

    assert len(of_purchases) >= 60


@every_feature
def test_a_feature_has_a_title_in_both_languages(feature):
    column = feature.column

    assert all((column.unit, column.en, column.missing, column.family))
    assert any(ord(letter) > 0x3000 for letter in column.ja)
    assert "{window}" not in column.en + column.ja + column.says_en + column.says_ja


@every_feature
def test_every_text_has_a_translation(feature):
    sentences = {feature.says, feature.says_missing, feature.says_zero, feature.says_above}
    texts = {feature.title, feature.missing, *sentences} - {"", NEVER_MISSING, SHORT_HISTORY}

    assert [text for text in sorted(texts) if not has_translation(text, JAPANESE)] == []


@every_feature
def test_a_usual_value_is_a_feature_itself(feature):
    assert feature.usual_of is None or feature.usual_of in {other.name for other in all_features()}


def test_the_digest_changes_with_the_expression():
    of_month, of_week = (orders(Ratio(within(SPEND, days), ORDERS)) for days in (30, 7))

    assert of_month.digest != of_week.digest
    assert of_month.digest == orders(Ratio(within(SPEND, 30), ORDERS)).digest


def test_the_digest_does_not_change_with_the_wording():
    assert replace(orders(), title="purchases").digest == orders().digest


def test_a_measure_needs_the_columns_of_its_grain():
    assert columns_of(SPEND) == {"occasion", "amount"}
    assert columns_of(Measure(ORDER, "count", condition="channel == 'web'")) == {"occasion", "amount", "channel"}
    assert columns_of(GAPS) == {"amount"}


def test_one_declaration_becomes_a_feature_per_window():
    windowed = over_windows(replace(orders(), name="orders_{window}", title="orders {window}"), (7, None))

    assert [(f.name, f.column.en) for f in windowed] == [
        ("orders_7d", "orders in the last 7 days"),
        ("orders_total", "orders on record"),
    ]
