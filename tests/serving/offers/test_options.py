from __future__ import annotations

from core.config.decisions import ChannelSettings
from core.offers import Offer
from serving.offers.options import list_options

COUPON = Offer(offer_id="coupon", kind="category_coupon")
CALL = Offer(offer_id="call", kind="renewal", channel="phone")
CHANNELS = {"mail": ChannelSettings(), "sms": ChannelSettings(kinds=("renewal",))}


def names(options):
    return [(option.offer.offer_id, option.channel) for option in options]


def test_an_offer_uses_its_own_channel_or_each_one_that_takes_its_kind():
    assert names(list_options([COUPON, CALL], CHANNELS)) == [("coupon", "mail"), ("call", "phone")]


def test_without_channels_an_offer_goes_through_the_one_that_is_asked_for():
    assert names(list_options([COUPON], {}, only="app")) == [("coupon", "app")]
    assert names(list_options([COUPON], {})) == [("coupon", None)]


def test_offers_that_a_channel_cannot_make_are_no_options_of_it():
    assert names(list_options([COUPON, CALL], CHANNELS, only="sms")) == []
    assert names(list_options([COUPON, CALL], CHANNELS, only="mail")) == [("coupon", "mail")]
