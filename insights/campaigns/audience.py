"""How many customers a campaign may reach."""

from __future__ import annotations

import msgspec

from core.config.campaigns import Campaign
from core.config.customers import Segment
from features.cohort import select_cohort
from features.pipeline import compute_features
from insights.segments import Risks
from tables.tables import Tables

AUDIENCE = "campaign_audience"
"The segment in which the audience is counted; no segment of a TOML has this name by chance."


def count_audience(tables: Tables, campaign: Campaign, *, risks: Risks) -> tuple[int, int]:
    """The customers who fit the rule or the segment of a campaign today, whatever its trigger; and all customers."""
    config = tables.config
    features = compute_features(tables, select_cohort(tables, [tables.default_cutoff()]))
    name = campaign.segment
    if name is None:
        if campaign.rule is None:
            return len(features), len(features)
        name = AUDIENCE
        config = msgspec.structs.replace(config, segments={**config.segments, name: Segment(rule=campaign.rule)})
    segmentation = risks.segment(tables, features, config=config)
    place = list(config.segments).index(name)
    return int(segmentation.in_segment[:, place].sum()), len(features)
