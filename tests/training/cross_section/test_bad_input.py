"""Each kind of bad cross-section ends in a model and a true sentence, or in one line that says what is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.config.data_set import Config
from core.config.loading import read_config
from core.errors import DataError, NotEnoughHistory
from core.ledger import Ledger
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.pyfunc_churn import features_of_frame
from models.mlflow_store.registry import Registry
from tables.cross_section import open_cross_section
from tests.cross_section_worlds import leavers, people, write_people
from tests.training.conftest import NOW
from training.churn.trials import choose, default_recipes
from training.cross_section.pipeline import train_cross_section
from training.cross_section.rows import MAX_COLUMNS, CleanRows, clean_rows, strongest_columns
from training.cross_section.trials import (
    MIN_CLASS,
    count_repeats,
    cross_section_recipes,
    cross_validate,
    describe_shortage,
    fittable_recipes,
)
from training.run.recipe import Recipe
from training.run.session import NoProgress, Session
from training.run.tracking import Tracking

N = 300
QUICK = {"n_resamples": 0, "regularization": 10.0, "n_knots": 0}
FEES = [f"{20 + (37 * row) % 83 + (30 if row < 100 else 0)}" for row in range(N)]
"Higher for the first hundred, who churned."
LEFT = leavers(N, 100)


def session_of(settings: Config) -> Session:
    uri, cross_section = settings.places.tracking_uri, open_cross_section(settings)
    return Session(
        config=settings, statement={}, tables=cross_section.tables, tracking=Tracking(uri),
        registry=Registry(uri, settings.name), ledger=Ledger(settings.places.ledger), who="tester", now=NOW,
        cross_section=cross_section,
    )  # fmt: skip


def score_quickly(folder: Path, columns: Mapping[str, Sequence[object]], name: str = "logistic"):
    """The held-out scores of one model and the base rate, and the rows."""
    settings = people(folder, columns)
    rows = clean_rows(open_cross_section(settings))
    recipes = cross_section_recipes(default_recipes(settings))
    quick = {"base_rate": recipes["base_rate"], name: recipes[name]}
    if name == "logistic":
        quick[name] = quick[name].with_settings(QUICK)
    quick = fittable_recipes(quick, rows, model=None)
    return cross_validate(quick, rows, seed=7, progress=NoProgress(), n_repeats=1), rows


def test_a_label_with_one_class_lists_the_values_that_there_are(tmp_path):
    with pytest.raises(DataError, match=r"0 of 300 customers churned .* the values of left are 'no' \(300 rows\)"):
        open_cross_section(people(tmp_path, {"left": ["no"] * N, "fee": FEES}))


def test_where_all_have_left_the_customers_who_stayed_are_asked_for(tmp_path):
    with pytest.raises(DataError, match=r"300 of 300 customers churned .* or add the customers who stayed"):
        open_cross_section(people(tmp_path, {"left": ["yes"] * N, "fee": FEES}))


def test_a_file_without_customers_asks_for_rows_instead_of_another_label(tmp_path):
    with pytest.raises(DataError, match=r"\[cross_section.tables.\w+\] has no customer: its file needs one row per"):
        open_cross_section(people(tmp_path, {"left": [], "fee": []}))


@pytest.mark.parametrize("equals", ["1", "1.0"])
def test_a_label_of_whole_numbers_is_found_however_its_fraction_is_written(tmp_path, equals):
    columns = {"left": ["1.0"] * 100 + ["0.0"] * (N - 101) + [""], "fee": FEES}
    path = write_people(tmp_path, columns)
    path.write_text(path.read_text().replace('equals = "yes"', f'equals = "{equals}"'))

    outcomes = open_cross_section(read_config(path, {})).outcomes

    assert (outcomes.churned.sum(), len(outcomes.churned)) == (100, N - 1)


def test_three_leavers_end_in_the_base_rate_and_say_why(tmp_path):
    session = session_of(people(tmp_path, {"left": leavers(N, 3), "fee": FEES}))
    result = train_cross_section(session)
    card = result.challenger.card

    assert card.model == "base_rate"
    assert result.notes == ("only the base rate was fitted: 3 of 300 customers churned, and a model needs at least 13",)
    assert any(limit.startswith("Only the base rate was fitted") for limit in card.limits)
    with pytest.raises(NotEnoughHistory, match="logistic cannot be fitted: 3 of 300 customers churned"):
        train_cross_section(session, "logistic")


@pytest.mark.parametrize("n_left", [MIN_CLASS, N - MIN_CLASS])
def test_as_few_leavers_as_are_needed_are_enough(tmp_path, n_left):
    trials, rows = score_quickly(tmp_path, {"left": leavers(N, n_left), "fee": FEES})

    assert describe_shortage(rows) == ""
    assert set(trials.scores) == {"base_rate", "logistic"}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"same": ["x"] * N}, "The same for every customer, so not used: same."),
        ({"empty": [None] * N}, "The same for every customer, so not used: empty."),
        ({"copy": FEES}, "Equal to another column, so not used: copy (as fee)."),
        ({"double": [f"{2 * int(fee)}" for fee in FEES]}, ""),
        ({"remark": [f"remark {row}" for row in range(N)]}, ""),
        ({"ratio": ["inf", "-Infinity", "0.5"] * 100}, ""),
        ({"mail": [f"p{row}@example.org" for row in range(N)]}, ""),
    ],
)
@pytest.mark.parametrize("name", ["logistic", "gradient_boosting"])
def test_columns_that_say_nothing_do_no_harm(tmp_path, columns, sentence, name):
    trials, rows = score_quickly(tmp_path, {"left": LEFT, "fee": FEES, **columns}, name)

    assert not sentence or sentence in rows.notes
    assert choose(trials.scores, trials.outcomes) == name
    assert np.isfinite(trials.scores[name].value).all()


def test_no_column_at_all_ends_in_the_base_rate(tmp_path):
    trials, rows = score_quickly(tmp_path, {"left": LEFT, "same": ["x"] * N})

    assert set(trials.scores) == {"base_rate"}
    assert describe_shortage(rows) == "no column says anything about customers"


def rows_with_noise(folder: Path, n_noise: int, *names: str) -> CleanRows:
    """Columns of noise and some of the file's."""
    rows = clean_rows(open_cross_section(people(folder, {"left": LEFT, "fee": FEES})))
    noise = np.random.default_rng(1).normal(size=(N, n_noise))
    columns = tuple(
        msgspec.structs.replace(rows.features.columns[0], name=f"noise_{place}") for place in range(n_noise)
    )
    kept = rows.features.select(names)
    features = replace(kept, values=np.column_stack([noise, kept.values]), columns=(*columns, *kept.columns))
    return replace(rows, features=features)


def test_of_very_many_columns_each_fit_uses_the_strongest(tmp_path):
    rows = rows_with_noise(tmp_path, 600, "fee")
    strongest = strongest_columns(rows.features, rows.outcomes.churned)

    assert "fee" in strongest
    assert len(strongest) == MAX_COLUMNS
    assert rows.fit(Recipe("logistic", QUICK), np.ones(N, bool)).columns_ == rows.features.select(strongest).columns


def test_the_strongest_of_much_noise_do_not_know_the_labels_of_held_out_customers(tmp_path):
    rows = rows_with_noise(tmp_path, 600)
    recipes = {"logistic": Recipe("logistic", QUICK)}
    trials = cross_validate(recipes, rows, seed=7, progress=NoProgress(), n_repeats=1)
    scores, churned = trials.scores["logistic"].value, trials.outcomes.churned

    order = np.argsort(np.argsort(scores))
    auc = (order[churned].mean() - (churned.sum() - 1) / 2) / (~churned).sum()
    assert 0.4 < auc < 0.6


def test_words_and_numbers_that_training_never_saw_are_scored(tmp_path):
    import pandas as pd

    plans = ["basic", "pro", "team"] * 100
    rows = clean_rows(open_cross_section(people(tmp_path, {"left": LEFT, "fee": FEES, "plan": plans})))
    for name in ("logistic", "gradient_boosting"):
        recipe = Recipe(name, {**CHURN_MODELS[name]().settings, "n_resamples": 0})
        model = rows.fit(recipe, np.ones(N, bool))
        frame = pd.DataFrame({"fee": [30.0, np.inf, -np.inf, np.nan], "plan": ["new", None, "pro", "Pro "]})
        scores = model.score(features_of_frame(frame, model.columns_), 90).value

        assert ((scores > 0) & (scores < 1)).all()


def test_a_customer_twice_is_named(tmp_path):
    ids = ["a", "a", *(f"c{row}" for row in range(N - 2))]
    with pytest.raises(DataError, match=r"1 rows repeat a customer, e.g. 'a' has 2; keep one row per customer"):
        open_cross_section(people(tmp_path, {"id": ids, "left": LEFT, "fee": FEES}))


def test_customers_are_scored_more_often_where_they_are_few():
    assert [count_repeats(n, 20) for n in (50, 3_750, 7_043, 10_127, 1_000_000)] == [4, 4, 2, 1, 1]


def test_customers_are_scored_less_often_where_columns_are_many():
    assert [count_repeats(n, 5_000) for n in (600, 2_000, 3_000)] == [4, 2, 1]
