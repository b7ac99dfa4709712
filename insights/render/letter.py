"""The letter to one customer as an HTML page that can be sent or printed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core.i18n.formatting import format_percent
from core.i18n.translation import Language
from insights.letter.health_check import HealthCheck
from insights.render.formatting import Formatter
from insights.render.report import load_templates

MAX_SUGGESTIONS = 2
"Things that a customer is invited to try."
WHO_IS_SIMILAR = {
    "subscribing": "Similar customers are {n} customers on your plan, of similar size, who have been with us for at "
    "least a year. The percentage is the share of them who use a feature.",
    "subscribing_any_size": "Similar customers are {n} customers on your plan who have been with us for at least a "
    "year. The percentage is the share of them who use a feature.",
    "buying": "Similar customers are {n} repeat customers who buy some of the same categories. The percentage is the "
    "share of them who buy a category.",
}


def render_letter(check: HealthCheck, language: Language) -> str:
    """The page in one language."""
    formatter = Formatter(language, "", 0)
    return (
        load_templates()
        .get_template("letter.html.j2")
        .render(
            check=check,
            text=formatter.translate,
            formatter=formatter,
            opening=_opening(check, formatter),
            facts=list(_facts(check, formatter)),
            suggestions=list(_suggestions(check, formatter)),
            similar=_similar(check, formatter),
            title=_title(check, formatter),
            share=lambda share: "" if math.isnan(share) else format_percent(share, language),
        )
    )


def _title(check: HealthCheck, formatter: Formatter) -> str:
    if check.n_days_active is None:
        return formatter.translate("Your customer review")
    return formatter.translate("Your purchase review" if check.are_purchases else "Your usage review")


def _opening(check: HealthCheck, formatter: Formatter) -> str:
    if check.profile.since is not None and not check.has_habits:
        return formatter.translate(
            "Thank you for being our customer since {month}. This letter sums up what we have on record and what we "
            "suggest next.",
            month=formatter.month(check.profile.since),
        )
    if check.profile.since is None:
        return formatter.translate(
            "Thank you for being our customer. This letter sums up your last {days} days, "
            "what similar customers find useful, and what we suggest next.",
            days=check.days,
        )
    return formatter.translate(
        "Thank you for being our customer since {month}. This letter sums up your last {days} days, "
        "what similar customers find useful, and what we suggest next.",
        days=check.days,
        month=formatter.month(check.profile.since),
    )


def _facts(check: HealthCheck, formatter: Formatter) -> Iterator[tuple[str, str]]:
    """Names and values for the overview at the top."""
    text, profile, support = formatter.translate, check.profile, check.support
    if profile.plan:
        yield text("Plan"), profile.plan
    if profile.n_people is not None and profile.seats:
        yield text("Active users / seats"), f"{profile.n_people} / {profile.seats}"
    elif profile.n_people is not None:
        yield text("Active users"), str(profile.n_people)
    if check.n_days_active is not None:
        days = str(check.n_days_active) if check.are_purchases else f"{check.n_days_active} / {check.days}"
        yield text("Orders" if check.are_purchases else "Days with usage"), days
    if check.has_habits:
        yield text("Product categories bought" if check.are_purchases else "Features used"), str(check.n_used)
    if check.n_answers:
        yield text("Surveys answered in the past year"), str(check.n_answers)
    if support is not None and support.opened:
        answered = text("{answered} of {opened}", answered=support.answered, opened=support.opened)
        yield text("Support requests answered in the past year"), answered
        if not math.isnan(support.hours_to_answer):
            yield text("Typical time to our first response"), formatter.hours(support.hours_to_answer)


def _suggestions(check: HealthCheck, formatter: Formatter) -> Iterator[str]:
    """At least one suggestion."""
    text, profile = formatter.translate, check.profile
    try_it = "Try {thing}: {share} of similar customers use it. We would be happy to show you how in a short call."
    if check.are_purchases:
        try_it = "Have a look at {thing}: {share} of similar customers buy it."
    for habit in check.unused[:MAX_SUGGESTIONS]:
        yield text(try_it, thing=habit.thing, share=format_percent(habit.share_of_similar, formatter.language))
    if profile.seats and profile.n_people is not None and profile.seats > profile.n_people:
        yield text(
            "{unused} of your {seats} seats were not used in this period. Invite colleagues, "
            "or ask us for an introduction for new users.",
            unused=profile.seats - profile.n_people,
            seats=profile.seats,
        )
    if check.support is not None and check.support.open:
        yield text("Your open support requests: {open}. We will get back to you about them.", open=check.support.open)
    if profile.renews_on is not None:
        yield text(
            "Your contract is up for renewal on {day}. "
            "We would be glad to go through this letter with you before then.",
            day=formatter.day(profile.renews_on),
        )
    yield text("Tell us what you would like to see next. We read every answer.")


def _similar(check: HealthCheck, formatter: Formatter) -> str:
    """Who the similar customers are; '' where the letter compares with none."""
    is_compared = bool(check.used or check.unused)
    message = WHO_IS_SIMILAR.get(check.similar.by) if is_compared else None
    return formatter.translate(message, n=len(check.similar.customer_ids)) if message else ""
