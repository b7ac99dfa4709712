"""Builds releases from champions and the tables of a simulated shop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import msgspec
import numpy as np
import pytest

from core.config.customers import Segment
from core.config.data_set import Config
from core.config.loading import read_config
from core.errors import BadInput, NotFound, RuleError
from core.experiments import RandomisedRows
from core.model_card import Leak, ModelCard
from core.recommendations import STAGES
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.labels.labelling import describe_churn, label_lifetimes, label_outcomes
from features.pipeline import compute_features
from insights.health.day import NO_BANDS, HealthRun
from insights.health.files import write_day
from models.churn.logistic import Logistic
from models.hazard.logistic_hazard import LogisticHazard
from models.mlflow_store.package import ModelPackage
from models.recommenders.engine.base import Recommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from models.uplift.learner import LEARNERS
from models.uplift.uplift_model import TreatmentData, UpliftModel
from models.value.value_model import VALUE_MODELS
from serving.build.exports.files import EXPORTS, ExportOptions
from serving.build.inputs import Champions
from serving.build.release import BUILDERS, build_release
from serving.release.release import PARTS, Release
from serving.release.releases import Releases
from simulation.shop.simulate import ShopWorld, simulate_shop
from tables.building import tables_from_frames
from tables.consents import customers_refusing
from tables.tables import Tables
from tests.baskets import interactions
from tests.serving.sample_release import publish
from training.run.recipe import default_recipe
from training.value.rows import load_value_rows

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ShopWithChampions:
    """A simulated shop with its champions."""

    config: Config
    tables: Tables
    cutoff: date
    churn: ModelPackage
    recommender: ModelPackage

    @property
    def champions(self) -> Champions:
        """Both champions."""
        return Champions({"churn": self.churn, "recommender": self.recommender}, {})

    def with_recommender(self, model: Recommender) -> Champions:
        """A recommender alone."""
        return Champions({"recommender": replace(self.recommender, artifact=model.to_artifact())}, {})

    def release(self, champions: Champions | None = None) -> Release:
        """A release of this shop."""
        return release_of(self, champions=champions or self.champions)


@dataclass(frozen=True)
class FakeRegistry:
    """A registry with these champions."""

    champions: dict[str, ModelPackage]

    def find(self, kind: str, alias: str) -> str:
        if kind not in self.champions:
            raise NotFound(f"no '{alias}' of {kind}")
        return kind

    def package(self, kind: str) -> ModelPackage:
        return self.champions[kind]


def release_of(shop: ShopWithChampions, *, champions: Champions, **changes: Any) -> Release:
    """A release of the shop, with another configuration, other tables or another cutoff."""
    return build_release(
        changes.get("config", shop.config),
        changes.get("tables", shop.tables),
        champions=champions,
        cutoff=changes.get("cutoff", shop.cutoff),
        created_at=NOW,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> ShopWithChampions:
    """Three hundred customers, a logistic churn model and a popularity recommender."""
    simulated = simulate_shop(ShopWorld(n_customers=300, seed=5))
    config = read_config(simulated.write(tmp_path_factory.mktemp("shop")), {})
    tables = tables_from_frames(config, simulated.tables)
    cutoff = tables.default_cutoff()
    earlier = select_cohort(tables, [cutoff - timedelta(days=config.churn.horizon_days + 1)])
    features = compute_features(tables, earlier)
    churn = Logistic().fit(features, label_outcomes(tables, earlier))
    popularity = Popularity().fit(load_interactions(tables, cutoff), cutoff)
    return ShopWithChampions(
        config,
        tables,
        cutoff,
        ModelPackage(card("churn", features.digests), churn.to_artifact(), features.columns),
        ModelPackage(card("recommender", {}), popularity.to_artifact()),
    )


def card(kind: str, features: dict[str, str], **fields) -> ModelCard:
    """The card of version 3."""
    return ModelCard(
        kind=kind, data_set="shop", model="by_hand", version=3, created_at=NOW, cutoff=date(2026, 1, 1),
        training_cutoffs=(), test_cutoff=None, horizon_days=60, cohort="all", n_rows=1, n_customers=1, settings={},
        features=features, **fields,
    )  # fmt: skip


def test_a_release_scores_every_customer_with_the_features_at_the_cutoff(shop):
    release = shop.release()
    cohort = select_cohort(shop.tables, [shop.cutoff])
    model = Logistic.from_artifact(shop.churn.artifact)

    scores = model.score(
        compute_features(shop.tables, cohort, vocabularies=shop.churn.vocabularies), shop.config.churn.horizon_days
    )

    assert release.churn is not None
    consents = ~np.isin(cohort.customer_ids, customers_refusing(shop.tables, "score", cutoff=shop.cutoff))
    assert release.churn.index.ids.astype(str).tolist() == sorted(cohort.customer_ids[consents])
    assert release.churn.n_excluded == (~consents).sum() > 0
    assert release.churn.probability_of(cohort.customer_ids[7]) == scores.value[7]


def test_a_hazard_champion_gives_every_scored_customer_a_curve(shop, tmp_path):
    earlier = select_cohort(shop.tables, [shop.cutoff - timedelta(days=181)])
    features = compute_features(shop.tables, earlier)
    model = LogisticHazard().fit(features, label_lifetimes(shop.tables, earlier, follow_days=180))
    hazard = ModelPackage(card("hazard", features.digests), model.to_artifact(), features.columns)

    publish(tmp_path, shop.release(Champions({**shop.champions.packages, "hazard": hazard}, {})))
    opened = Releases(tmp_path).open_active()

    assert opened.churn is not None
    assert opened.hazard is not None
    assert (opened.hazard.index.ids == opened.churn.index.ids).all()
    assert (np.diff(opened.hazard.curves.risk, axis=1) >= 0).all()
    # Churn by inactivity takes at least a horizon of inactivity.
    assert (opened.hazard.curves.at(shop.config.churn.horizon_days - 30) == 0).all()
    assert (opened.hazard.monthly_revenue[~np.isnan(opened.hazard.monthly_revenue)] >= 0).all()


def test_a_value_champion_values_every_scored_customer_and_the_segments(shop, tmp_path):
    rows = load_value_rows(shop.tables)
    model = rows.fit(default_recipe(VALUE_MODELS, "mbg_nbd"), rows.cutoffs.test)
    value = ModelPackage(card("value", {}), model.to_artifact())
    segments = {"best": Segment(rule="predicted_value > 0"), "none": Segment(rule="predicted_value < 0")}
    config = msgspec.structs.replace(shop.config, segments=segments)

    champions = Champions({**shop.champions.packages, "value": value}, {})
    publish(tmp_path, release_of(shop, champions=champions, config=config))
    opened = Releases(tmp_path).open_active()

    assert opened.churn is not None
    assert opened.value is not None
    assert opened.segments is not None
    assert (opened.value.index.ids == opened.churn.index.ids).all()
    assert opened.value.horizon_days == 365
    assert opened.retention is not None
    assert opened.retention.assumptions is not None
    assert opened.retention.assumptions.value_kind == "predicted"
    assert opened.retention.values.tolist() == pytest.approx(opened.value.values_if_alive().tolist())
    assert {offer.kind for offer in opened.retention.offers} <= set(shop.config.offers.saving_kinds)
    best, none = opened.segments.segments
    assert best.equity.low < best.equity.value < best.equity.high
    assert best.equity.value == pytest.approx(opened.value.values().sum(), rel=1e-4)
    assert (best.customers, none.customers) == ((opened.value.values() > 0).sum(), 0)


def uplift_package(shop, learner: str) -> ModelPackage:
    """The effect of a voucher that half of the customers got, by one learner."""
    cohort = select_cohort(shop.tables, [shop.cutoff - timedelta(days=60)])
    features = compute_features(shop.tables, cohort)
    random = np.random.default_rng(0)
    randomised = RandomisedRows(
        customer_ids=features.customer_ids,
        treated=random.random(len(features)) < 0.5,
        outcomes=(random.random(len(features)) < 0.5).astype(np.float64),
        propensities=np.full(len(features), 0.5),
    )
    data = {"voucher": TreatmentData(features, randomised)}
    model = UpliftModel.fit({"voucher": LEARNERS[learner]()}, data, n_resamples=3)
    uplift = card("uplift", features.digests, is_baseline=learner == "average_effect")
    uplift = msgspec.structs.replace(uplift, model=learner)
    return ModelPackage(uplift, model.to_artifact(), features.columns)


def test_an_uplift_champion_says_what_an_offer_changes_for_every_scored_customer(shop, tmp_path):
    uplift = uplift_package(shop, "s_linear")

    publish(tmp_path, shop.release(Champions({**shop.champions.packages, "uplift": uplift}, {})))
    opened = Releases(tmp_path).open_active()

    assert opened.churn is not None
    assert opened.uplift is not None
    assert np.isin(opened.churn.index.ids, opened.uplift.index.ids).all()
    effects = opened.uplift.effects_of(str(opened.uplift.index.names()[7]))
    assert effects is not None
    assert [one.treatment for one in effects] == ["voucher"]
    assert effects[0].low < effects[0].effect < effects[0].high
    assert opened.uplift.effects.by_activity == ()


def test_an_average_effect_is_larger_for_customers_who_are_likelier_to_be_active(shop, tmp_path):
    rows = load_value_rows(shop.tables)
    model = VALUE_MODELS["mbg_nbd"]().fit(rows.training_at(rows.cutoffs.until))
    value = ModelPackage(card("value", {}), model.to_artifact())
    packages = {**shop.champions.packages, "value": value, "uplift": uplift_package(shop, "average_effect")}

    publish(tmp_path, shop.release(Champions(packages, {})))
    opened = Releases(tmp_path).open_active()

    assert opened.value is not None
    assert opened.uplift is not None
    effect, p_alive = opened.uplift.effects.effect[:, 0], opened.value.p_alive
    np.testing.assert_allclose(effect / effect.mean(), p_alive / p_alive.mean(), rtol=1e-3)
    assert opened.uplift.effects.by_activity == ("voucher",)


def test_a_curve_that_is_the_same_for_all_customers_is_not_released(shop):
    kaplan_meier = replace(shop.churn, card=card("hazard", {}, is_baseline=True))
    kaplan_meier = replace(kaplan_meier, card=msgspec.structs.replace(kaplan_meier.card, model="kaplan_meier"))

    champions = Champions.of(FakeRegistry({"churn": shop.churn, "hazard": kaplan_meier}))  # pyright: ignore[reportArgumentType]

    assert "hazard" not in champions.packages
    assert "predicts the same for every customer" in champions.missing["hazard"]
    assert "hazard" not in Champions.of(FakeRegistry({"churn": shop.churn})).missing  # pyright: ignore[reportArgumentType]


def test_an_opened_release_equals_the_built_one(shop, tmp_path):
    built = shop.release()

    publish(tmp_path, built)
    opened = Releases(tmp_path).open_active()

    assert opened.description.models["churn"].version == 3
    assert opened.recommender is not None
    assert built.recommender is not None
    assert (opened.recommender.top.best.items == built.recommender.top.best.items).all()
    assert opened.offers is not None
    assert opened.offers.book == built.offers.book


def test_no_offer_is_made_to_a_customer_who_refuses_contact(shop, tmp_path):
    publish(tmp_path, shop.release())
    offers = Releases(tmp_path).open_active().offers

    refusing = customers_refusing(shop.tables, "contact", cutoff=shop.cutoff)
    cohort = select_cohort(shop.tables, [shop.cutoff]).customer_ids
    assert offers is not None
    assert len(refusing) > 10
    assert not any(offers.may_contact(customer_id) for customer_id in refusing)
    assert all(offers.may_contact(customer_id) for customer_id in np.setdiff1d(cohort, refusing))


def test_a_champion_with_a_changed_feature_is_refused(shop):
    name = shop.churn.columns[3].name
    older = msgspec.structs.replace(shop.churn.card, features={**shop.churn.card.features, name: "another digest"})

    with pytest.raises(BadInput, match=rf"retrain: {name} changed .*run `kizuna train churn`"):
        shop.release(replace(shop.champions, packages={"churn": replace(shop.churn, card=older)}))


def test_a_champion_with_a_removed_feature_is_refused(shop):
    older = msgspec.structs.replace(shop.churn.card, features={**shop.churn.card.features, "gone": "digest"})

    with pytest.raises(BadInput, match="retrain: gone changed"):
        shop.release(replace(shop.champions, packages={"churn": replace(shop.churn, card=older)}))


def test_a_kind_without_a_champion_is_missing_with_the_reason(shop):
    champions = Champions.of(FakeRegistry({"recommender": shop.recommender}))  # pyright: ignore[reportArgumentType]

    release = shop.release(champions)

    assert release.churn is None
    assert "kizuna train churn" in release.description.missing["churn"]
    assert release.recommender is not None


def test_a_champion_that_does_not_beat_its_baselines_is_left_out_unless_it_is_one(shop):
    verdict = {"beats_baselines": False, "verdict": "no better than the base rate"}
    no_better = replace(shop.churn, card=card("churn", {}, **verdict))
    baseline = replace(shop.churn, card=card("churn", {}, **verdict, is_baseline=True))

    assert "no better than the base rate" in Champions.of(FakeRegistry({"churn": no_better})).missing["churn"]  # pyright: ignore[reportArgumentType]
    assert "churn" in Champions.of(FakeRegistry({"churn": baseline})).packages  # pyright: ignore[reportArgumentType]


def test_a_champion_promoted_by_force_is_released_whatever_its_card_says(shop):
    doubted = msgspec.structs.replace(
        shop.churn.card, beats_baselines=False, leaks=(Leak("exit_score", "exit_score tells all"),)
    )
    registry: Any = FakeRegistry({"churn": replace(shop.churn, card=doubted)})

    assert "exit_score tells all" in Champions.of(registry).missing["churn"]
    assert "exit_score tells all" in Champions.of(registry, forced={("churn", 2)}).missing["churn"]
    assert shop.release(Champions.of(registry, forced={("churn", 3)})).churn is not None
    assert "churn" in Champions.of(registry, skip=["churn"], forced={("churn", 3)}).missing


def test_a_champion_that_predicts_the_same_for_every_customer_is_not_released_even_by_force(shop):
    constant = msgspec.structs.replace(card("hazard", {}), model="kaplan_meier")
    registry: Any = FakeRegistry({"hazard": replace(shop.churn, card=constant)})

    assert "same for every customer" in Champions.of(registry, forced={("hazard", 3)}).missing["hazard"]


@pytest.mark.parametrize(
    ("currency", "decimals", "n_decimals"), [("JPY", None, 0), ("KWD", None, 3), ("EUR", None, 2), ("EUR", 0, 0)]
)
def test_expected_losses_are_exported_with_the_decimals_of_the_data_set(shop, currency, decimals, n_decimals):
    money = msgspec.structs.replace(shop.config.money, decimals=decimals)
    config = msgspec.structs.replace(shop.config, currency=currency, money=money)
    champions = Champions({"churn": shop.churn}, {})

    release = release_of(shop, champions=champions, config=config)

    blocks = EXPORTS["scores"].rows(release, ExportOptions())
    losses = [row["expected_loss"] for block in blocks for row in block if row["expected_loss"]]
    assert release.description.n_decimals == n_decimals
    assert max(decimals_in(loss) for loss in losses) == n_decimals


def decimals_in(amount: float) -> int:
    """How many decimals are written: 0 for 3.0, 2 for 3.25."""
    return len(f"{amount:.9f}".rstrip("0").partition(".")[2])


def test_a_champion_of_another_definition_of_churn_is_doubted(shop):
    today = describe_churn(shop.config.churn)

    def doubt(label: str) -> str:
        described = msgspec.structs.replace(shop.churn.card, label=label)
        return Champions({"churn": replace(shop.churn, card=described)}, {}).explain_other_churn(shop.config)

    assert doubt(today) == ""
    assert doubt("no usage for 30 days").startswith(
        f"the champion predicts 'no usage for 30 days', but [churn] says '{today}'; run `kizuna train churn`"
    )


def test_where_no_recommender_can_be_trained_training_one_is_no_advice(shop, monkeypatch):
    one_item = interactions("ada 2024-01-01 cup", "bo 2024-01-02 cup")
    monkeypatch.setattr("serving.build.recommender.load_interactions", lambda *_: one_item)

    release = shop.release(Champions.of(FakeRegistry({"churn": shop.churn})))  # pyright: ignore[reportArgumentType]

    assert release.description.missing["recommender"].startswith("all purchases are of one item, cup;")


def test_the_purchases_are_not_read_for_a_recommender_that_is_skipped(shop, monkeypatch):
    registry = FakeRegistry({"churn": shop.churn, "recommender": shop.recommender})
    champions = Champions.of(registry, skip=["recommender"])  # pyright: ignore[reportArgumentType]
    read: list[date] = []
    monkeypatch.setattr("serving.build.recommender.load_interactions", lambda tables, cutoff: read.append(cutoff))

    release = shop.release(champions)

    assert (release.recommender, read) == (None, [])
    assert release.description.missing["recommender"] == "skipped on request"


def test_a_model_can_be_skipped(shop):
    registry = FakeRegistry({"churn": shop.churn, "recommender": shop.recommender})

    champions = Champions.of(registry, skip=["churn"])  # pyright: ignore[reportArgumentType]

    assert list(champions.packages) == ["recommender"]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("returns_365 == 0", "unknown name 'returns_365'; did you mean one of returns_365d"),
        ("last_channel == 3", r"compares last_channel \(text\) with 3"),
        ("churn_probability > 0.4 and orders_90d == 'many'", r"compares orders_90d \(number\) with 'many'"),
        ("channel > 'mail'", "orders texts"),
        ("orders_90d >", "the rule"),
    ],
)
def test_a_rule_with_a_mistake_stops_the_release_and_names_its_offer(shop, rule, error):
    offers = shop.tables["offers"].mutate(rule=ibis.literal(rule))
    tables = replace(shop.tables, usable={**shop.tables.usable, "offers": offers})

    with pytest.raises(RuleError, match=rf"\[offer .+\]: .*{error}"):
        release_of(shop, champions=shop.champions, tables=tables)


def test_offers_whose_margin_is_unknown_are_left_out_of_the_release_with_the_reason(shop):
    offers = shop.tables["offers"].mutate(margin=ibis.null("float64"))
    tables = replace(shop.tables, usable={**shop.tables.usable, "offers": offers})

    release = release_of(shop, champions=shop.champions, tables=tables)

    assert release.offers is None
    assert "offers.margin: 14 of 14 offers have none" in release.description.missing["offers"]


@pytest.mark.parametrize("kind", [Popularity, PersonalFrequency])
def test_a_champion_without_item_similarity_is_released_with_an_item_knn(shop, kind, tmp_path):
    interactions = load_interactions(shop.tables, shop.cutoff)
    champion = kind().fit(interactions, shop.cutoff)
    expected = ItemKnn().fit(interactions, shop.cutoff)

    publish(tmp_path, shop.release(shop.with_recommender(champion)))
    opened = Releases(tmp_path).open_active()

    assert opened.description.similar_items is not None
    assert opened.description.similar_items.model == "item_knn"
    assert opened.recommender is not None
    item_id = str(champion.item_ids[3])
    assert opened.recommender.model.similar_items(item_id, 5) == expected.similar_items(item_id, 5) != []


def test_a_champion_with_item_similarity_is_released_alone(shop):
    release = shop.release(shop.with_recommender(ItemKnn().fit(load_interactions(shop.tables), shop.cutoff)))

    assert release.description.similar_items is None
    assert release.recommender is not None
    assert release.recommender.model.similarity_model_ is None


def test_an_older_champion_and_the_similarity_model_have_the_same_items(shop):
    early = shop.cutoff - timedelta(days=200)
    champion = PersonalFrequency().fit(load_interactions(shop.tables, early), early)

    release = shop.release(shop.with_recommender(champion))

    assert release.recommender is not None
    assert release.recommender.model.similarity_model_ is not None
    assert (release.recommender.model.similarity_model_.item_ids == release.recommender.model.item_ids).all()
    assert set(champion.item_ids) < set(release.recommender.model.item_ids)
    assert STAGES.index("similar_items") in release.recommender.top.best.stages


def test_unavailable_items_are_those_of_the_items_table(shop):
    items = shop.tables.latest()["items"].filter(ibis._.available.isin([False])).item_id.to_pyarrow().to_pylist()

    release = shop.release()

    assert release.recommender is not None
    assert release.recommender.items.unavailable_ids == sorted(items)


def test_a_release_contains_every_customers_segments_and_facts(shop):
    segments = {"lively": Segment(rule="recency_days < 30"), "risky": Segment(top=0.1, by="churn_probability")}
    config = msgspec.structs.replace(shop.config, segments=segments)

    release = release_of(shop, champions=shop.champions, config=config)

    part, churn = release.segments, release.churn
    assert part is not None
    assert churn is not None
    lively, risky = part.segments
    recency_days = [part.facts_of(row).figures.recency_days for row in range(len(part))]
    assert lively.customers == sum(days is not None and days < 30 for days in recency_days)
    assert risky.customers == round(0.1 * len(part))
    assert risky.risk.value > 2 * lively.risk.value
    row = int(np.flatnonzero(part.in_segment[:, 1])[0])
    probability = churn.probability_of(part.index.name(row))
    assert probability is not None
    assert probability >= np.quantile(churn.probability, 0.9)


def test_a_release_contains_recent_health_of_every_customer_who_consents(shop, tmp_path):
    config = msgspec.structs.replace(shop.config, var=str(tmp_path))
    model = Logistic.from_artifact(shop.churn.artifact)
    run = HealthRun(shop.tables, model)
    write_day(config.places.health, run.compute(shop.cutoff, NO_BANDS), model_version=3)

    release = release_of(shop, champions=shop.champions, config=config)
    later = release_of(shop, champions=shop.champions, config=config, cutoff=shop.cutoff + timedelta(days=29))

    assert release.health is not None
    assert release.segments is not None
    assert release.churn is not None
    assert "health" not in release.description.missing
    assert release.health.index.ids.tolist() == release.churn.index.ids.tolist()
    customer_id = release.health.index.name(5)
    record = release.health.health_of(customer_id)
    assert record is not None
    assert record.health == release.segments.health_of(release.segments.index.find(customer_id))
    assert later.health is None
    assert "kizuna health" in later.description.missing["health"]


def test_every_part_of_a_release_has_a_builder():
    assert set(BUILDERS) == set(PARTS)
