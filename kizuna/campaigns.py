"""What the commands of campaigns share: their store, their events, and their figures of today."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from core import environment
from core.campaigns import CampaignEvent, CampaignState, require_transition, state_of
from core.config.campaigns import Campaign
from core.config.data_set import Config
from core.errors import BadInput, UnknownName, did_you_mean

if TYPE_CHECKING:
    from insights.campaigns.rollout import RunningCampaign
    from insights.segments import Risks
    from models.policies.campaign_contacts import CampaignContacts
    from serving.decisions.campaign_log import CampaignLog
    from serving.decisions.store import DecisionStore
    from tables.tables import Tables


@dataclass(frozen=True)
class CampaignDesk:
    """The campaigns of a data set: what the TOML says of them, and what the database knows."""

    config: Config
    store: DecisionStore
    log: CampaignLog

    @classmethod
    def open(cls, config: Config) -> CampaignDesk:
        """Open the database of decisions."""
        from serving.decisions.campaign_log import CampaignLog
        from serving.decisions.store import DecisionStore

        url, file = os.environ.get(environment.DATABASE_URL), config.places.decisions
        return cls(
            config,
            DecisionStore.at(url, file, data_set=config.name),
            CampaignLog.at(url, file, data_set=config.name),
        )

    def find(self, name: str) -> Campaign:
        """A campaign of the TOML. Raises UnknownName."""
        if name not in self.config.campaigns:
            names = self.config.campaigns
            hint = did_you_mean(name, names) if names else "; define it under [campaigns.<name>]"
            raise UnknownName(f"no campaign '{name}'{hint}")
        return self.config.campaigns[name]

    def measure(self, name: str, *, tables: Tables, now: datetime) -> RunningCampaign:
        """A campaign with its events, and its figures up to today, as the report has them."""
        return self.measure_all([name], tables=tables, now=now)[name]

    def measure_all(self, names: Iterable[str], *, tables: Tables, now: datetime) -> dict[str, RunningCampaign]:
        """Campaigns with their events and figures; their contacts are read once."""
        from insights.campaigns.kpis import Measurement
        from insights.campaigns.measuring import measure_campaign
        from insights.campaigns.rollout import RunningCampaign
        from insights.report.campaign_data import compare_campaign, load_campaign_customers

        today, events = self.config.today(now), self.log.events()
        customers, measured = load_campaign_customers(tables, today), dict[str, RunningCampaign]()
        for name in names:
            campaign, own = self.find(name), compare_campaign(customers, name)
            terms = Measurement(kpi=campaign.kpi, n_days=campaign.n_response_days, tables=tables, today=today)
            measured[name] = RunningCampaign(
                campaign=campaign,
                events=events.get(name, []),
                measures=measure_campaign(own, terms),
                treated_share=own.mean_propensity,
            )
        return measured

    def advance(self, tables: Tables, *, now: datetime) -> list[CampaignEvent]:
        """Let every running campaign go on, finish or stop by its figures, and store it; returns what has changed."""
        from insights.campaigns.rollout import advance_campaigns

        events = self.log.events()
        names = [name for name in self.config.campaigns if state_of(events.get(name, [])) == CampaignState.RUNNING]
        running = self.measure_all(names, tables=tables, now=now)
        changes = advance_campaigns(running, now=now, zone=self.config.zone)
        for change in changes:
            self.log.record(change)
        return changes

    def find_due(
        self, tables: Tables, *, risks: Risks, load_earlier_risks: Callable[[date], Risks], now: datetime
    ) -> dict[str, CampaignContacts]:
        """What every running campaign does today, by campaign; nothing is stored. Call `advance` first."""
        from insights.campaigns.due import find_due_contacts
        from models.policies.campaign_contacts import CampaignHistory
        from serving.decisions.store import DecisionFilter

        events = self.log.events()
        stages = {
            name: events[name][-1].stage_percent
            for name in self.config.campaigns
            if state_of(events.get(name, [])) == CampaignState.RUNNING
        }
        chosen = {name: DecisionFilter(campaign_id=name) for name in stages}
        return find_due_contacts(
            tables,
            {name: self.config.campaigns[name] for name in stages},
            stages=stages,
            histories={
                name: CampaignHistory(decisions=self.store.find(one), outcomes=self.store.find_outcomes(one))
                for name, one in chosen.items()
            },
            risks=risks,
            load_earlier_risks=load_earlier_risks,
            today=self.config.today(now),
        )

    def start(self, name: str, *, tables: Tables, why: str, now: datetime) -> CampaignEvent:
        """Start a campaign, or go on with a stopped one at the stage that it had reached.

        Raises UnknownName for an offer that does not exist, DataError for an event that usage lacks, and
        WrongTransition where it cannot start.
        """
        campaign, events = self.find(name), self.log.events().get(name, [])
        stages = [event.stage_percent for event in events if event.state == CampaignState.RUNNING]
        event = self._event(
            name, CampaignState.RUNNING, percent=max(stages, default=campaign.stages[0]), why=why, now=now
        )
        refuse_unknown_offers(name, campaign, tables=tables)
        refuse_missing_event(campaign, tables=tables)
        self.log.record(event)
        return event

    def stop(self, name: str, *, why: str, now: datetime) -> CampaignEvent:
        """Stop a running campaign. Raises WrongTransition where it is not running."""
        self.find(name)
        event = self._event(name, CampaignState.STOPPED, percent=0, why=why, now=now)
        self.log.record(event)
        return event

    def refuse_start(self, name: str, *, now: datetime) -> None:
        """Raise BadInput or WrongTransition at once, before the tables are read, where a campaign cannot start."""
        campaign = self.find(name)
        require_transition(
            self.log.events().get(name, []), self._event(name, CampaignState.RUNNING, percent=0, why="", now=now)
        )
        if campaign.ends_on is not None and campaign.ends_on < self.config.today(now):
            raise BadInput(
                f"campaign '{name}' ended on {campaign.ends_on}; set a later ends_on under [campaigns.{name}]"
            )

    def _event(self, name: str, state: CampaignState, *, percent: int, why: str, now: datetime) -> CampaignEvent:
        return CampaignEvent(
            campaign_id=name, state=state, stage_percent=percent, at=now, who=getpass.getuser(), why=why
        )


def refuse_unknown_offers(name: str, campaign: Campaign, *, tables: Tables) -> None:
    """Raise BadInput where a campaign has an offer that the table of offers lacks."""
    from tables.assortment import load_offer_book

    offers = {offer.offer_id for offer in load_offer_book(tables, tables.default_cutoff()).offers}
    if not offers:
        raise BadInput(f"campaign '{name}' needs the table offers, which is missing or empty; add [tables.offers]")
    for offer in campaign.offer_ids:
        if offer not in offers:
            raise UnknownName(f"[campaigns.{name}] no offer '{offer}' in the table offers{did_you_mean(offer, offers)}")


def refuse_missing_event(campaign: Campaign, *, tables: Tables) -> None:
    """Raise DataError where a campaign waits for carts, and usage has no such event."""
    from features.abandoned_carts import require_cart_event

    if campaign.trigger is not None and campaign.trigger.kind == "abandoned_cart":
        require_cart_event(tables, campaign.trigger.event)
