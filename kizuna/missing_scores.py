"""What segments, customer tiers and campaigns do not know because customers have no predictions, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from core.config.data_set import Config
from core.feature_names import RuleVariable
from core.i18n.translation import Language, translate
from core.model_kinds import CHURN, PREDICT, VALUE, ModelKind

if TYPE_CHECKING:
    from insights.segments import SegmentReport


def describe_missing_scores(
    without_scores: Mapping[str, tuple[str, ...]], *, config: Config, language: Language
) -> Iterator[str]:
    """One line for each segment whose rule needs predictions that no customer of today has, and what helps."""
    from features.segments.predicted_variables import of_former_customers

    sentence = (
        "[{place}] needs {names}, which the active release does not have, so no customer is known to fit; run {train}, "
        "then `kizuna release`"
    )
    of_others = (
        "[{place}] needs {name}, which [predict.{event}] predicts for former customers only, so none of today's "
        "customers is known to fit; export former customers with `kizuna score --event {event}`, or set customers = "
        "'all' under [predict.{event}]"
    )
    events = of_former_customers(config)
    for place, names in without_scores.items():
        for name in events.keys() & names:
            yield translate(of_others, language, place=place, name=name, event=events[name])
        untrained = [name for name in names if name not in events]
        commands = dict.fromkeys(f"`{_kind_of(name).train_command} --promote`" for name in untrained)
        if untrained:
            texts = {"place": place, "names": ", ".join(untrained), "train": ", ".join(commands)}
            yield translate(sentence, language, **texts)


def describe_unscored(report: SegmentReport, language: Language) -> Iterator[str]:
    """One line for each prediction of a rule that some of today's customers do not have."""
    sentence = (
        "[{place}] needs {name}, which {n} of {customers} customers do not have in the active release, so it is not "
        "known whether they fit"
    )
    for place, names in report.unscored.items():
        for name, n in names.items():
            yield translate(sentence, language, n=n, customers=report.customers, place=place, name=name)


def _kind_of(variable: str) -> ModelKind:
    """The kind of model that predicts a variable of rules."""
    if variable == RuleVariable.PREDICTED_VALUE:
        return VALUE
    return CHURN if variable in (RuleVariable.CHURN_PROBABILITY, RuleVariable.HEALTH) else PREDICT
