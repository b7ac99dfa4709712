"""The health-check letter as a page that can be sent or printed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from insights.letter.health_check import HealthCheck
from insights.render.formatting import Formatter
from insights.render.report_page import templates
from insights.render.translations import Language, Words

TRIED = 2
"How many things a customer is asked to try."


def letter_of(check: HealthCheck, language: Language) -> str:
    """The HTML, in English or Japanese."""
    words = Words(language)
    speech = Formatter(words, "", 0)
    return (
        templates()
        .get_template("letter.html.j2")
        .render(
            check=check,
            words=words,
            speech=speech,
            thanks=_thanks(check, speech),
            facts=list(_facts(check, speech)),
            steps=list(_steps(check, speech)),
            share=lambda share: "" if math.isnan(share) else f"{share:.0%}",
        )
    )


def _thanks(check: HealthCheck, speech: Formatter) -> str:
    if check.standing.since is None:
        return speech.words.letter("thanks", days=str(check.days))
    return speech.words.letter("thanks_since", days=str(check.days), month=speech.month(check.standing.since))


def _facts(check: HealthCheck, speech: Formatter) -> Iterator[tuple[str, str]]:
    """What stands at the top: a name and what it is."""
    words, standing, support = speech.words, check.standing, check.support
    if standing.plan:
        yield words.letter("plan"), standing.plan
    if standing.n_people is not None and standing.seats:
        yield words.letter("seats"), f"{standing.n_people} / {standing.seats}"
    elif standing.n_people is not None:
        yield words.letter("people"), str(standing.n_people)
    if check.of_goods:
        yield words.letter("orders"), str(check.n_days_active)
        yield words.letter("kinds_bought"), str(check.n_used)
    else:
        yield words.letter("days_used"), f"{check.n_days_active} / {check.days}"
        yield words.letter("features_used"), str(check.n_used)
    if support is not None and support.opened:
        answered, opened = str(support.answered), str(support.opened)
        yield words.letter("tickets"), words.letter("tickets_of", answered=answered, opened=opened)
        if not math.isnan(support.hours_to_answer):
            yield words.letter("hours"), speech.hours(support.hours_to_answer)


def _steps(check: HealthCheck, speech: Formatter) -> Iterator[str]:
    """What is suggested next, at least one thing."""
    words, standing = speech.words, check.standing
    for habit in check.unused[:TRIED]:
        tried = "try_kind" if check.of_goods else "try_feature"
        yield words.letter(tried, thing=habit.thing, share=f"{habit.share_of_like:.0%}")
    if standing.seats and standing.n_people is not None and standing.seats > standing.n_people:
        yield words.letter("invite", unused=str(standing.seats - standing.n_people), seats=str(standing.seats))
    if check.support is not None and check.support.open:
        yield words.letter("open_tickets", open=str(check.support.open))
    if standing.renews_on is not None:
        yield words.letter("renewal", day=speech.day(standing.renews_on))
    yield words.letter("tell_us")
