"""Measures what a recommendation costs the service, whichever model is champion.

`python -m benchmarks.recommend_cost` fits each recommender on a synthetic shop, builds its release with the classes of
`kizuna release`, and serves it with a key, a limit of requests and metrics. Requests are of three kinds: with a history
of 30 purchases, which the model has to score; the same with a filter by category; and of a customer on record, whose
list is precomputed. The figures are those of the most expensive model.

With `--items 1000000` it measures the models that can be fitted there, and the recall of their lists against the scores
of all items: lists come from candidates in large catalogues.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from benchmarks.churn_by_id import PER_MINUTE, bentoml_command
from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import measure_cpu_us, post, send_load, serve
from benchmarks.pages import figure_table, table, write_section
from benchmarks.score_release import ACTIVATION, CUTOFF, NOW, RELEASE_ID, customer_ids
from core import environment
from core.access import Scope, new_key
from core.environment import KEYS_FILE
from core.errors import NotEnoughMemory
from core.interactions import Interactions
from core.item_attributes import ItemAttributes
from core.model_kinds import RECOMMENDER
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.customers import ColdStartCustomers
from models.recommenders.cold_start.items import find_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.ranked_lists import select_best
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.item_lists import BoughtTogether, measure_trend
from serving.keys.file import KeyFile
from serving.release.context_models import ContextModels, TrendPart
from serving.release.customer_part import CustomerPart, RecordedProfiles
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import Release, ReleaseDescription, ReleasedModel
from serving.release.releases import Releases

NAMES = {50_000: "serving.recommend_50k", 1_000_000: "serving.recommend_1m"}
"By the number of items."
FEW_EFFECTS = ("item_knn", "rp3beta", "als", "ials", "next_basket", "personal_frequency")
"Models whose memory for a million items is that of a small server."
MODELS = (*FEW_EFFECTS, "ease", "graph_filter", "gf_cf", "blend", "reranked")
N_COMPARED, LIST_LENGTH = 100, 20
"Histories and length of the lists whose recall is measured."
N_PURCHASES, N_TASTES, N_CATEGORIES = 30, 200, 200
N_ON_RECORD = 2_000
"Customers in the release; precomputing the lists of all would take longer than everything else."
MANY_ITEMS = 200_000
"Items from which only the models of `FEW_EFFECTS` are fitted."
ROUNDS, N_BODIES, TIMES = 5, 200, 400
PORT = 3881
KINDS = ("history", "where", "on record")


def make_purchases(n_customers: int, n_items: int) -> Interactions:
    """Purchases of customers who each have one of `N_TASTES` tastes: most items are of their taste."""
    random = np.random.default_rng(0)
    size = (n_customers, N_PURCHASES)
    taste = random.integers(N_TASTES, size=(n_customers, 1))
    nth = np.minimum(random.zipf(1.4, size), n_items // N_TASTES) - 1
    own = nth * N_TASTES + taste
    items = np.where(random.random(size) < 0.8, own, (n_items * random.random(size) ** 3).astype(np.int64))
    days = np.sort(random.integers(1, 365, size), axis=1)[:, ::-1].astype("timedelta64[D]").ravel()
    n_lines = n_customers * N_PURCHASES
    return Interactions(
        customer_ids=customer_ids(n_customers),
        item_ids=item_ids(n_items),
        indptr=np.arange(0, n_lines + 1, N_PURCHASES),
        items=np.minimum(items, n_items - 1).astype(np.int32).ravel(),
        times=np.datetime64(CUTOFF, "s") - days,
        quantities=np.ones(n_lines, dtype=np.float32),
        orders=np.arange(n_lines) // 3,
    )


def item_ids(n_items: int) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """(m,) ids."""
    return np.char.add("item-", np.char.zfill(np.arange(n_items).astype(str), 7))


def build_part(model: Recommender, purchases: Interactions) -> RecommenderPart:
    """The recommender of a release."""
    ids = model.item_ids
    categories = [f"category {code % N_CATEGORIES}" for code in range(len(ids))]
    prices = np.random.default_rng(1).uniform(1, 100, len(ids))
    attributes = ItemAttributes.from_columns(ids, {"category": categories}, price=prices)
    if not model.has_item_similarity:
        model = model.with_similarity_model(ItemKnn().fit(purchases, CUTOFF))
    on_record = purchases.histories.take(np.arange(min(N_ON_RECORD, len(purchases))))
    return RecommenderPart.of(
        model,
        find_cold_start_items(attributes, attributes),
        customers=CustomerPart.of(on_record, RecordedProfiles()),
        items=ItemPart.of(
            attributes,
            price=prices,
            unavailable=np.arange(0, len(ids), 100),
            descriptions=[{"title": f"Item {code}", "price": 1.0} for code in range(len(ids))],
        ),
        context_models=ContextModels(
            ColdStartCustomers.fit(purchases, {}, item_attributes=attributes, cutoff=CUTOFF),
            BoughtTogether.fit(purchases),
            TrendPart.of(measure_trend(purchases, CUTOFF), 14),
        ),
        cutoff=CUTOFF,
        k=10,
    )


def publish_release(folder: Path, part: RecommenderPart) -> str:
    """Publish a release with this recommender and make a key; returns the key."""
    model = ReleasedModel(
        name="kizuna.bench.recommender", version=1, model=part.model.name, cutoff=CUTOFF, card_digest="",
        features_digest="", data_digest="",
    )  # fmt: skip
    description = ReleaseDescription(
        release_id=RELEASE_ID, created_at=NOW, data_set="bench", time_zone="UTC", currency="EUR", cutoff=CUTOFF,
        data_digest="", models={RECOMMENDER.name: model},
    )  # fmt: skip
    Releases(folder).publish(Release(description, msgspec.Raw(b"{}"), recommender=part), ACTIVATION)
    key, text = new_key("bench", (Scope.RECOMMEND,), now=NOW, requests_per_minute=PER_MINUTE)
    KeyFile(folder.parent / KEYS_FILE).add(key)
    return text


def make_requests(purchases: Interactions, key: str) -> dict[str, list[bytes]]:
    """Requests of each kind; histories are those of customers who are not on record."""
    headers = {"authorization": f"Bearer {key}"}
    bodies: dict[str, list[dict[str, object]]] = {kind: [] for kind in KINDS}
    for row in range(N_BODIES):
        lines = purchases.items[(len(purchases) - 1 - row) * N_PURCHASES :][:N_PURCHASES]
        history = purchases.item_ids[lines].tolist()
        bodies["history"].append({"history": history})
        bodies["where"].append({"history": history, "where": {"category": [f"category {row % N_CATEGORIES}"]}})
        bodies["on record"].append({"customer_id": str(purchases.customer_ids[row])})
    return {
        kind: [post("/v1/recommendations", msgspec.json.encode(body), headers=headers) for body in some]
        for kind, some in bodies.items()
    }


def measure(part: RecommenderPart, purchases: Interactions) -> dict[str, list[float]]:
    """CPU milliseconds per request of each kind, by round; a first round only warms up."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "kizuna" / "releases"
        requests = make_requests(purchases, publish_release(folder, part))
        variables = {environment.RELEASES: str(folder), environment.WORKERS: "1"}
        spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
        with serve(bentoml_command("serving.service:Kizuna"), port=PORT, variables=variables) as server:
            send_load(server.port, requests["history"], times=N_BODIES)
            for _ in range(ROUNDS):
                for kind, some in requests.items():
                    spent[kind].append(measure_cpu_us(server, some, times=TIMES) / 1_000)
    return spent


def measure_recall(model: Recommender, purchases: Interactions) -> list[float]:
    """The share of the best items by the scores of all items that are in the list, or score the same.

    For each history that the model has scores for; without any it lists best sellers.
    """
    recalls: list[float] = []
    if not isinstance(model, ScoringRecommender):
        return recalls
    for row in range(len(purchases) - N_COMPARED, len(purchases)):
        history = purchases.histories.take(np.array([row]))
        scores = model.scores(history, CUTOFF)[0]
        best, expected = select_best(scores, LIST_LENGTH)
        if len(best):
            listed = model.recommend(history, LIST_LENGTH, cutoff=CUTOFF).items[0]
            recalls.append(float((scores[listed[: len(best)]] >= expected[-1] * (1 - 1e-5)).mean()))
    return recalls


def make_figures(
    name: str, costs: Mapping[str, Mapping[str, Sequence[float]]], recalls: Mapping[str, Sequence[float]]
) -> list[BenchmarkFigure]:
    """The costs of the most expensive model, and the recall of the worst, from its worst to its best history."""
    worst = min((one for one in recalls.values() if one), key=statistics.mean)
    figures = [
        BenchmarkFigure(
            figure=f"{name}.recall@{LIST_LENGTH}",
            value=statistics.mean(worst),
            low=min(worst),
            high=max(worst),
            unit="",
        )
    ]
    for kind, figure in (("history", f"{name}.cpu_ms"), ("where", f"{name}_where.cpu_ms")):
        rounds = max((one[kind] for one in costs.values()), key=statistics.median)
        figures.append(
            BenchmarkFigure(
                figure=figure, value=statistics.median(rounds), low=min(rounds), high=max(rounds), unit="CPU ms"
            )
        )
    return figures


def main(
    items: Annotated[int, typer.Option(help="Items of the synthetic shop.")] = 50_000,
    customers: Annotated[int, typer.Option(help="Customers whose purchases the models are fitted on.")] = 50_000,
    model: Annotated[list[str] | None, typer.Option(help="Only these models; repeatable.")] = None,
) -> None:
    """Fit, serve, measure, publish the figures and write the section."""
    name_of_figures = NAMES.get(items, f"serving.recommend_{items}")
    purchases = make_purchases(customers, items)
    costs: dict[str, dict[str, list[float]]] = {}
    recalls: dict[str, list[float]] = {}
    rows: list[list[str]] = []
    for name in model or (MODELS if items < MANY_ITEMS else FEW_EFFECTS):
        began = time.perf_counter()
        try:
            fitted = RECOMMENDERS[name]().fit(purchases, CUTOFF)
        except NotEnoughMemory as error:
            typer.echo(f"{name}: {error}")
            continue
        fit_seconds = time.perf_counter() - began
        costs[name] = measure(build_part(fitted, purchases), purchases)
        recalls[name] = measure_recall(fitted, purchases)
        medians = {kind: statistics.median(rounds) for kind, rounds in costs[name].items()}
        rows.append([name, *(f"{medians[kind]:.2f} ms" for kind in KINDS)])
        recall = f"{statistics.mean(recalls[name]):.3f}" if recalls[name] else "-"
        rows[-1] += [recall, f"{len(recalls[name])} of {N_COMPARED}", f"{fit_seconds:.0f} s"]
        typer.echo(" ".join(rows[-1]))
    figures = make_figures(name_of_figures, costs, recalls)
    publish(name_of_figures, figures)
    facts = {
        "Release": f"{items:,} items, models fitted on {customers:,} customers with {N_PURCHASES} purchases each, "
        f"synthetic: the classes of `kizuna release`, not the command; {N_ON_RECORD:,} customers on record",
        "Requests": f"ten items for a history of {N_PURCHASES} purchases, the same within one of {N_CATEGORIES} "
        "categories, and for a customer on record; one worker with a key, a limit of requests and metrics",
        "Recall": f"of the {LIST_LENGTH} best items by the scores of all items, over those of {N_COMPARED} histories "
        "that the model has scores for; the others get best sellers",
        "CPU": f"of all processes of the service, {ROUNDS} rounds; the figures are those of the most expensive model",
    }
    write_section(
        name_of_figures,
        f"The cost of a recommendation among {items:,} items",
        command=" ".join(
            [f"python -m benchmarks.recommend_cost --items {items}", *(f"--model {name}" for name in model or ())]
        ),
        facts=facts,
        parts=[figure_table(figures), table(["model", *KINDS, f"recall@{LIST_LENGTH}", "with scores", "fit"], rows)],
    )


if __name__ == "__main__":
    typer.run(main)
