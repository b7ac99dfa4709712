"""From champions and tables to a release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import ibis
import msgspec
import numpy as np
import pytest

from core.config.customers import Segment
from core.config.data_set import Config
from core.config.loading import read_config
from core.errors import BadInput, NotFound, RuleError
from core.model_card import ModelCard
from core.recommendations import STAGES
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.labels.labelling import label_lifetimes, label_outcomes
from features.pipeline import compute_features
from insights.health.day import NO_BANDS, HealthRun
from insights.health.files import write_day
from models.churn.logistic import Logistic
from models.hazard.hazard_models import LogisticHazard
from models.mlflow_store.package import ModelPackage
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from serving.build.release import Champions, build_release
from serving.release.release import Release
from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld, simulate_shop
from tables.consents import customers_refusing
from tables.tables import Tables, tables_from_frames
from tests.serving.hand_made import put_in_force

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RequestContext:
    """A simulated shop with its champions."""

    config: Config
    tables: Tables
    cutoff: date
    churn: ModelPackage
    recommender: ModelPackage

    @property
    def champions(self) -> Champions:
        """Both."""
        return Champions({"churn": self.churn, "recommender": self.recommender}, {})

    def with_recommender(self, model: LadderRecommender) -> Champions:
        """The recommender alone."""
        return Champions({"recommender": replace(self.recommender, artifact=model.to_artifact())}, {})

    def release(self, champions: Champions | None = None) -> Release:
        """A release of this shop."""
        return build_release(self.config, self.tables, champions or self.champions, self.cutoff, NOW)


@dataclass(frozen=True)
class Catalogue:
    """A registry that holds these champions."""

    champions: dict[str, ModelPackage]

    def find(self, kind: str, alias: str) -> str:
        if kind not in self.champions:
            raise NotFound(f"no '{alias}' of {kind}")
        return kind

    def package(self, kind: str) -> ModelPackage:
        return self.champions[kind]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> RequestContext:
    """Three hundred customers, a logistic churn model and what is popular."""
    simulated = simulate_shop(ShopWorld(n_customers=300, seed=5))
    config = read_config(simulated.write(tmp_path_factory.mktemp("shop")), {})
    tables = tables_from_frames(config, simulated.tables)
    cutoff = tables.default_cutoff()
    earlier = select_cohort(tables, [cutoff - timedelta(days=config.churn.horizon_days + 1)])
    features = compute_features(tables, earlier)
    churn = Logistic().fit(features, label_outcomes(tables, earlier))
    bought = Popularity().fit(load_interactions(tables, cutoff), cutoff)
    return RequestContext(
        config,
        tables,
        cutoff,
        ModelPackage(card("churn", features.digests), churn.to_artifact(), features.columns),
        ModelPackage(card("recommender", {}), bought.to_artifact()),
    )


def card(kind: str, features: dict[str, str], **said) -> ModelCard:
    """The card of version 3."""
    return ModelCard(
        kind=kind, data_set="shop", model="by_hand", version=3, created_at=NOW, cutoff=date(2026, 1, 1),
        training_cutoffs=(), test_cutoff=None, horizon_days=60, cohort="all", n_rows=1, n_customers=1, settings={},
        features=features, **said,
    )  # fmt: skip


def test_a_release_scores_everybody_by_the_features_of_the_cutoff(shop):
    release = shop.release()
    cohort = select_cohort(shop.tables, [shop.cutoff])
    model = Logistic.from_artifact(shop.churn.artifact)

    scores = model.score(
        compute_features(shop.tables, cohort, vocabularies=shop.churn.vocabularies), shop.config.churn.horizon_days
    )

    assert release.churn is not None
    willing = ~np.isin(cohort.customer_ids, customers_refusing(shop.tables, "score", cutoff=shop.cutoff))
    assert release.churn.index.ids.astype(str).tolist() == sorted(cohort.customer_ids[willing])
    assert release.churn.n_left_out == (~willing).sum() > 0
    assert release.churn.probability_of(cohort.customer_ids[7]) == scores.value[7]


def test_a_hazard_champion_gives_everybody_who_is_scored_a_curve(shop, tmp_path):
    earlier = select_cohort(shop.tables, [shop.cutoff - timedelta(days=181)])
    features = compute_features(shop.tables, earlier)
    model = LogisticHazard().fit(features, label_lifetimes(shop.tables, earlier, follow_days=180))
    hazard = ModelPackage(card("hazard", features.digests), model.to_artifact(), features.columns)

    put_in_force(tmp_path, shop.release(Champions({**shop.champions.packages, "hazard": hazard}, {})))
    opened = Releases(tmp_path).current()

    assert opened.churn is not None
    assert opened.hazard is not None
    assert (opened.hazard.index.ids == opened.churn.index.ids).all()
    assert (np.diff(opened.hazard.curves.risk, axis=1) >= 0).all()
    # Nobody is lost to silence before the silence of a horizon is over.
    assert (opened.hazard.curves.at(shop.config.churn.horizon_days - 30) == 0).all()
    assert (opened.hazard.monthly_revenue[~np.isnan(opened.hazard.monthly_revenue)] >= 0).all()


def test_a_curve_that_is_the_same_for_everybody_is_not_released(shop):
    alike = replace(shop.churn, card=card("hazard", {}, is_baseline=True))
    alike = replace(alike, card=msgspec.structs.replace(alike.card, model="kaplan_meier"))

    champions = Champions.of(Catalogue({"churn": shop.churn, "hazard": alike}))  # pyright: ignore[reportArgumentType]

    assert "hazard" not in champions.packages
    assert "says the same of every customer" in champions.missing["hazard"]
    assert "hazard" not in Champions.of(Catalogue({"churn": shop.churn})).missing  # pyright: ignore[reportArgumentType]


def test_what_was_built_is_what_is_opened(shop, tmp_path):
    built = shop.release()

    put_in_force(tmp_path, built)
    opened = Releases(tmp_path).current()

    assert opened.description.models["churn"].version == 3
    assert opened.recommender is not None
    assert built.recommender is not None
    assert (opened.recommender.top.best.items == built.recommender.top.best.items).all()
    assert opened.offers is not None
    assert opened.offers.book == built.offers.book


def test_a_champion_whose_features_have_changed_since_is_refused(shop):
    name = shop.churn.columns[3].name
    older = msgspec.structs.replace(shop.churn.card, features={**shop.churn.card.features, name: "another digest"})

    with pytest.raises(BadInput, match=rf"retrain: {name} changed .*run `kizuna train churn`"):
        shop.release(replace(shop.champions, packages={"churn": replace(shop.churn, card=older)}))


def test_a_feature_that_is_gone_has_changed(shop):
    older = msgspec.structs.replace(shop.churn.card, features={**shop.churn.card.features, "gone": "digest"})

    with pytest.raises(BadInput, match="retrain: gone changed"):
        shop.release(replace(shop.champions, packages={"churn": replace(shop.churn, card=older)}))


def test_what_has_no_champion_is_missing_with_the_reason(shop):
    champions = Champions.of(Catalogue({"recommender": shop.recommender}))  # pyright: ignore[reportArgumentType]

    release = shop.release(champions)

    assert release.churn is None
    assert "kizuna train churn" in release.description.missing["churn"]
    assert release.recommender is not None


def test_a_champion_that_learnt_nothing_is_left_out_but_a_baseline_is_not(shop):
    verdict = {"beats_baselines": False, "verdict": "no better than the base rate"}
    useless = replace(shop.churn, card=card("churn", {}, **verdict))
    first_day = replace(shop.churn, card=card("churn", {}, **verdict, is_baseline=True))

    assert "no better than the base rate" in Champions.of(Catalogue({"churn": useless})).missing["churn"]  # pyright: ignore[reportArgumentType]
    assert "churn" in Champions.of(Catalogue({"churn": first_day})).packages  # pyright: ignore[reportArgumentType]


def test_a_model_can_be_left_out_on_demand(shop):
    shelf = Catalogue({"churn": shop.churn, "recommender": shop.recommender})

    champions = Champions.of(shelf, without=["churn"])  # pyright: ignore[reportArgumentType]

    assert list(champions.packages) == ["recommender"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("returns_365 == 0", "unknown name 'returns_365'"),
        ("last_channel == 3", r"compares last_channel \(text\) with 3"),
        ("churn_probability > 0.4 and orders_90d == 'many'", r"compares orders_90d \(number\) with 'many'"),
        ("channel > 'mail'", "asks for an order of texts"),
        ("orders_90d >", "the rule"),
    ],
)
def test_a_rule_that_must_fail_stops_the_release_and_names_its_offer(shop, rule, fault):
    offers = shop.tables["offers"].mutate(rule=ibis.literal(rule))
    tables = replace(shop.tables, usable={**shop.tables.usable, "offers": offers})

    with pytest.raises(RuleError, match=f"offer '.+': .*{fault}"):
        build_release(shop.config, tables, shop.champions, shop.cutoff, NOW)


@pytest.mark.parametrize("kind", [Popularity, PersonalFrequency])
def test_beside_a_champion_that_knows_no_likeness_an_item_knn_is_released(shop, kind, tmp_path):
    bought = load_interactions(shop.tables, shop.cutoff)
    champion = kind().fit(bought, shop.cutoff)
    expected = ItemKnn().fit(bought, shop.cutoff)

    put_in_force(tmp_path, shop.release(shop.with_recommender(champion)))
    opened = Releases(tmp_path).current()

    assert opened.description.similar_items is not None
    assert opened.description.similar_items.model == "item_knn"
    assert opened.recommender is not None
    item_id = str(champion.item_ids[3])
    assert opened.recommender.model.similar(item_id, 5) == expected.similar(item_id, 5) != []


def test_a_champion_that_knows_likeness_needs_none_beside_it(shop):
    release = shop.release(shop.with_recommender(ItemKnn().fit(load_interactions(shop.tables), shop.cutoff)))

    assert release.description.similar_items is None
    assert release.recommender is not None
    assert release.recommender.model.similarity_model_ is None


def test_an_older_champion_and_the_model_beside_it_speak_of_the_same_items(shop):
    early = shop.cutoff - timedelta(days=200)
    champion = PersonalFrequency().fit(load_interactions(shop.tables, early), early)

    release = shop.release(shop.with_recommender(champion))

    assert release.recommender is not None
    assert release.recommender.model.similarity_model_ is not None
    assert (release.recommender.model.similarity_model_.item_ids == release.recommender.model.item_ids).all()
    assert set(champion.item_ids) < set(release.recommender.model.item_ids)
    assert STAGES.index("similar_items") in release.recommender.top.best.stages


def test_hidden_items_are_those_that_the_table_says_are_gone(shop):
    items = shop.tables.latest()["items"].filter(ibis._.available.isin([False])).item_id.to_pyarrow().to_pylist()

    release = shop.release()

    assert release.recommender is not None
    assert release.recommender.items.unavailable_ids == sorted(items)


def test_the_release_holds_every_customers_segments_and_facts(shop):
    stated = {"lively": Segment(rule="recency_days < 30"), "risky": Segment(top=0.1, by="churn_probability")}
    config = msgspec.structs.replace(shop.config, segments=stated)

    found = build_release(config, shop.tables, shop.champions, shop.cutoff, NOW)

    part, churn = found.segments, found.churn
    assert part is not None
    assert churn is not None
    lively, risky = part.segments
    recency_days = [part.facts_of(row).figures.recency_days for row in range(len(part))]
    assert lively.customers == sum(days is not None and days < 30 for days in recency_days)
    assert risky.customers == round(0.1 * len(part))
    assert risky.risk.value > 2 * lively.risk.value
    who = int(np.flatnonzero(part.in_segment[:, 1])[0])
    assert churn.probability_of(part.index.name(who)) >= np.quantile(churn.probability, 0.9)


def test_a_release_takes_over_what_was_judged_of_everybody_but_the_unwilling_and_says_where_it_is_too_old(
    shop, tmp_path
):
    config = msgspec.structs.replace(shop.config, var=str(tmp_path))
    model = Logistic.from_artifact(shop.churn.artifact)
    run = HealthRun(shop.tables, model)
    write_day(config.places.health, run.compute(shop.cutoff, NO_BANDS), 3)

    release = build_release(config, shop.tables, shop.champions, shop.cutoff, NOW)
    later = build_release(config, shop.tables, shop.champions, shop.cutoff + timedelta(days=29), NOW)

    assert release.health is not None
    assert release.segments is not None
    assert release.churn is not None
    assert "health" not in release.description.missing
    assert release.health.index.ids.tolist() == release.churn.index.ids.tolist()
    who = release.health.index.name(5)
    judged = release.health.of_customer(who)
    assert judged is not None
    assert judged.health == release.segments.health_of(release.segments.index.find(who))
    assert later.health is None
    assert "kizuna health" in later.description.missing["health"]
