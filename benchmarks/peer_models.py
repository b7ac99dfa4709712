"""Fits one recommender of RecTools or implicit on a split. It runs in .venv-peers and imports nothing of Kizuna.

`.venv-peers/bin/python benchmarks/peer_models.py <split folder> <out folder> <model> <settings as JSON> <k>`

It reads and writes the same files as benchmarks/fit_one.py, without the truth. Settings are the library's own, and the
weights of its input: `weights` (binary, count, log) and `half_life_days`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Settings = dict[str, Any]


def matrix_of(folder: Path, name: str, *, weights: str, half_life_days: float | None) -> sparse.csr_matrix:
    """The customers x items matrix of one file, with these weights."""
    with np.load(folder / "request.npz") as query:
        cutoff = query["cutoff"].astype("datetime64[s]")
    with np.load(folder / f"{name}.npz") as lines:
        age_days = (cutoff - lines["times"]).astype(np.float64) / 86_400
        values = np.ones(len(age_days)) if half_life_days is None else 0.5 ** (age_days / half_life_days)
        shape = (len(lines["customer_ids"]), len(lines["item_ids"]))
        matrix = sparse.csr_matrix((values, lines["items"], lines["indptr"].astype(np.int32)), shape, dtype=np.float64)
    matrix.sum_duplicates()
    if weights == "binary":
        matrix.data = np.minimum(matrix.data, 1)
    if weights == "log":
        matrix.data = np.log1p(matrix.data)
    return matrix


def query_rows(folder: Path) -> NDArray[np.int64]:
    """The training row of each customer who gets recommendations."""
    with np.load(folder / "training.npz") as train, np.load(folder / "histories.npz") as histories:
        return np.searchsorted(train["customer_ids"], histories["customer_ids"])


def implicit_model(model: str, settings: Settings) -> Any:
    """Create an unfitted model of implicit."""
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.cpu.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    if model == "als":
        return AlternatingLeastSquares(**settings, random_state=7)
    if model == "bpr":
        return BayesianPersonalizedRanking(**settings, random_state=7)
    return {"tfidf": TFIDFRecommender, "bm25": BM25Recommender, "cosine": CosineRecommender}[model](**settings)


def fit_implicit(
    model: str, settings: Settings, *, matrix: sparse.csr_matrix
) -> Callable[[NDArray[np.int64], int], NDArray[np.int64]]:
    """Fit a model of implicit; returns a function of rows and k that recommends items."""
    fitted = implicit_model(model, settings)
    fitted.fit(matrix, show_progress=False)

    def answer(rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        items, scores = fitted.recommend(rows, matrix[rows], N=k, filter_already_liked_items=False)
        return np.where((items >= 0) & (np.abs(scores) > 0), items, -1)  # it pads with item 0, score 0

    return answer


def rectools_model(model: str, settings: Settings) -> Any:
    """Create an unfitted model of RecTools."""
    from rectools import models  # pyright: ignore[reportMissingImports]

    if model == "item_knn":
        return models.ImplicitItemKNNWrapperModel(implicit_model("tfidf", settings))
    if model == "als":
        return models.ImplicitALSWrapperModel(implicit_model("als", settings), recommend_use_gpu_ranking=False)
    if model == "popular":
        from datetime import timedelta

        return models.PopularModel("n_interactions", period=timedelta(days=settings["period_days"]))
    kind = {"ease": models.EASEModel, "pure_svd": models.PureSVDModel}[model]
    return kind(**settings, recommend_use_gpu_ranking=False)


def fit_rectools(
    model: str, settings: Settings, *, matrix: sparse.csr_matrix, folder: Path
) -> Callable[[NDArray[np.int64], int], NDArray[np.int64]]:
    """Fit a model of RecTools on a table of pairs, each with its weight and latest time."""
    import pandas as pd
    from rectools.dataset import Dataset  # pyright: ignore[reportMissingImports]

    with np.load(folder / "training.npz") as lines:
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(lines["indptr"]))
        last = pd.DataFrame({"user_id": rows, "item_id": lines["items"], "datetime": lines["times"]})
    pairs = last.groupby(["user_id", "item_id"], as_index=False)["datetime"].max()
    pairs["weight"] = np.asarray(matrix[pairs["user_id"].to_numpy(), pairs["item_id"].to_numpy()]).ravel()
    dataset = Dataset.construct(pairs)
    fitted = rectools_model(model, settings).fit(dataset)

    def answer(rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        recommendations = fitted.recommend(users=rows, dataset=dataset, k=k, filter_viewed=False)
        items = np.full((len(rows), k), -1)
        places = np.searchsorted(rows, recommendations["user_id"].to_numpy())
        items[places, recommendations["rank"].to_numpy() - 1] = recommendations["item_id"].to_numpy()
        return items

    return answer


def main(folder: Path, out: Path, *, name: str, settings: Settings, k: int) -> None:
    """Fit the model, and write its recommendations and the cost."""
    library, _, model = name.partition(".")
    matrix = matrix_of(
        folder, "training", weights=settings.pop("weights"), half_life_days=settings.pop("half_life_days")
    )
    began, cpu_began = time.perf_counter(), time.process_time()
    if library == "implicit":
        answer = fit_implicit(model, settings, matrix=matrix)
    else:
        answer = fit_rectools(model, settings, matrix=matrix, folder=folder)
    fitted, cpu_fitted = time.perf_counter(), time.process_time()
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    rows = query_rows(folder)
    items = answer(rows, k)
    seconds = time.perf_counter() - fitted
    np.save(out / "answers.npy", items.astype(np.int32), allow_pickle=False)
    cost = {
        "fit_seconds": fitted - began,
        "fit_cpu_seconds": cpu_fitted - cpu_began,
        "peak_memory_gb": peak_gb,
        "answer_us": seconds / len(rows) * 1e6,
    }
    (out / "cost.json").write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    split_folder, out_folder, model_name, settings_json, n_items = sys.argv[1:]
    main(Path(split_folder), Path(out_folder), name=model_name, settings=json.loads(settings_json), k=int(n_items))
