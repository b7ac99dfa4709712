"""Training uplift models, on a shop whose vouchers persuade small buyers only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from core.config.training import UpliftSettings
from core.errors import BadInput, GateRefused, NotEnoughHistory, UnknownName
from core.model_card import CROSS_VALIDATION
from models.mlflow_store.registry import open_store
from models.uplift.uplift_model import UpliftModel
from tests.training.conftest import session_of
from tests.training.uplift.campaign_worlds import Campaigns, simulate_campaigns
from tests.worlds import config
from training.judging.promotion import promote
from training.run.pipeline import TrainingResult
from training.run.session import Session
from training.uplift.pipeline import train_uplift
from training.uplift.rows import load_uplift_rows

WORLD = Campaigns(
    n_customers=300, days=(200, 230, 290), rate=0.1, effect_on_small=0.35, rate_of_big=0.6, effect_on_big=-0.2
)


def open_campaigns(folder: Path, world: Campaigns) -> Session:
    settings = UpliftSettings(models=("response_linear", "s_linear"))
    shop_config = config(name="shop", active_days=365, uplift=settings, var=str(folder / "var"))
    return session_of(shop_config, {}, simulate_campaigns(world))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_campaigns(tmp_path_factory.mktemp("campaigns"), WORLD)


@pytest.fixture(scope="module")
def training_result(session: Session) -> TrainingResult:
    return train_uplift(session)


def test_the_chosen_rule_beats_the_average_effect_in_later_campaigns(training_result: TrainingResult):
    card = training_result.challenger.card

    assert card.model == "s_linear"
    assert card.beats_baselines
    assert "in later campaigns" in card.verdict
    assert card.test_cutoff is not None
    assert "target by uplift (s_linear)" in card.limits[0]


def test_the_average_effect_is_the_first_champion_and_releases_decide_by_it(training_result: TrainingResult):
    first = training_result.first_champion

    assert first is not None
    assert first.card.is_baseline
    assert first.card.caution is None


def test_the_card_has_qini_auuc_and_the_value_of_contacting_by_effect_with_intervals(training_result: TrainingResult):
    card = training_result.challenger.card

    for name in ("qini", "auuc", "value_ips", "value_snips", "value_doubly_robust"):
        estimate = card.metric(name)
        assert estimate is not None
        assert estimate.low < estimate.value < estimate.high
    assert card.metric("qini", "average_effect").value == pytest.approx(0.0)  # pyright: ignore[reportOptionalMemberAccess]


def test_the_registered_model_says_who_must_never_get_a_voucher(session: Session, training_result: TrainingResult):
    model = UpliftModel.from_artifact(session.registry.artifact(training_result.challenger))
    data = load_uplift_rows(session.tables).data["voucher"]
    is_big = data.features.column("largest_order_value") == 50.0

    never = model.effects(data.features).never_send[:, 0]

    assert never[is_big].mean() > 0.3
    assert never[~is_big].mean() < 0.02
    assert any("voucher: never send it to" in sentence for sentence in training_result.challenger.card.limits)


def test_mlflow_keeps_the_curves_and_loads_the_model(session: Session, training_result: TrainingResult):
    client = open_store(session.tracking.tracking_uri)
    files = {one.path for one in client.list_artifacts(training_result.run_id, "plots")}
    package = session.registry.package(training_result.challenger)
    mlflow.set_tracking_uri(session.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.shop.uplift/{training_result.challenger.version}")
    import pandas as pd

    frame = pd.DataFrame([{column.name: 1.0 for column in package.columns}])
    predicted = loaded.predict(frame)

    assert files == {"plots/qini.png", "plots/uplift_by_decile.png"}
    assert list(predicted.columns) == [
        f"{figure}.voucher" for figure in ("effect", "low", "high", "without", "never_send")
    ]


def test_the_gate_promotes_the_challenger_once(session: Session, training_result: TrainingResult):
    promoted = promote(session, "uplift")

    assert promoted.version.version == training_result.challenger.version
    with pytest.raises(GateRefused, match="champion already"):
        promote(session, "uplift")


def test_where_no_contact_has_any_effect_the_training_ends_without_evidence(tmp_path: Path):
    session = open_campaigns(
        tmp_path, replace(WORLD, days=(200,), effect_on_small=0.0, effect_on_big=0.0, rate=0.4, rate_of_big=0.4)
    )

    result = train_uplift(session)
    card = result.challenger.card

    assert card.model == "average_effect"
    assert any("voucher: no evidence" in note for note in result.notes)
    assert card.verdict == "average_effect is itself the baseline, so it is not shown to be better than one"
    assert card.evaluation_split == CROSS_VALIDATION
    assert card.caution is None
    assert promote(session, "uplift").version.version == card.version  # the same baseline on other data is a refresh


def test_a_learner_that_the_user_names_is_registered_with_its_settings(tmp_path: Path):
    session = open_campaigns(tmp_path, replace(WORLD, days=(200,)))

    card = train_uplift(session, "x_linear", settings={"regularization": 50.0}).challenger.card

    assert card.model == "x_linear"
    assert card.settings == {"learner.voucher": "x_linear", "regularization": 50.0}


def test_an_unknown_learner_or_setting_is_refused_before_anything_is_read(session: Session):
    with pytest.raises(UnknownName, match="there are: average_effect"):
        train_uplift(session, "forest")
    with pytest.raises(UnknownName, match="no setting 'penalty'"):
        train_uplift(session, "s_linear", settings={"penalty": 1})
    with pytest.raises(BadInput, match="regularization=-1"):
        train_uplift(session, "s_linear", settings={"regularization": -1})


def test_contacts_that_are_no_evidence_end_the_training_in_one_line(tmp_path: Path):
    session = open_campaigns(tmp_path, replace(WORLD, days=(200,), share_treated=1.0))

    with pytest.raises(NotEnoughHistory, match="contacts has no row that chance decided") as fault:
        train_uplift(session)

    assert "\n" not in str(fault.value)
