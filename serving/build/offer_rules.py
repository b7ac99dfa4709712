"""Reads the variables that rules of offers use, for the customers of a release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.config.customers import segment_variable
from core.config.data_set import Config
from core.errors import DataError, RuleError
from core.model_kinds import CHURN, PREDICT, VALUE
from core.offers import CHANNEL, Offer
from core.rules.rule import Column, parse_rule
from features.segments.offer_variables import collect_offer_variables, names_in_offers
from features.segments.ranks import with_ranks
from serving.build.inputs import BuildInputs
from serving.build.segments import churn_probabilities, collect_predicted_value, event_probabilities
from serving.release.churn_part import ChurnPart
from serving.release.release import ReleasePart


def read_offer_variables(
    offers: Sequence[Offer], inputs: BuildInputs, *, parts: Mapping[str, ReleasePart | None]
) -> dict[str, Column]:
    """The variables that the offers' rules use, (n,) each. Raises RuleError, with the offer, for a mistake."""
    if len({offer.offer_id for offer in offers}) < len(offers):
        raise DataError("two offers have the same offer_id; offer ids must be unique")
    config = inputs.config
    columns = _collect(inputs, parts, names=names_in_offers(config, offers))
    for offer in offers:
        _evaluate_once(offer, columns, config=config)
    return columns


def read_segments(inputs: BuildInputs, *, parts: Mapping[str, ReleasePart | None]) -> dict[str, NDArray[np.str_]]:
    """The customers of each segment, in the order of the configuration; none where purchases have no times."""
    names = list(inputs.tables.config.segments)
    if not names or inputs.tables.is_undated("purchases"):
        return {}
    columns = _collect(inputs, parts, names=[segment_variable(name) for name in names])
    return {name: inputs.features.customer_ids[columns[segment_variable(name)] == 1] for name in names}


def _collect(
    inputs: BuildInputs, parts: Mapping[str, ReleasePart | None], *, names: Collection[str]
) -> dict[str, Column]:
    config, churn = inputs.config, parts.get(CHURN.name)
    features = with_ranks(inputs.features, config)
    ids = features.customer_ids
    return collect_offer_variables(
        inputs.tables,
        features,
        names=names,
        churn_probability=churn_probabilities(churn if isinstance(churn, ChurnPart) else None, ids),
        event_probabilities=event_probabilities(config, parts.get(PREDICT.name), customer_ids=ids),
        predicted_value=collect_predicted_value(parts.get(VALUE.name), customer_ids=ids),
    )


def missing_situation(config: Config, n: int) -> dict[str, Column]:
    """The variables of `[decisions] context`, missing for n customers: no request has sent them."""
    return {
        name: np.full(n, "") if kind == "text" else np.full(n, np.nan)
        for name, kind in config.decisions.context.items()
    }


def _evaluate_once(offer: Offer, columns: Mapping[str, Column], *, config: Config) -> None:
    """Evaluate a rule on no rows, so that a mistake stops the release and not a customer's request."""
    if offer.rule is None:
        return
    no_rows = missing_situation(config, 0) | {CHANNEL: np.empty(0, "U1")}
    try:
        parse_rule(offer.rule).evaluate(no_rows | {name: column[:0] for name, column in columns.items()})
    except RuleError as error:
        raise RuleError(f"[offer {offer.offer_id}]: {error}") from error
