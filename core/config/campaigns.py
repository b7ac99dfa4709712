"""`[campaigns.<name>]`: whom a campaign contacts with what, how it is measured, and when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Literal

from core.config.section import NonNegativeDays, PositiveDays, PositiveFloat, PositiveInt, Section, Share
from core.feature_names import DAYS_SINCE_FIRST_PURCHASE, DAYS_TO_RENEWAL, ORDERS_TOTAL

Kpi = Literal["converted", "purchased", "amount", "stayed"]
"What campaigns are measured by."
DEFAULT_RESPONSE_DAYS = 14
REENTRY_DAYS = 300
"Default for triggers that come back every year."


class JourneyStep(Section, frozen=True):
    """One offer of a journey."""

    offer: str
    "offer_id."
    after_days: NonNegativeDays = 0
    "Days since the step before; 0 for the first step alone."
    only_if: Literal["", "not_opened", "not_clicked", "not_converted", "opened", "clicked"] = ""
    "What the customer did with the steps before. Otherwise the step is left out, and the journey goes on."


class CampaignTrigger(Section, frozen=True):
    """What happens to a customer on the day on which a campaign begins for them."""

    kind: Literal["first_purchase", "usage_drop", "renewal", "birthday", "abandoned_cart", "rule"]
    """\
    first_purchase: the only order so far, within `days`. usage_drop: less than half as much usage in the last 30 days
    as in the 30 before, which was not so `days` ago. renewal: a renewal within `days`. birthday: one within `days`.
    abandoned_cart: `event` within `days`, and no order since. rule: `rule` fits, and did not `days` ago."""
    days: PositiveDays = 7
    "Within how many days; see `kind`. A customer whom limits on contacts exclude today waits as long."
    rule: str = ""
    "For kind = 'rule': uses what rules of segments use."
    event: str = ""
    "For kind = 'abandoned_cart': the usage event that fills a cart."

    def __post_init__(self) -> None:
        for key in ("rule", "event"):
            needed = key == {"rule": "rule", "abandoned_cart": "event"}.get(self.kind)
            if bool(getattr(self, key)) != needed:
                example = {"rule": "rule = 'recency_days > 90'", "event": "event = 'add_to_cart'"}[key]
                need = f"needs {key}, such as {example}" if needed else f"takes no {key}"
                raise ValueError(f"kind = '{self.kind}' {need}")

    @property
    def as_rule(self) -> str:
        """The trigger as a rule; '' where none says it."""
        return {
            "first_purchase": f"{ORDERS_TOTAL} == 1 and {DAYS_SINCE_FIRST_PURCHASE} <= {self.days}",
            "usage_drop": "usage_trend_30d < 0.3333",
            "renewal": f"{DAYS_TO_RENEWAL} <= {self.days}",
            "birthday": f"days_to_birthday <= {self.days}",
            "rule": self.rule,
        }.get(self.kind, "")

    @property
    def is_state(self) -> bool:
        """Whether the trigger is a state that may last, so that the day on which it begins has to be found."""
        return self.kind in ("usage_drop", "rule")


class Campaign(Section, frozen=True):
    """A campaign: an audience, offers, a control group, and what has to be shown.

    Either `offers` or `steps`; with several offers, `kizuna decide` chooses the one worth most for each customer.
    """

    goal: str
    "What the campaign is for, in your own words."
    starts_on: date
    "First day of contacts, once `kizuna campaign start` was called."
    kpi: Kpi = "purchased"
    """\
    What is compared with the control group within `response_days`. purchased: an order. amount: what was bought, net.
    stayed: no churn, by `[churn]`. converted: a reported outcome, which a control group rarely has."""
    rule: str | None = None
    "The audience: customers who fit this rule. It uses what rules of segments use."
    segment: str | None = None
    "The audience: a segment of `[segments]`. Without `rule` and `segment`: all whom the trigger selects."
    trigger: CampaignTrigger | None = None
    "If given, the campaign begins for each customer when this happens."
    offers: tuple[str, ...] = ()
    "offer_ids; each customer gets one."
    steps: tuple[JourneyStep, ...] = ()
    "A journey: several offers in their order, each as [[campaigns.<name>.steps]]."
    again_after_days: PositiveDays | None = None
    "Days after which a customer may enter again. Default: 300 for birthdays and renewals, otherwise never."
    ends_on: date | None = None
    "Last day of contacts."
    response_days: PositiveDays | None = None
    "Days from a customer's first contact within which the KPI counts. Default: 14, and the days of the steps."
    control_share: Share = 0.1
    "Share of the audience that gets nothing, by chance, so that the effect can be measured."
    stages: tuple[int, ...] = (1, 5, 20, 100)
    "Per cent of the audience that are contacted, stage by stage; the next one begins by itself. [100]: all at once."
    max_contacts: PositiveInt | None = None
    "The campaign is finished after this many contacts."
    max_days: PositiveDays | None = None
    "The campaign is finished this many days after its start."
    budget: PositiveFloat | None = None
    "The campaign is finished when its contacts have cost this much, base currency."
    stop_when_shown: bool = False
    "Finish the campaign once the test that may be read every day shows an effect."
    owner: str = ""
    "Who is responsible."
    hypothesis: str = ""
    "What the campaign shall show, such as '2 % more customers buy'."

    def __post_init__(self) -> None:
        for fault in (*self._find_faults_of_dates(), *self._find_faults_of_offers(), *self._find_faults_of_test()):
            raise ValueError(fault)

    @property
    def is_journey(self) -> bool:
        """Whether customers get several offers, one after the other."""
        return bool(self.steps)

    @property
    def offer_ids(self) -> tuple[str, ...]:
        """All offers of the campaign."""
        return self.offers or tuple(step.offer for step in self.steps)

    @property
    def n_response_days(self) -> int:
        """`response_days`, or its default."""
        return self.response_days or DEFAULT_RESPONSE_DAYS + sum(step.after_days for step in self.steps)

    @property
    def reentry_days(self) -> int | None:
        """`again_after_days`, or its default; None is never."""
        returns_each_year = self.trigger is not None and self.trigger.kind in ("birthday", "renewal")
        return self.again_after_days or (REENTRY_DAYS if returns_each_year else None)

    def _find_faults_of_dates(self) -> Iterator[str]:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            yield f"it ends on {self.ends_on}, before it starts on {self.starts_on}; correct one of them"
        n_journey = sum(step.after_days for step in self.steps)
        if self.response_days is not None and self.response_days <= n_journey:
            yield f"response_days ({self.response_days}) has to be longer than the journey ({n_journey} days)"

    def _find_faults_of_offers(self) -> Iterator[str]:
        if bool(self.offers) == bool(self.steps):
            yield "give exactly one of offers and steps"
        if self.rule is not None and self.segment is not None:
            yield "give at most one of rule and segment"
        if self.rule is None and self.segment is None and self.trigger is None:
            yield "it has no audience; give rule, segment or a trigger"
        for place, step in enumerate(self.steps):
            if not place and (step.after_days or step.only_if):
                yield "the first step is made at once: remove its after_days and only_if"
            if place and not step.after_days:
                yield f"step {place + 1} ('{step.offer}') needs after_days: one contact a day is enough"

    def _find_faults_of_test(self) -> Iterator[str]:
        if any(later <= earlier for earlier, later in pairwise((0, *self.stages))) or self.stages[-1:] != (100,):
            yield f"stages rise and end at 100, such as [1, 5, 20, 100], found {list(self.stages)}"
        if self.control_share > 0.5:
            yield f"control_share is the smaller part, at most 0.5; found {self.control_share:g}"
        if self.control_share:
            return
        for needs_control, what in (
            (self.hypothesis, "its hypothesis cannot be tested; set control_share = 0.1"),
            (self.stop_when_shown, "stop_when_shown can never show an effect; set control_share = 0.1"),
            (len(self.stages) > 1, "stages cannot stop on harm; set control_share = 0.1, or stages = [100]"),
        ):
            if needs_control:
                yield f"control_share = 0 leaves no control group, so {what}"
