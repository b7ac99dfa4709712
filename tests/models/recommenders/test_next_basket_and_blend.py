"""What a basket is made of, and how recommenders are mixed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.errors import BadInput, NotEnoughMemory, UnknownName
from models.recommenders.blend import Blend
from models.recommenders.ease import Ease
from models.recommenders.engine.mixing import NORMALISATIONS, Candidates, learnt_weights, normalised
from models.recommenders.engine.seasons import season_at, seasons_of
from models.recommenders.next_basket import NextBasket, rate_of_repetition, readiness
from tests.baskets import bought, history

LOG = bought(
    "ada 2024-01-01 tea jam", "ada 2024-01-11 tea milk", "ada 2024-01-21 tea", "bo 2024-01-02 tea jam",
    "bo 2024-01-12 tea jam", "cyd 2024-01-03 jam bread", "cyd 2024-01-25 bread", "dee 2024-01-04 salt bread",
)  # fmt: skip
CUTOFF = date(2024, 2, 1)


def test_an_item_is_ready_once_half_its_gap_has_passed_and_forgotten_after_two():
    assert readiness(np.array([0, 0.25, 0.5, 2, 4])).tolist() == [0, 0.5, 1, 1, 0.5]


def test_items_bought_on_a_second_day_are_habits():
    rates = dict(zip(LOG.item_ids.tolist(), rate_of_repetition(LOG).tolist(), strict=True))

    assert rates["tea"] == max(rates.values()) > 1 > rates["salt"]


def test_the_season_of_an_earlier_cutoff_knows_nothing_of_later_purchases():
    log = bought("ada 2024-01-01 tea", "bo 2024-01-25 jam", "- 2024-01-26 jam")

    jam, tea = season_at(seasons_of(log, 7, CUTOFF), CUTOFF, date(2024, 1, 20))

    assert jam == pytest.approx(0.01)
    assert tea == pytest.approx(1.01)


@pytest.mark.parametrize("model", [NextBasket(), *(Blend(normalisation=how) for how in NORMALISATIONS)])
def test_shares_add_up_to_the_score(model: NextBasket | Blend):
    model.fit(LOG, CUTOFF)
    items = np.arange(len(LOG.item_ids))
    for row in range(len(LOG)):
        _, shares = model.shares(LOG.histories, row, items, CUTOFF)
        scores = model._scores(LOG.histories.take(np.array([row])), CUTOFF)[0]
        assert shares.sum(axis=0) == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_normalising_keeps_the_order_and_what_is_not_known(how: str):
    scores = np.array([[0, 3, 1, 7], [0, 0, 0, 0]], dtype=np.float32)

    same = normalised(scores, how)

    assert np.argsort(same[0]).tolist() == [0, 2, 1, 3]
    assert (same[scores == 0] == 0).all()


def test_all_weight_goes_to_the_only_part_that_finds_what_is_bought():
    noise = np.random.default_rng(7).random((50, 40)).astype(np.float32)
    truth = np.zeros((50, 40), dtype=bool)
    truth[:, 5] = True
    parts = np.stack([noise, truth.astype(np.float32) * 0.5], axis=2)

    weights = learnt_weights(Candidates(parts, np.ones_like(truth), truth, np.ones(50, dtype=int)))

    assert weights.sum() == pytest.approx(1)
    assert Candidates(parts, np.ones_like(truth), truth, np.ones(50, dtype=int)).ndcg(weights) == 1


def test_a_part_that_refuses_for_memory_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Ease, "needed_gb", lambda *_: 1e9)

    model = Blend(parts="ease, item_knn").fit(LOG, CUTOFF)

    assert list(model.parts_) == ["item_knn"]
    assert "ease would take" in model.left_out_["ease"]
    with pytest.raises(NotEnoughMemory, match="no part of blend"):
        Blend(parts="ease").fit(LOG, CUTOFF)


def test_a_blend_of_one_part_ranks_as_that_part():
    alone, mixed = NextBasket().fit(LOG, CUTOFF), Blend(parts="next_basket").fit(LOG, CUTOFF)

    one, other = (model.recommend(history("tea", "jam", among=LOG), 5) for model in (alone, mixed))

    assert one.item_id.tolist() == other.item_id.tolist()


def test_a_part_has_the_settings_that_are_stated_for_it():
    blend = Blend(parts="item_knn, ease", part_settings='{"item_knn": {"n_neighbours": 3}}').fit(LOG)

    assert blend.parts_["item_knn"].settings["n_neighbours"] == 3
    assert blend.parts_["ease"].settings == Ease(seed=blend.seed).settings


@pytest.mark.parametrize(
    ("stated", "saying"),
    [
        ("{", "is no JSON of settings by part"),
        ('{"als": {}}', "'als' is no part"),
        ('{"ease": {"alfa": 1}}', "ease has no 'alfa'"),
    ],
)
def test_settings_of_parts_that_cannot_be_meant_are_one_line(stated: str, saying: str):
    with pytest.raises(BadInput, match=saying):
        Blend(parts="item_knn, ease", part_settings=stated).fit(LOG)


def test_a_half_life_of_the_blend_is_that_of_its_parts_unless_one_states_its_own():
    blend = Blend(parts="ease, item_knn", half_life_days=3.0, part_settings='{"ease": {"half_life_days": 50.0}}')

    parts = blend.fit(LOG, CUTOFF).parts_

    assert {name: part.half_life_days for name, part in parts.items()} == {"ease": 50.0, "item_knn": 3.0}


def test_parts_that_are_none_or_unknown_are_refused():
    with pytest.raises(BadInput, match="no parts"):
        Blend(parts=" ,").fit(LOG)
    with pytest.raises(UnknownName, match="ease"):
        Blend(parts="eas").fit(LOG)
