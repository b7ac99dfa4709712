"""The options of a business: each offer in each channel that it may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.config.decisions import ChannelSettings
from core.offers import Offer
from models.policies.candidates import Option


def list_options(
    offers: Sequence[Offer], channels: Mapping[str, ChannelSettings], *, only: str | None = None
) -> tuple[Option, ...]:
    """The options in the order of the offers; `only` limits them to those that one channel can make.

    An offer without a channel of its own uses every channel whose `kinds` allow its kind or, without any channel in
    the TOML, the one that is asked for.
    """
    return tuple(
        Option(offer=offer, channel=channel)
        for offer in offers
        for channel in _channels_of(offer, channels, channel=only)
        if only is None or channel in (None, only)
    )


def _channels_of(
    offer: Offer, channels: Mapping[str, ChannelSettings], *, channel: str | None
) -> tuple[str | None, ...]:
    if offer.channel is not None:
        return (offer.channel,)
    if not channels:
        return (channel,)
    return tuple(name for name, one in channels.items() if not one.kinds or offer.kind in one.kinds)
