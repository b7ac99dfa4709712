from __future__ import annotations

from datetime import datetime

import pytest

from core.i18n.translation import ENGLISH, JAPANESE, has_translation
from core.offer_sentences import KEY, write_offer_sentence
from core.offers import OFFER_KINDS, Offer

TEA = Offer(offer_id="tea-10", kind="category_coupon", category="tea", ends_at=datetime(2026, 12, 5))


def test_the_sentence_is_in_the_language_of_the_customer_and_names_the_last_day():
    assert write_offer_sentence(TEA, ENGLISH) == "A coupon for tea is waiting for you. Valid until 5 December 2026."
    assert write_offer_sentence(TEA, JAPANESE).endswith("有効期限は2026年12月5日です。")


def test_the_sentence_of_the_business_goes_before_that_of_the_catalogue():
    own = {"en": {"tea-10": "10 % off {category} until {until} {sic}", "category_coupon": "never"}}

    assert write_offer_sentence(TEA, ENGLISH, own=own) == "10 % off tea until 5 December 2026 {sic}"
    assert "クーポン" in write_offer_sentence(TEA, JAPANESE, own=own)


def test_an_item_is_named_by_its_title():
    offer = Offer(offer_id="o", kind="item", item_id="i17")

    assert write_offer_sentence(offer, ENGLISH, item_title="Green tea") == "We think you will like Green tea."


def test_a_kind_of_the_business_has_a_sentence_too():
    assert write_offer_sentence(Offer(offer_id="o", kind="raffle"), ENGLISH) == "We have an offer for you."


@pytest.mark.parametrize("kind", OFFER_KINDS)
def test_every_known_kind_has_a_sentence_in_both_languages(kind):
    assert has_translation(KEY.format(kind), ENGLISH)
    assert has_translation(KEY.format(kind), JAPANESE)
