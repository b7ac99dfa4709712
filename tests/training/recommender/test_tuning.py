"""Tuning finds settings that matter, is never worse than the defaults, and continues where it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.errors import NotEnoughHistory, SourceUnavailable, UnknownName
from models.mlflow_store.registry import open_store
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.search_ranges import Between, OneOf
from tests.training.conftest import session_of
from tests.worlds import config
from training.recommender.search import distribution_of, open_studies
from training.recommender.tuned import read_tuned
from training.recommender.tuning import begin_tuning, next_search
from training.run.session import Session

START = date(2025, 1, 1)
TURN, END = 250, 400
"Days from the start: all tastes change; the data end."


class TrialBudget:
    """A budget of `n_trials` trials."""

    def __init__(self, n_trials: int) -> None:
        self._n_trials, self._done = n_trials, 0

    def share_spent(self) -> float:
        return self._done / self._n_trials

    def show(self, n_trials: int, best: str) -> None:
        del n_trials, best
        self._done += 1


def purchases_of_changing_tastes(n_customers: int = 30) -> pa.Table:
    """Each customer buys one of twelve items per day until tastes change, then one of two others every third day."""
    old = [(day, f"old-{day % 12}") for day in range(TURN)]
    new = [(day, f"new-{day % 2}") for day in range(TURN, END, 3)]
    rows = [
        (f"c{c:02}", START + timedelta(days=day), f"{c % 5}-{what}")
        for c in range(n_customers)
        for day, what in old + new
    ]
    customers, days, items = zip(*rows, strict=True)
    times = pa.array(days, pa.date32()).cast(pa.timestamp("us"))
    return pa.table({"customer_id": customers, "event_time": times, "item_id": items, "amount": np.ones(len(rows))})


def world(folder: Path, frame: pa.Table) -> Session:
    settings = config(var=str(folder / "var"), watermark=START + timedelta(days=END))
    return session_of(settings, {"name": "world"}, {"purchases": frame})


@pytest.fixture(scope="module")
def after_tuning(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session after twelve trials."""
    session = world(tmp_path_factory.mktemp("turned"), purchases_of_changing_tastes())
    begin_tuning(session, ["personal_frequency"]).run(TrialBudget(12))
    return session


def trials_in_mlflow(session: Session) -> list[Any]:
    """The runs of single trials, oldest first."""
    store = open_store(session.tracking.tracking_uri)
    experiment = store.get_experiment_by_name("kizuna.world.recommender.tuning")
    assert experiment is not None
    runs = store.search_runs([experiment.experiment_id], order_by=["attribute.start_time"])
    return [run for run in runs if "mlflow.parentRunId" in run.data.tags]


def test_a_setting_that_matters_is_found(after_tuning: Session):
    tuned = read_tuned(after_tuning.config.places.recommender_settings).models["personal_frequency"]

    assert tuned.settings["half_life_days"] in {30.0, 60.0}
    assert tuned.default_ndcg_at_10.value < 0.9
    assert tuned.ndcg_at_10.value > 0.99
    assert tuned.difference.low > 0


def test_the_gain_is_measured_once_more_after_the_cutoffs_of_the_search(after_tuning: Session):
    """Long after the change of tastes the defaults rank as well: nothing is left of the gain."""
    tuned = read_tuned(after_tuning.config.places.recommender_settings).models["personal_frequency"]

    assert tuned.later_cutoff == tuned.validation_end
    assert tuned.difference.low > 0
    assert tuned.later_difference.value == 0
    assert f"later, at {tuned.later_cutoff}" in tuned.summary


def test_tuning_validates_before_the_test_cutoff(after_tuning: Session):
    tuned = read_tuned(after_tuning.config.places.recommender_settings).models["personal_frequency"]

    newest = START + timedelta(days=END - 28 * 2)
    assert tuned.cutoffs == (newest, newest - timedelta(days=28), newest - timedelta(days=56))
    assert tuned.validation_end == newest + timedelta(days=28)


def test_tuning_with_time_for_the_defaults_only_returns_them(tmp_path: Path):
    session = world(tmp_path, purchases_of_changing_tastes())

    models = begin_tuning(session, ["item_knn", "personal_frequency"]).run(TrialBudget(2)).models

    for name, tuned in models.items():
        assert tuned.settings == {setting: RECOMMENDERS[name]().settings[setting] for setting in tuned.settings}
        assert (tuned.n_trials, tuned.difference.value) == (1, 0)
    assert set(models) == {"item_knn", "personal_frequency"}


def test_finished_pruned_and_failed_trials_are_in_mlflow(after_tuning: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models.resources.free_gb", lambda: 1e-5)

    begin_tuning(after_tuning, ["item_knn"]).run(TrialBudget(1))

    runs = trials_in_mlflow(after_tuning)
    assert {run.data.tags["state"] for run in runs} == {"finished", "pruned", "failed"}
    assert [run.info.status for run in runs if run.data.tags["state"] == "failed"] == ["FAILED"]
    assert "item_knn would take about" in runs[-1].data.tags["reason"]
    assert runs[0].data.params["settings.half_life_days"] == "180.0"
    assert len([name for name in runs[0].data.metrics if name.startswith("ndcg_at_10.2025-")]) == 3


def test_a_model_that_cannot_be_fitted_is_skipped_with_its_reason(
    after_tuning: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("models.resources.free_gb", lambda: 1e-5)

    tuning = begin_tuning(after_tuning, ["item_knn"])
    tuned = tuning.run(TrialBudget(2))

    assert tuned.models == {}
    assert "would take about" in tuning.searches["item_knn"].failure


def test_a_second_run_continues_with_other_settings_than_the_first(after_tuning: Session):
    before = begin_tuning(after_tuning, ["personal_frequency"])
    n_before, n_runs = before.n_trials, len(trials_in_mlflow(after_tuning))
    before.run(TrialBudget(4))

    again = begin_tuning(after_tuning, ["personal_frequency"])

    tried_powers = [
        run.data.params["settings.popularity_power"]
        for run in trials_in_mlflow(after_tuning)
        if run.data.params["model"] == "personal_frequency"
    ]
    assert (again.n_trials, len(trials_in_mlflow(after_tuning))) == (n_before + 4, n_runs + 4)
    assert len(set(tried_powers)) == len(tried_powers)


def test_the_tuned_settings_of_other_models_are_kept(after_tuning: Session):
    begin_tuning(after_tuning, ["popularity"]).run(TrialBudget(1))

    assert {"personal_frequency", "popularity"} <= set(
        read_tuned(after_tuning.config.places.recommender_settings).models
    )


def test_other_data_are_another_study(tmp_path: Path):
    begin_tuning(world(tmp_path, purchases_of_changing_tastes()), ["popularity"]).run(TrialBudget(1))

    assert begin_tuning(world(tmp_path, purchases_of_changing_tastes()), ["popularity"]).n_trials == 1
    assert begin_tuning(world(tmp_path, purchases_of_changing_tastes(29)), ["popularity"]).n_trials == 0


def test_ctrl_c_in_a_trial_keeps_earlier_trials_and_tries_the_defaults_again(tmp_path: Path):
    session = world(tmp_path, purchases_of_changing_tastes())

    class Pressed(TrialBudget):
        def show(self, n_trials: int, best: str) -> None:
            super().show(n_trials, best)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_tuning(session, ["popularity", "personal_frequency"]).run(Pressed(9))

    again = begin_tuning(session, ["popularity", "personal_frequency"])
    assert again.n_trials == 1
    assert next_search(list(again.searches.values()), 0) is again.searches["personal_frequency"]
    assert not session.config.places.recommender_settings.exists()


def search(ndcg: float | None, n_trials: int, default_was_tried: bool = True, distributions: Any = "some") -> Any:
    best = None if ndcg is None else SimpleNamespace(ndcg=ndcg)
    return SimpleNamespace(
        best=best, n_trials=n_trials, default_was_tried=default_was_tried, distributions=distributions
    )


def test_each_third_of_the_budget_goes_to_fewer_models():
    searches = [search(0.1, 1), search(0.2, 2), search(0.3, 3), search(0.4, 4)]

    assert [next_search(searches, spent) for spent in (0.1, 0.5, 0.9)] == [searches[0], searches[2], searches[3]]


def test_defaults_come_first_and_a_model_without_ranges_is_tried_once():
    fixed = search(0.9, 1, distributions={})

    assert next_search([search(0.4, 9), late := search(None, 0, default_was_tried=False)], 0.9) is late
    assert next_search([fixed, free := search(None, 5)], 0) is free
    assert next_search([fixed], 0) is None


@pytest.mark.parametrize(
    ("span", "default", "lowest", "highest"),
    [(Between(1, 5), 3.0, 1, 5), (Between(1, 5), 9.0, 1, 9), (Between(20, 50, log=True, whole=True), 10, 10, 50)],
)
def test_a_range_is_widened_to_the_default(span: Between, default: float, lowest: float, highest: float):
    distribution: Any = distribution_of(span, default)

    assert (distribution.low, distribution.high, distribution.log) == (lowest, highest, span.log)


def test_a_default_outside_of_the_choices_is_added_to_them():
    distribution: Any = distribution_of(OneOf((None, 30.0)), 45.0)

    assert distribution.choices == (None, 30.0, 45.0)


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_range_of_every_recommender_can_be_searched(name: str):
    settings = RECOMMENDERS[name]().settings

    for setting, span in RECOMMENDERS[name].ranges.items():
        distribution = distribution_of(span, settings[setting])
        assert distribution.to_external_repr(distribution.to_internal_repr(settings[setting])) == settings[setting]


def test_a_file_that_is_not_a_database_of_trials_raises_an_error_with_a_hint(tmp_path: Path):
    path = tmp_path / "trials.db"
    path.write_text("not a database, but long enough to look like one " * 40)

    with pytest.raises(SourceUnavailable, match=r"trials\.db is not a database of trials .* delete it"):
        open_studies(path)


def test_a_full_disk_does_not_advise_to_delete_the_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*of_storage: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("training.recommender.search.RDBStorage", fail)

    with pytest.raises(SourceUnavailable, match=r"trials\.db: no space is left on the disk") as error:
        open_studies(tmp_path / "trials.db")
    assert "delete" not in str(error.value)


@pytest.mark.parametrize(("models", "fault"), [(["als2"], UnknownName), ([], NotEnoughHistory)])
def test_unknown_models_and_purchases_without_items_cannot_be_tuned(
    tmp_path: Path, models: Sequence[str], fault: type[Exception]
):
    with pytest.raises(fault):
        begin_tuning(world(tmp_path, purchases_of_changing_tastes().drop_columns(["item_id"])), models)
