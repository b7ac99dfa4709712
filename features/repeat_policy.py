"""Whether items that a customer has bought before are recommended again: the TOML's policy, or what the data say."""

from __future__ import annotations

from core.config.training import RecommenderSettings
from core.interactions import Histories, has_rare_repeats
from core.recommendations import RepeatPolicy


def repeat_policy_of(settings: RecommenderSettings, histories: Histories) -> RepeatPolicy:
    """The stated policy; for `auto`, never where repeats are rare or times do not tell them, and allow elsewhere."""
    if settings.repeat_policy != "auto":
        return settings.repeat_policy
    is_of_one_time = len(histories.times) > 0 and bool((histories.times == histories.times[0]).all())
    return "never" if is_of_one_time or has_rare_repeats(histories) else "allow"
