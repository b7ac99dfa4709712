"""Evaluation protocols on any data set: every recommender on one split of its purchases, with baselines.

    last_basket_out      each customer's last basket is found from the earlier ones, as in papers
    global_time_split    the purchases after one cutoff are found from those before it
    fixed_split          a test file is found from all purchases of the TOML

Nothing is registered, and settings are not chosen here: `kizuna train` and `kizuna tune` do that. Repeats count where
they do in training, by the stated or the data's repeat policy; a fixed split always masks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from core.config.training import RecommenderSettings
from core.errors import BadInput, NotEnoughHistory, UnknownName, did_you_mean
from core.interactions import Histories, Interactions, codes_of
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations, RepeatPolicy
from features.interactions import encode_sorted, load_choices
from features.repeat_policy import repeat_policy_of
from models.metrics.ranking.evaluation import compare_rankings, ranking_metrics
from models.metrics.ranking.protocols.fixed_split import FixedSplit
from models.metrics.ranking.protocols.global_time_split import GlobalTimeSplit
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.metrics.ranking.splits import EvaluationProtocol, Split, generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.holdout import LAST_BASKET
from tables.cleaning.ids_of_files import read_ids
from training.recommender.pipeline import select_recipes
from training.recommender.rows import ranking_cutoffs, threads_for
from training.recommender.study import ALWAYS_TESTED, BASELINE, repeats_sentence
from training.recommender.trials import SKIPPED_ERRORS
from training.recommender.tuned import read_tuned
from training.run.recipe import Recipe
from training.run.session import Session

NAMES = (LastBasketOut.name, GlobalTimeSplit.name, FixedSplit.name)


@dataclass(frozen=True, kw_only=True)
class ProtocolResults:
    """The figures of every model on one split."""

    protocol: str
    description: str
    repeats: str
    "Whether repeats count, and by which repeat policy."
    n_customers: int
    n_items: int
    metrics: tuple[Metric, ...]
    comparisons: tuple[Comparison, ...]
    "In NDCG at the first k, of every model with each baseline."
    skipped: dict[str, str]
    "Models that could not be fitted, and why."


def evaluate_protocol(
    session: Session,
    protocol: str,
    *,
    models: tuple[str, ...] = (),
    ks: tuple[int, ...] = (10, 20),
    test: Path | None = None,
) -> ProtocolResults:
    """Fit the models, or all that training tries, on the split of a protocol, and measure their lists.

    Tuned settings are used. Raises UnknownName, BadInput for a missing test file, and NotEnoughHistory.
    """
    interactions = load_choices(session.tables)
    policy = repeat_policy_of(session.config.recommender, interactions.histories)
    how = _protocol(session, protocol, interactions=interactions, test=test, masks_seen=policy == "never")
    split = how.split(interactions)
    recipes = _recipes(session, models, protocol=protocol)
    answers: dict[str, Recommendations] = {}
    skipped: dict[str, str] = {}
    for name, recipe in session.progress.over(list(recipes.items()), protocol):
        try:
            answers[name] = _answer(recipe, split, k=max(ks), discovery=session.config.recommender.discovery)
        except SKIPPED_ERRORS as fault:
            skipped[name] = str(fault)
    past = split.training.histories
    metrics = [
        metric
        for name, answer in answers.items()
        for metric in ranking_metrics(name, answer, truth=split.truth, past=past, ks=ks)
    ]
    return ProtocolResults(
        protocol=protocol,
        description=how.description,
        repeats=_describe_policy(session.config.recommender, policy, split=split, histories=interactions.histories),
        n_customers=len(split),
        n_items=len(split.training.item_ids),
        metrics=tuple(metrics),
        comparisons=tuple(_comparisons(answers, split, name=f"ndcg@{ks[0]}")),
        skipped=skipped,
    )


def _describe_policy(settings: RecommenderSettings, policy: RepeatPolicy, *, split: Split, histories: Histories) -> str:
    """Whether repeats count in a split, by which policy and why."""
    sentence = repeats_sentence(histories, masks_seen=split.masks_seen, discovery=settings.discovery)
    if split.masks_seen != (policy == "never"):
        return sentence
    origin = "chosen by the data" if settings.repeat_policy == "auto" else "stated in the TOML"
    tested = "; tests, like those of training, count every repeat, due or not" if policy == "due" else ""
    return f"Repeat policy {policy}, {origin}{tested}. {sentence}"


def _protocol(
    session: Session, name: str, *, interactions: Interactions, test: Path | None, masks_seen: bool
) -> EvaluationProtocol:
    if name in (LastBasketOut.name, GlobalTimeSplit.name) and session.tables.is_undated("purchases"):
        raise NotEnoughHistory(f"purchases has no event_time; {name} needs it: use {FixedSplit.name} with a test file")
    if name == LastBasketOut.name:
        return LastBasketOut(masks_seen=masks_seen)
    if name == GlobalTimeSplit.name:
        days = session.config.recommender.horizon_days
        return GlobalTimeSplit(ranking_cutoffs(session.tables)[-1], days, masks_seen)
    if name != FixedSplit.name:
        raise UnknownName(f"no protocol '{name}'{did_you_mean(name, NAMES)}")
    if test is None:
        raise BadInput("fixed_split needs the file of the test part: --test test.parquet with customer_id and item_id")
    return FixedSplit(read_test_file(test, interactions))


def read_test_file(path: Path, training: Interactions) -> Histories:
    """The purchases of a .csv or .parquet file with the columns customer_id and item_id, sorted by customer.

    Ids are read as those of the tables are; rows without one are left out. Raises BadInput for a file that cannot be
    read or lacks a column.
    """
    try:
        text = csv.ConvertOptions(column_types={"customer_id": pa.string(), "item_id": pa.string()})
        table = csv.read_csv(path, convert_options=text) if path.suffix == ".csv" else parquet.read_table(path)
    except (OSError, pa.ArrowInvalid) as fault:
        raise BadInput(f"{path} cannot be read; give a .csv or .parquet file with customer_id and item_id") from fault
    for column in ("customer_id", "item_id"):
        if column not in table.column_names:
            raise BadInput(f"{path} has no column {column}; it has {', '.join(table.column_names)}")
    ids, rows = encode_sorted(read_ids(table["customer_id"]))
    names, items = encode_sorted(read_ids(table["item_id"]))
    catalogue = np.unique(np.concatenate([names, training.item_ids]))
    order = np.flatnonzero((rows >= 0) & (items >= 0))
    order = order[np.lexsort((items[order], rows[order]))]
    now = np.datetime64("now", "s") if not len(training.times) else training.times.max()
    return Histories(
        customer_ids=ids,
        item_ids=catalogue,
        indptr=np.searchsorted(rows[order], np.arange(len(ids) + 1)).astype(np.int64),
        items=codes_of(names, catalogue)[items[order]].astype(np.int32),
        times=np.full(len(order), now, dtype="datetime64[s]"),
        quantities=np.ones(len(order), dtype=np.float32),
        orders=np.full(len(order), -1, dtype=np.int64),
    )


def _recipes(session: Session, models: tuple[str, ...], *, protocol: str) -> dict[str, Recipe]:
    tuned = read_tuned(session.config.places.recommender_settings)
    for name in models:
        RECOMMENDERS[name]
    recipes = select_recipes(session.config, None, settings={}, tuned=tuned)
    for name in set(models) - set(recipes):
        recipes |= select_recipes(session.config, name, settings={}, tuned=tuned)
    chosen = {
        name: recipes[name] for name in RECOMMENDERS if name in recipes and (not models or name in {BASELINE, *models})
    }
    if protocol != LastBasketOut.name:
        return chosen
    # Weights are fitted on a last basket too, as what they are measured by.
    return {
        name: recipe.with_settings({"judged_on": LAST_BASKET}) if "judged_on" in recipe.settings else recipe
        for name, recipe in chosen.items()
    }


def _answer(recipe: Recipe, split: Split, *, k: int, discovery: float) -> Recommendations:
    with threads_for(recipe, split.training):
        model = recipe.build(RECOMMENDERS).fit(split.training, split.cutoff)
        return generate_recommendations(model, split, k=k, discovery=discovery, explains=False)


def _comparisons(answers: dict[str, Recommendations], split: Split, *, name: str) -> list[Comparison]:
    # Without repeats, personal_frequency has nothing to list but best sellers.
    names = (BASELINE,) if split.masks_seen else ALWAYS_TESTED
    baselines = [baseline for baseline in names if baseline in answers]
    return [
        compare_rankings(
            model,
            baseline,
            recommendations=answer,
            recommendations_against=answers[baseline],
            truth=split.truth,
            past=split.training.histories,
            name=name,
        )
        for model, answer in answers.items()
        for baseline in baselines
        if model not in baselines
    ]
