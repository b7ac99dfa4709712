"""The campaigns chapter: plan, do, check and act, one page each, with a row for each campaign."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from core.i18n.formatting import format_number
from core.intervals import Estimate
from insights.campaigns.sequential import ALPHA
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
    values: dict[str, str | int] = {
        "effect": _in_points(checked.effect.value, renderer),
        "conversions": formatter.count(checked.conversions.value, is_whole=True),
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


def _in_points(difference: float, renderer: ReportRenderer) -> str:
    return renderer.formatter.change(difference, 0.0, unit="share")


class _CampaignPages:
    """The blocks of the pages."""

    def __init__(self, renderer: ReportRenderer, reviews: Sequence[CampaignReview]) -> None:
        self.renderer, self.formatter, self.reviews = renderer, renderer.formatter, reviews
        self.text = renderer.text

    def plan_table(self) -> Table:
        """Whom each campaign was for, with what, why, and which effect a campaign of its size can show."""
        head = ["Campaign", "Offer and channel", "Audience", "Hypothesis", "Customers", "Smallest effect it can show"]
        rows = [
            [
                Cell(one.name, one.planned.goal, kind="words"),
                Cell(self._join(one.planned.offers), self._join(one.planned.channels), kind="words"),
                Cell(one.planned.audience or self.text("not stated"), one.planned.owner, kind="words"),
                Cell(one.planned.hypothesis or self.text("not stated"), kind="words"),
                Cell(self._number(one.planned.n_customers)),
                Cell(self._points(one.planned.detectable_effect)),
            ]
            for one in self.reviews
        ]
        note = self.text(
            "Goal, audience, hypothesis and owner are those of [campaigns] in the TOML. The smallest effect is the "
            "difference of the shares that act which a campaign and control group of this size show in four of five "
            "cases."
        )
        return Table("", self._head(head), rows, note=self._limit(note))

    def do_table(self) -> Table:
        """How many were contacted and left out, at what cost, and how far the roll-out came."""
        head = ["Campaign", "From", "To", "Contacts", "Customers contacted", "Control group", "Stages", "Cost"]
        rows = [
            [
                Cell(one.name, kind="words"),
                Cell(self.formatter.day(one.done.first_day)),
                Cell(self.formatter.day(one.done.last_day)),
                Cell(self._number(one.done.n_contacts)),
                Cell(self._number(one.done.n_contacted)),
                Cell(self._number(one.done.n_control), self._count_in_both(one)),
                Cell(" → ".join(f"{stage} %" for stage in one.done.stages) or "–"),
                Cell(self.formatter.money(one.done.cost)),
            ]
            for one in self.reviews
        ]
        note = self.text(
            "Customers of the control group were left out by chance. Those who were contacted anyway are not compared."
        )
        return Table("", self._head(head), rows, note=self._limit(note))

    def check_blocks(self) -> Iterator[Table | Drawings]:
        """What each campaign changed against its control group, with intervals and the evidence so far."""
        head = [
            "Campaign", "Acted", "In the control group", "Difference", "Additional conversions", "Additional revenue",
            "Margin less cost", "Evidence",
        ]  # fmt: skip
        rows = [
            [
                Cell(one.name, self._waiting(one), kind="words"),
                self._value(Estimate(one.checked.rate), "share"),
                self._value(Estimate(one.checked.control_rate), "share"),
                self._difference(one.checked.effect),
                self._value(one.checked.conversions, "count"),
                self._value(one.checked.revenue, "money"),
                self._value(one.checked.net_value, "money"),
                Cell(self._evidence(one.checked.evidence), kind="good" if one.checked.evidence >= 1 / ALPHA else ""),
            ]
            for one in self.reviews
        ]
        note = self.text(
            "Acted: placed an order within the days to respond after the first contact, or converted where no "
            "purchases are recorded. Intervals hold for one reading at the end. Evidence may be read every day: at 20 "
            "or more, chance is no explanation. One interval in ten excludes 0 by chance; the next steps allow for the "
            "number of campaigns."
        )
        yield Table("", self._head(head), rows, note=self._limit(note))
        chart = self._effect_chart()
        if chart.svg:
            yield Drawings("", [chart], is_wide=True)

    def act_table(self) -> Table:
        """What follows for each campaign."""
        rows = []
        for one in self.reviews:
            first, *more = describe_action(self.renderer, one)
            step = Cell(self.text(f"step.{one.action.action}"), kind=f"words {self._mood(one)}".strip())
            rows.append([Cell(one.name, kind="words"), step, Cell(first, " ".join(more), kind="words")])
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
            self.text(
                "after {n} contacts: {amount}",
                n=step.contacts_before,
                amount=self.formatter.money(step.net_value.value)
                + f" ({self.formatter.interval(step.net_value, 'money')})",
            )
            for step in frequency.limit.steps
        )

    def _effect_chart(self) -> Drawing:
        title = self.text("Difference to the control group")
        points = [
            Point(
                one.name,
                one.checked.effect.value,
                low=one.checked.effect.low,
                high=one.checked.effect.high,
                value_text=self._points(one.checked.effect.value),
            )
            for one in self.reviews
        ]
        references = [Reference(0.0, self.text("no effect"))]
        return Drawing(
            title, dot_chart(points, title, format_tick=self.formatter.ticks_of("share"), references=references)
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

    def _join(self, names: Sequence[str]) -> str:
        return ", ".join(names) or "–"

    def _points(self, difference: float) -> str:
        return "–" if math.isnan(difference) else _in_points(difference, self.renderer)

    def _difference(self, effect: Estimate) -> Cell:
        if math.isnan(effect.low):
            return Cell(self._points(effect.value))
        bounds = self.text("{low} to {high}", low=self._points(effect.low), high=self._points(effect.high))
        return Cell(self._points(effect.value), bounds, kind=self._colour(effect))

    def _value(self, estimate: Estimate, unit: Unit) -> Cell:
        kind = self._colour(estimate) if unit != "share" else ""
        if unit == "count" and math.isfinite(estimate.value):
            estimate = Estimate(
                *(float(round(bound)) if math.isfinite(bound) else bound for bound in _bounds(estimate))
            )
        return Cell(self.formatter.format(estimate.value, unit), self.formatter.interval(estimate, unit), kind=kind)

    def _colour(self, estimate: Estimate) -> str:
        return "" if not estimate.excludes(0) else "good" if estimate.value > 0 else "bad"

    def _evidence(self, e_value: float) -> str:
        if math.isnan(e_value):
            return "–"
        return (
            f"> {self._number(MAX_E_VALUE)}"
            if e_value > MAX_E_VALUE
            else format_number(e_value, self.formatter.language, n_decimals=1)
        )

    def _waiting(self, review: CampaignReview) -> str:
        n_waiting = review.checked.n_waiting
        return self.text("{n} customers can still respond", n=n_waiting) if n_waiting else ""

    def _count_in_both(self, review: CampaignReview) -> str:
        return self.text("{n} contacted anyway", n=review.done.n_in_both) if review.done.n_in_both else ""

    def _mood(self, review: CampaignReview) -> str:
        return "good" if review.action.action in GOOD else "bad" if review.action.action in BAD else ""


def _bounds(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high


def campaign_json(review: CampaignReview) -> dict[str, Any]:
    """A review as JSON; what is unknown is NaN, which becomes null."""
    checked = {
        name: dict(zip(("value", "low", "high"), _bounds(value), strict=True)) if isinstance(value, Estimate) else value
        for name, value in vars(review.checked).items()
    }
    planned, done, action = (msgspec.to_builtins(part) for part in (review.planned, review.done, review.action))
    return {"name": review.name, "plan": planned, "do": done, "check": checked, "act": action}
