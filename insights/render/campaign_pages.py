"""The campaigns chapter: plan, do, check and act, one page each, with a row for each campaign."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from core.i18n.formatting import format_number
from core.i18n.translation import translate_plural
from core.intervals import Estimate
from insights.campaigns.sequential import ALPHA
from insights.render.campaign_effects import colour, effect_rows, name_campaign, name_kpi, write_difference, write_total
from insights.render.charts import Point, Reference
from insights.render.report_renderer import Cell, Drawing, Drawings, ReportRenderer, ReportSection, Table
from insights.render.row_charts import dot_chart
from insights.report.campaign_actions import NextAction
from insights.report.campaign_reviews import CampaignReview
from insights.report.contact_frequency import GroupFrequency
from insights.report.definitions import Unit
from insights.report.figure import ALL

MAX_SHOWN = 24
"Campaigns on a page, the latest ones; the JSON has all of them."
MAX_OFFERS = 3
"Offers of a campaign that are named."
MAX_E_VALUE = 1_000.0
GOOD = (NextAction.ADVANCE, NextAction.REPEAT)
BAD = (NextAction.STOP_HARM, NextAction.STOP_COST)


def render_campaign_pages(renderer: ReportRenderer) -> list[ReportSection]:
    """The four pages; none without campaigns."""
    reviews = renderer.report.campaigns[:MAX_SHOWN]
    if not reviews:
        return []
    pages = _CampaignPages(renderer, reviews)
    return [
        ReportSection(renderer.text("Campaigns: plan"), [pages.plan_table()], starts_page=True),
        ReportSection(renderer.text("Campaigns: do"), [pages.do_table()], starts_page=True),
        ReportSection(renderer.text("Campaigns: check"), list(pages.check_blocks()), starts_page=True),
        ReportSection(
            renderer.text("Campaigns: act"), [pages.act_table(), *pages.frequency_tables()], starts_page=True
        ),
    ]


def describe_action(renderer: ReportRenderer, review: CampaignReview) -> list[str]:
    """The next action in sentences, with the evidence that it follows from."""
    action, checked, formatter = review.action, review.checked, renderer.formatter
    own = checked.own
    values: dict[str, str | int] = {
        "kpi": name_kpi(renderer, own.kpi),
        "effect": write_difference(renderer, own.per_customer.value, kpi=own.kpi),
        "total": write_total(renderer, own.total.value, kpi=own.kpi) if own.total.has_interval else "–",
        "cost": formatter.money(review.done.cost),
        "customers": action.n_customers or 0,
        "day": "" if action.over_on is None else formatter.day(action.over_on),
        "stage": max(review.done.stages, default=100),
    }
    sentences = [renderer.text(f"action.{action.action}", **values)]
    if action.action in GOOD and math.isfinite(checked.net_value.value):
        net = formatter.money(checked.net_value.value)
        sentences.append(renderer.text("It has earned {amount} more than it cost.", amount=net))
    if action.groups:
        names = ", ".join(f"{renderer.grouping(by)} {renderer.member(by, group)}" for by, group in action.groups)
        sentences.append(renderer.text("It works better than elsewhere with: {groups}.", groups=names))
    return sentences


class _CampaignPages:
    """The blocks of the pages."""

    def __init__(self, renderer: ReportRenderer, reviews: Sequence[CampaignReview]) -> None:
        self.renderer, self.formatter, self.reviews = renderer, renderer.formatter, reviews
        self.text = renderer.text

    def plan_table(self) -> Table:
        """Whom each campaign was for, with what, why, and which effect a campaign of its size can show."""
        head = [
            "Campaign", "Offer and channel", "Audience", "Hypothesis", "KPI", "Customers",
            "Smallest effect it can show",
        ]  # fmt: skip
        rows = [
            [
                Cell(self._name(one), one.planned.goal, kind="words"),
                Cell(self._list_offers(one.planned.offers), self._join(one.planned.channels), kind="words"),
                Cell(self._audience(one), one.planned.owner, kind="words"),
                Cell(one.planned.hypothesis or self.text("not stated"), kind="words"),
                Cell(
                    name_kpi(self.renderer, one.planned.kpi),
                    self.text("within {n} days", n=one.planned.n_response_days),
                    kind="words",
                ),
                Cell(self._number(one.planned.n_customers)),
                Cell(write_difference(self.renderer, one.planned.detectable_effect, kpi=one.planned.kpi)),
            ]
            for one in self.reviews
        ]
        note = self.text(
            "Goal, audience, hypothesis, KPI and owner are those of [campaigns] in the TOML. The smallest effect is "
            "the difference of the KPI which a campaign and control group of this size show in four of five cases."
        )
        return Table("", self._head(head), rows, note=self._limit(note))

    def _audience(self, review: CampaignReview) -> str:
        planned = review.planned
        trigger = self.text("trigger {name}", name=self.text(f"trigger.{planned.trigger}")) if planned.trigger else ""
        return "; ".join(part for part in (planned.audience, trigger) if part) or self.text("not stated")

    def _name(self, review: CampaignReview) -> str:
        return name_campaign(self.renderer, review)

    def do_table(self) -> Table:
        """How many were contacted and left out, at what cost, and how far the roll-out came."""
        head = [
            "Campaign", "From", "To", "Contacts", "Customers contacted", "Control group", "KPI known", "Stages", "Cost",
        ]  # fmt: skip
        rows = [
            [
                Cell(self._name(one), kind="words"),
                Cell(self.formatter.day(one.done.first_day)),
                Cell(self.formatter.day(one.done.last_day)),
                Cell(self._number(one.done.n_contacts)),
                Cell(self._number(one.done.n_contacted)),
                Cell(self._number(one.done.n_control), self._count_in_both(one)),
                Cell(self._number(one.done.n_known), name_kpi(self.renderer, one.planned.kpi)),
                Cell(" → ".join(f"{stage} %" for stage in one.done.stages) or "–"),
                Cell(self.formatter.money(one.done.cost)),
            ]
            for one in self.reviews
        ]
        note = self.text(
            "Customers of the control group were left out by chance. Those who were contacted anyway still count as "
            "control, so that effects are rather larger than shown. The KPI is known of customers whose days to "
            "respond are over."
        )
        return Table("", self._head(head), rows, note=self._limit(note))

    def check_blocks(self) -> Iterator[Table | Drawings]:
        """What each campaign changed against its control group, with intervals and the evidence so far."""
        head = ["Campaign", "KPI", "Contacted", "In the control group", "Difference", "In total"]
        note = self.text(
            "The campaign's own KPI comes first. Counted are customers whose days to respond are over, from the first "
            "contact on. Intervals hold for one reading at the end. One in ten excludes 0 by chance; the next steps "
            "allow for the number of campaigns."
        )
        rows = list(effect_rows(self.renderer, self.reviews))
        yield Table("", self._head(head), rows, note=self._limit(note))
        head = ["Campaign", "Margin less cost", "Return on cost", "Unsubscribed", "Evidence"]
        rows = [
            [
                Cell(self._name(one), kind="words"),
                self._value(one.checked.net_value, "money"),
                self._value(one.checked.measures.return_on_cost, "share"),
                self._value(Estimate(one.checked.unsubscribed), "share"),
                Cell(self._evidence(one.checked.evidence), kind="good" if one.checked.evidence >= 1 / ALPHA else ""),
            ]
            for one in self.reviews
        ]
        note = self.text("Evidence on the own KPI may be read every day: at 20 or more, chance is no explanation.")
        yield Table("", self._head(head), rows, note=note)
        chart = self._effect_chart()
        if chart.svg:
            yield Drawings("", [chart], is_wide=True)

    def act_table(self) -> Table:
        """What follows for each campaign."""
        rows = []
        for one in self.reviews:
            first, *more = describe_action(self.renderer, one)
            step = Cell(self.text(f"step.{one.action.action}"), kind=f"words {self._mood(one)}".strip())
            rows.append([Cell(self._name(one), kind="words"), step, Cell(first, " ".join(more), kind="words")])
        return Table("", self._head(["Campaign", "Next step", "Why"]), rows, note=self._limit(""))

    def frequency_tables(self) -> Iterator[Table]:
        """How many contacts a month pay, by group; nothing where it cannot be said."""
        rows = [
            [
                Cell(self._group(one), kind="words"),
                Cell(self._number(one.limit.contacts_per_month)),
                Cell(self.text(f"frequency.{one.limit.source}"), self._next_values(one), kind="words"),
            ]
            for one in self.renderer.report.contact_frequency
        ]
        head = self._head(["Group", "Contacts a month at most", "Why"])
        if rows:
            yield Table(self.text("How often to contact"), head, rows)

    def _group(self, frequency: GroupFrequency) -> str:
        if frequency.by == ALL:
            return self.text("all customers")
        return f"{self.renderer.grouping(frequency.by)}: {self.renderer.member(frequency.by, frequency.group)}"

    def _next_values(self, frequency: GroupFrequency) -> str:
        """The net value of one more contact by the number before."""
        return "; ".join(
            translate_plural(
                ("after {n} contact: {amount}", "after {n} contacts: {amount}"),
                step.contacts_before,
                language=self.formatter.language,
                amount=self.formatter.money(step.net_value.value)
                + f" ({self.formatter.interval(step.net_value, 'money')})",
            )
            for step in frequency.limit.steps
        )

    def _effect_chart(self) -> Drawing:
        reviews = [one for one in self.reviews if one.checked.own.kpi != "amount"]
        kpis = [name_kpi(self.renderer, one.checked.own.kpi) for one in reviews]
        have_one_kpi = len(set(kpis)) == 1
        title = self.text("Difference to the control group") + (f": {kpis[0]}" if have_one_kpi else "")
        points = [
            Point(
                self._name(one) if have_one_kpi else f"{self._name(one)}: {kpi}",
                own.per_customer.value,
                low=own.per_customer.low,
                high=own.per_customer.high,
                value_text=write_difference(self.renderer, own.per_customer.value, kpi=own.kpi),
            )
            for one, kpi in zip(reviews, kpis, strict=True)
            for own in [one.checked.own]
        ]
        references = [Reference(0.0, self.text("no effect"))]
        return Drawing(
            title, dot_chart(points, title, format_tick=self.formatter.tick_of_difference, references=references)
        )

    def _head(self, names: Sequence[str]) -> list[str]:
        return [self.text(name) for name in names]

    def _limit(self, note: str) -> str:
        n_more = len(self.renderer.report.campaigns) - len(self.reviews)
        if not n_more:
            return note
        return f"{note} " + self.text("The JSON has {n} earlier campaigns as well.", n=n_more)

    def _number(self, value: float) -> str:
        return format_number(value, self.formatter.language)

    def _list_offers(self, offers: Sequence[str]) -> str:
        """The offers by name; of many the first ones, and how many more there are."""
        more = len(offers) - MAX_OFFERS
        if more <= 1:
            return self._join(offers)
        return self.text("{listed} and {n} more offers", listed=self._join(offers[:MAX_OFFERS]), n=self._number(more))

    def _join(self, names: Sequence[str]) -> str:
        return ", ".join(names) or "–"

    def _value(self, estimate: Estimate, unit: Unit) -> Cell:
        interval = self.formatter.interval(estimate, unit)
        return Cell(self.formatter.format(estimate.value, unit), interval, kind=colour(estimate))

    def _evidence(self, e_value: float) -> str:
        if math.isnan(e_value):
            return "–"
        return (
            f"> {self._number(MAX_E_VALUE)}"
            if e_value > MAX_E_VALUE
            else format_number(e_value, self.formatter.language, n_decimals=1)
        )

    def _count_in_both(self, review: CampaignReview) -> str:
        return self.text("{n} contacted anyway", n=review.done.n_in_both) if review.done.n_in_both else ""

    def _mood(self, review: CampaignReview) -> str:
        return "good" if review.action.action in GOOD else "bad" if review.action.action in BAD else ""


def campaign_json(review: CampaignReview) -> dict[str, Any]:
    """A review as JSON; what is unknown is NaN, which becomes null."""
    checked, measures = review.checked, msgspec.to_builtins(review.checked.measures)
    planned, done, action = (msgspec.to_builtins(part) for part in (review.planned, review.done, review.action))
    check = {
        **measures,
        "n_waiting": checked.n_waiting,
        "net_value": msgspec.to_builtins(checked.net_value),
        "unsubscribed": checked.unsubscribed,
    }
    return {"name": review.name, "plan": planned, "do": done, "check": check, "act": action}
