"""Customer segments, tiers and ranks at a cutoff: their members, size, value, churn risk and health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import NotFound, did_you_mean
from core.feature_names import RuleVariable
from core.feature_table import FeatureTable
from core.interactions import codes_of
from core.segmentation import PredictedValue, Segmentation, SegmentFigures, ValueKind
from features.cohort import select_cohort
from features.pipeline import compute_features
from features.segments.customer_facts import load_customer_facts
from features.segments.membership import assign_customers, build_variables
from features.segments.predicted_variables import OF_CHURN, find_dependents, of_former_customers
from features.segments.rule_variables import RuleVariables, facts_for_rules, name_event_probability
from tables.tables import Tables


@dataclass(frozen=True)
class Probabilities:
    """Probabilities of the customers that a release scored."""

    customer_ids: NDArray[np.str_]
    "(n,), sorted."
    value: NDArray[np.float64]
    "(n,)"

    @classmethod
    def of_index(cls, ids: NDArray[np.bytes_], value: NDArray[np.float64]) -> Probabilities:
        """Build from the sorted UTF-8 ids of a release, (n,), and their probabilities, (n,)."""
        return cls(np.char.decode(ids, "utf-8") if len(ids) else np.empty(0, "U1"), value)

    @classmethod
    def unknown(cls) -> Probabilities:
        """No customer was scored."""
        return cls(np.empty(0, "U1"), np.empty(0))

    def of(self, customer_ids: NDArray[np.str_]) -> NDArray[np.float64]:
        """The probability of each of these customers, (m,); NaN for one without a score."""
        return np.append(self.value, np.nan)[codes_of(customer_ids, self.customer_ids)]


@dataclass(frozen=True)
class Risks:
    """The probabilities that segment rules may use, as a release has them."""

    churn: Probabilities
    source: str
    "Where the churn scores come from, as text; without scores, why there are none."
    events: Mapping[str, Probabilities] = field(default_factory=dict[str, Probabilities])
    "By event under [predict]."
    values: Probabilities | None = None
    "The predicted value of customers, in the same form; None without a value model."
    value_levels: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    "By what its total may be off."
    cutoff: date | None = None
    "Of the release; None without one."

    @classmethod
    def unknown(cls) -> Risks:
        """Those of no customer."""
        return cls(Probabilities.unknown(), source="")

    def limit_to(self, day: date) -> Risks:
        """These probabilities if a release before midnight of the day had them, else those of no customer."""
        return self if self.cutoff is not None and self.cutoff <= day else Risks.unknown()

    def missing_variables(self, config: Config) -> frozenset[str]:
        """The variables of rules that no customer has, because the release has no such scores, or of others alone."""
        missing = {name_event_probability(event) for event in config.predict if event not in self.events}
        if self.values is None:
            missing.add(RuleVariable.PREDICTED_VALUE)
        missing.update(of_former_customers(config))
        return frozenset(missing.union(OF_CHURN if not len(self.churn.customer_ids) else ()))

    def count_unscored(self, config: Config, customer_ids: NDArray[np.str_]) -> dict[str, int]:
        """By variable of rules that the release has scores for: how many of these customers have none."""
        events = {name_event_probability(event): self.events[event] for event in config.predict if event in self.events}
        scores = {**dict.fromkeys(OF_CHURN, self.churn), RuleVariable.PREDICTED_VALUE: self.values, **events}
        counts = {
            str(name): int(np.isnan(probabilities.of(customer_ids)).sum())
            for name, probabilities in scores.items()
            if probabilities is not None and name not in self.missing_variables(config)
        }
        return {name: n for name, n in counts.items() if n}

    def segment(self, tables: Tables, features: FeatureTable) -> Segmentation:
        """The segments and tiers of the customers of a feature table of one cutoff."""
        return assign_customers(
            tables.config, self._variables(tables, features), predicted_value=self._predict_value(features)
        )

    def variables(self, tables: Tables, features: FeatureTable) -> RuleVariables:
        """The variables of rules for the customers of a feature table of one cutoff, segments and tiers included."""
        variables = self._variables(tables, features)
        segmentation = assign_customers(tables.config, variables, predicted_value=self._predict_value(features))
        return replace(variables, memberships=segmentation.memberships())

    def _variables(self, tables: Tables, features: FeatureTable) -> RuleVariables:
        config = tables.config
        return build_variables(
            config,
            features,
            churn_probability=self.churn.of(features.customer_ids),
            event_probabilities={
                event: self.events.get(event, Probabilities.unknown()).of(features.customer_ids)
                for event in config.predict
            },
            predicted_value=self._predict_value(features),
            facts=load_customer_facts(tables, features, names=facts_for_rules(config)),
        )

    def _predict_value(self, features: FeatureTable) -> PredictedValue | None:
        return None if self.values is None else PredictedValue(self.values.of(features.customer_ids), self.value_levels)


class SegmentReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `kizuna segments` prints."""

    cutoff: date
    currency: str
    value_kind: ValueKind
    "What a customer's value measures."
    customers: int
    scored: int
    risk_source: str
    "Where the scores come from, as text."
    segments: tuple[SegmentFigures, ...]
    customer_tiers: tuple[SegmentFigures, ...]
    ranks: tuple[SegmentFigures, ...] = ()
    "Of the loyalty programme."
    without_scores: dict[str, tuple[str, ...]] = {}
    """\
    Segments, customer tiers and campaigns, as in 'segments.vip', with the predictions that their rules need and no
    customer has, because the release has none or they are of former customers: no customer is known to fit."""
    unscored: dict[str, dict[str, int]] = {}
    """\
    The same for predictions that the release has: how many of today's customers have none, such as new ones and those
    without consent to scores."""


def members_at(tables: Tables, cutoff: date, *, risks: Risks) -> dict[str, dict[str, NDArray[np.str_]]]:
    """The customer ids of each segment and tier, from data known before midnight of the cutoff.

    The keys are 'segment' and 'customer_tier', where the configuration has any. Without a release that was made by the
    cutoff, a rule on probabilities, health or predicted value fits no customer.
    """
    if not tables.config.segments and not tables.config.customer_tiers:
        return {}
    features = compute_features(tables, select_cohort(tables, [cutoff]))
    segmentation = risks.limit_to(cutoff).segment(tables, features)
    ids, customer_tiers = features.customer_ids, segmentation.customer_tier
    segments = {group.name: ids[segmentation.in_segment[:, place]] for place, group in enumerate(segmentation.segments)}
    tiered = {group.name: ids[customer_tiers == place] for place, group in enumerate(segmentation.customer_tiers)}
    return {by: members for by, members in {"segment": segments, "customer_tier": tiered}.items() if members}


def find_members(tables: Tables, cutoff: date, *, name: str, risks: Risks) -> NDArray[np.str_]:
    """The ids of a segment or customer tier, (n,), as known before the cutoff. Raises NotFound for an unknown name."""
    features = compute_features(tables, select_cohort(tables, [cutoff]))
    segmentation = risks.segment(tables, features)
    ids, tiers = features.customer_ids, segmentation.customer_tiers
    groups = {tier.name: ids[segmentation.customer_tier == place] for place, tier in enumerate(tiers)}
    groups |= {group.name: ids[segmentation.in_segment[:, place]] for place, group in enumerate(segmentation.segments)}
    if name not in groups:
        raise NotFound(f"no segment '{name}'{did_you_mean(name, groups) or '; define one under [segments]'}")
    return groups[name]


def segment_report(tables: Tables, cutoff: date, *, risks: Risks) -> SegmentReport:
    """The figures of every segment and tier of the configuration, from data known before midnight of the cutoff."""
    features = compute_features(tables, select_cohort(tables, [cutoff]))
    segmentation = risks.segment(tables, features)
    seed, unscored = tables.config.seed, risks.count_unscored(tables.config, features.customer_ids)
    dependents = find_dependents(tables.config, unscored)
    return SegmentReport(
        cutoff=cutoff,
        currency=tables.config.currency,
        value_kind=segmentation.value_kind,
        customers=len(features),
        scored=int((~np.isnan(segmentation.churn_probability)).sum()),
        risk_source=risks.source,
        segments=segmentation.segment_figures(seed),
        customer_tiers=segmentation.tier_figures(seed),
        ranks=segmentation.rank_figures(seed),
        without_scores=find_dependents(tables.config, risks.missing_variables(tables.config)),
        unscored={place: {name: unscored[name] for name in names} for place, names in dependents.items()},
    )
