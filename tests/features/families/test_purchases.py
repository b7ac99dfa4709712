"""Features of purchases: each family on a small log with known answers."""

from __future__ import annotations

import math

import pytest

from tests.featured import features_of_ada


def test_a_purchase_on_the_cutoff_has_not_happened_yet():
    assert features_of_ada("2024-03-01", "2024-03-08")["days_since_last_purchase"] == 7


def test_the_last_second_before_the_cutoff_is_the_day_before_it():
    assert features_of_ada("2024-03-07T23:59:59")["days_since_last_purchase"] == 1


def test_a_window_of_seven_days_begins_with_the_seventh_day_before_the_cutoff():
    features = features_of_ada("2024-03-01T00:00", "2024-02-29T23:59:59")

    assert (features["orders_7d"], features["orders_30d"]) == (1, 2)


def test_recency_is_compared_with_the_customers_own_rhythm():
    features = features_of_ada("2024-02-01", "2024-02-11", "2024-02-17")

    assert features["mean_gap_days"] == 8
    assert features["recency_vs_usual_gap"] == 20 / 8


def test_tenure_runs_from_the_first_purchase_and_the_span_ends_with_the_last():
    features = features_of_ada("2024-01-08", "2024-03-01")

    assert (features["days_since_first_purchase"], features["buying_span_days"]) == (60, 53)


def test_the_lines_of_one_order_are_one_order():
    features = features_of_ada("2024-03-01 10 order_id=1", "2024-03-01 5 order_id=1", "2024-03-01 2 order_id=2")

    assert (features["orders_30d"], features["purchase_days_30d"], features["spend_30d"]) == (2, 1, 17)


def test_lines_without_an_order_are_one_order_where_they_share_their_moment():
    features = features_of_ada("2024-03-01T10:00 10", "2024-03-01T10:00 5", "2024-03-01T11:00 2")

    assert features["orders_30d"] == 2


def test_a_window_without_a_purchase_has_zero_orders_and_no_mean_order_value():
    features = features_of_ada("2023-06-01")

    assert (features["orders_90d"], features["spend_90d"]) == (0, 0)
    assert math.isnan(features["mean_order_value_90d"])


def test_spend_ignores_returns_and_net_spend_subtracts_them():
    features = features_of_ada("2024-03-01 30", "2024-03-02 -12")

    assert (features["spend_90d"], features["net_spend_90d"], features["mean_order_value_90d"]) == (30, 18, 30)


def test_order_values_have_a_mean_a_spread_and_a_largest():
    features = features_of_ada("2024-01-01 10", "2024-03-01 20", "2024-03-02 60")

    assert (features["mean_order_value_total"], features["largest_order_value"]) == (30, 60)
    assert features["order_value_spread"] == pytest.approx(math.sqrt(700))
    assert features["order_value_90d_vs_usual"] == pytest.approx(1)


def test_a_trend_is_the_share_of_the_newer_window():
    features = features_of_ada("2024-02-20", "2024-02-21", "2024-02-22", "2024-01-20")

    assert features["orders_trend_30d"] == 0.75


def test_quantities_count_pieces_and_returns_do_not_reduce_them():
    features = features_of_ada("2024-03-01 9 quantity=3", "2024-03-02 9 quantity=1", "2024-03-03 -3 quantity=-1")

    assert (features["quantity_30d"], features["mean_quantity_per_order"]) == (4, 2)


def test_gaps_are_days_between_purchase_days():
    features = features_of_ada("2024-01-01", "2024-01-05T09:00", "2024-01-05T18:00", "2024-01-15")

    assert (features["shortest_gap_days"], features["longest_gap_days"], features["mean_gap_days"]) == (4, 10, 7)
    assert features["gap_spread_days"] == pytest.approx(math.sqrt(18))


def test_a_gap_belongs_to_the_window_in_which_it_ended():
    features = features_of_ada("2023-01-01", "2023-01-11", "2023-03-01", "2024-01-01", "2024-01-31")

    assert features["mean_gap_days_180d"] == (306 + 30) / 2


def test_one_purchase_day_has_no_gap():
    features = features_of_ada("2024-03-01T09:00", "2024-03-01T18:00")

    assert math.isnan(features["mean_gap_days"])
    assert math.isnan(features["recency_vs_usual_gap"])


def test_returns_are_counted_separately_and_are_no_purchases():
    features = features_of_ada("2024-02-01 40", "2024-03-01 -10")

    assert (features["returns_30d"], features["returned_amount_90d"], features["returned_share_365d"]) == (1, 10, 0.25)
    assert (features["days_since_last_return"], features["days_since_last_purchase"]) == (7, 36)


def test_an_item_counts_once_however_often_it_was_bought():
    features = features_of_ada(
        "2024-03-01 1 item_id=tea", "2023-09-01 1 item_id=tea", "2023-09-01 1 item_id=cup", "2024-03-02 1"
    )

    assert (features["items_30d"], features["items_total"], features["item_repetition"]) == (1, 2, 1.5)
    assert features["top_item_share"] == pytest.approx(2 / 3)


def test_channels_have_shares_a_main_channel_and_a_recency():
    features = features_of_ada("2024-03-01 1 channel=app", "2024-01-01 1 channel=shop", "2024-01-02 1 channel=shop")

    assert features["order_share_via_shop"] == pytest.approx(2 / 3)
    assert features["days_since_last_order_via_app"] == 7
    assert (features["main_channel"], features["last_channel"]) == (1, 0)


def test_weekends_and_evenings_are_local():
    features = features_of_ada("2024-03-02T17:59", "2024-03-03T18:00", "2024-03-04T23:00", "2024-03-05T08:00")

    assert (features["weekend_order_share_90d"], features["evening_order_share_90d"]) == (0.5, 0.5)
