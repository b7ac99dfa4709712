"""What was known of the tables of a data set at a cutoff."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ConfigError, DataError
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 8)


def rows(tables: Tables, name: str = "purchases") -> list[dict[str, Any]]:
    unsorted = tables[name].to_pyarrow().to_pylist()
    return sorted(unsorted, key=lambda row: [str(value) for value in row.values()])


def amounts(tables: Tables) -> list[float]:
    return sorted(row["amount"] for row in rows(tables))


def rows_at(name: str, *lines: dict[str, Any], cutoff: date = CUTOFF, **changes: Any) -> list[dict[str, Any]]:
    return rows(shop(settings=config(**changes), **{name: frame(*lines)}).at(cutoff), name)


def test_a_purchase_on_the_cutoff_belongs_to_the_future():
    tables = shop("ada 2024-03-07T23:59:59 1", "ada 2024-03-08 2")

    assert amounts(tables.at(CUTOFF)) == [1]


def test_a_purchase_is_unknown_until_it_is_recorded():
    tables = shop(
        "ada 2024-03-01 1 recorded_time=2024-03-08", "bo 2024-03-01 2 recorded_time=2024-03-07", "cy 2024-03-01 3"
    )

    assert amounts(tables.at(CUTOFF)) == [2, 3]


@every_engine
def test_the_newest_version_of_a_line_recorded_before_the_cutoff_counts(engine_name: str):
    tables = shop(
        "ada 2024-03-01 20 line_id=7 recorded_time=2024-03-01",
        "ada 2024-03-01 15 line_id=7 recorded_time=2024-03-05",
        "ada 2024-03-01 0 line_id=7 recorded_time=2024-03-09",
        "ada 2024-03-01 1",
        "ada 2024-03-01 1",
        backend=engine(engine_name),
    )

    assert amounts(tables.at(date(2024, 3, 3))) == [1, 1, 20]
    assert amounts(tables.at(CUTOFF)) == [1, 1, 15]
    assert amounts(tables.latest()) == [0, 1, 1]
    assert len(rows(tables)) == 5


@every_engine
def test_lines_that_are_counted_within_their_order_are_not_versions_of_each_other(engine_name: str):
    tables = shop(
        "ada 2024-03-01 20 order_id=a line_id=1",
        "ada 2024-03-01 7 order_id=a line_id=2 recorded_time=2024-03-01",
        "ada 2024-03-01 5 order_id=a line_id=2 recorded_time=2024-03-02",
        "ada 2024-03-02 3 order_id=b line_id=1",
        "ada 2024-03-02 2 line_id=1",
        backend=engine(engine_name),
    )

    assert amounts(tables.latest()) == [2, 3, 5, 20]
    assert tables.load_report("purchases").n_line_versions == 1


def test_a_cell_is_missing_until_it_becomes_known():
    ticket = {"customer_id": "ada", "opened_at": "2024-03-01", "closed_at": "2024-03-08", "satisfaction": 1.0}

    assert rows_at("tickets", ticket)[0]["satisfaction"] is None
    assert rows_at("tickets", ticket)[0]["closed_at"] is None
    assert rows_at("tickets", ticket, cutoff=date(2024, 3, 9))[0]["satisfaction"] == 1.0


def test_the_end_of_a_subscription_is_unknown_before_it_ends():
    span = {"customer_id": "ada", "subscription_id": "s", "plan": "p", "mrr": 9.0, "started_at": "2024-01-01"}
    ends = {"ended_at": "2024-03-20", "end_reason": "price"}

    assert rows_at("subscriptions", span | ends) == rows_at(
        "subscriptions", span | {"ended_at": None, "end_reason": None}
    )


def test_a_cell_without_its_known_at_column_is_used_only_if_listed_in_as_of_today():
    ticket = {"customer_id": "ada", "opened_at": "2024-03-01", "satisfaction": 1.0}

    assert "satisfaction" not in rows_at("tickets", ticket)[0]
    assert rows_at("tickets", ticket, as_of_today=("tickets.satisfaction",))[0]["satisfaction"] == 1.0


@every_engine
def test_the_last_dated_row_before_the_cutoff_counts(engine_name: str):
    moves = [("Kobe", "2024-01-01"), ("Nara", "2024-03-07"), ("Oita", "2024-03-08")]
    lived = frame(*({"customer_id": "ada", "city": city, "valid_from": since} for city, since in moves))
    tables = shop(settings=config(attributes={"customers": ("city",)}), customers=lived, backend=engine(engine_name))

    assert [row["city"] for row in rows(tables.at(CUTOFF), "customers")] == ["Nara"]
    assert [row["city"] for row in rows(tables.latest(), "customers")] == ["Oita"]


def test_an_undated_attribute_is_used_only_if_listed_in_as_of_today():
    ada = {"customer_id": "ada", "city": "Kobe"}
    listed = {"customers": ("city",)}

    assert rows_at("customers", ada, attributes=listed) == [{"customer_id": "ada"}]
    assert rows_at("customers", ada, attributes=listed, as_of_today=("customers.city",)) == [ada]


def test_an_attribute_that_identifies_a_person_is_not_used():
    people = [{"customer_id": f"c{n}", "contact": f"p{n}@example.org", "joined_at": "2024-01-01"} for n in range(30)]
    listed = rows_at("customers", *people, attributes={"customers": ("contact",)}, as_of_today=("customers.contact",))

    assert "contact" not in listed[0]


@every_engine
def test_aliases_are_resolved_along_their_chain_as_known_at_the_cutoff(engine_name: str):
    links = frame(
        {"alias_id": "card", "customer_id": "app", "recorded_time": "2024-01-01"},
        {"alias_id": "app", "customer_id": "ada", "recorded_time": "2024-03-08"},
    )
    tables = shop("card 2024-03-01", "bo 2024-03-01", identities=links, backend=engine(engine_name))

    assert {row["customer_id"] for row in rows(tables.at(CUTOFF))} == {"app", "bo"}
    assert {row["customer_id"] for row in rows(tables.latest())} == {"ada", "bo"}


@every_engine
@pytest.mark.parametrize("in_order", [True, False])
def test_the_link_of_an_alias_that_was_recorded_last_counts(engine_name: str, in_order: bool):
    links = [
        {"alias_id": "card", "customer_id": "zoe", "recorded_time": None},
        {"alias_id": "card", "customer_id": "yan", "recorded_time": "2024-01-01"},
        {"alias_id": "card", "customer_id": "ada", "recorded_time": "2024-03-01"},
    ]
    identities = frame(*(links if in_order else reversed(links)))
    tables = shop("card 2023-06-01", backend=engine(engine_name), identities=identities)

    def owner(view: Tables) -> str:
        return rows(view)[0]["customer_id"]

    cutoffs = (date(2024, 1, 1), date(2024, 1, 2), date(2024, 3, 2))
    assert [owner(tables.at(cutoff)) for cutoff in cutoffs] == ["zoe", "yan", "ada"]
    assert owner(tables.latest()) == "ada"


@every_engine
def test_aliases_in_a_circle_stay_customers_of_their_own(engine_name: str):
    links = frame(*({"alias_id": a, "customer_id": b} for a, b in ("xy", "yx", "zx", "zx")))
    tables = shop("x 2024-03-01", "y 2024-03-01", "z 2024-03-01", identities=links, backend=engine(engine_name))

    assert {row["customer_id"] for row in rows(tables.at(CUTOFF))} == {"x", "y", "z"}


def test_two_customers_that_are_merged_have_one_row():
    tables = shop(
        identities=frame({"alias_id": "app", "customer_id": "ada"}),
        customers=frame({"customer_id": "app", "language": "ja"}, {"customer_id": "ada", "language": "en"}),
    )

    assert [row["customer_id"] for row in rows(tables.latest(), "customers")] == ["ada"]


def test_excluded_rows_are_counted_by_reason():
    usage = frame(
        {"customer_id": "ada", "event_time": "2024-03-01", "event": "login"},
        {"customer_id": None, "event_time": "2024-03-01", "event": "login"},
        {"customer_id": "x" * 129, "event_time": "2024-03-01", "event": "login"},
        {"customer_id": "bo", "event_time": None, "event": "login"},
    )
    load_report = shop(usage=usage).load_report("usage")

    assert (load_report.n_rows, load_report.n_usable) == (4, 1)
    assert load_report.excluded == {
        "customer_id: too long for an id": 1,
        "customer_id: missing": 1,
        "event_time: missing": 1,
    }


def test_duplicate_rows_are_kept_unless_the_toml_drops_them():
    lines = ("ada 2024-03-01 5", "ada 2024-03-01 5")

    assert amounts(shop(*lines)) == [5, 5]
    assert amounts(shop(*lines, settings=config(duplicate_rows="drop"))) == [5]


def test_the_watermark_is_the_day_of_the_last_record():
    assert shop("ada 2024-03-01", "ada 2024-03-07T09:00").watermark("purchases") == date(2024, 3, 7)


def days_of(channel: str, n_days: int, every: int = 1) -> list[str]:
    return [f"ada {date(2024, 1, 1) + timedelta(days=day)} channel={channel}" for day in range(0, n_days, every)]


@pytest.mark.parametrize(
    ("other", "watermark"),
    [
        (days_of("shop", 53), date(2024, 2, 22)),
        (days_of("closed", 20), date(2024, 2, 29)),
        (days_of("rare", 50, every=7), date(2024, 2, 29)),
    ],
    ids=["a channel that lags holds back", "one that ended does not", "a rare one does not"],
)
def test_a_table_is_complete_until_its_slowest_steady_channel(other: list[str], watermark: date):
    assert shop(*days_of("web", 60), *other).watermark("purchases") == watermark


def test_the_watermark_of_the_toml_wins():
    watermark_config = config(watermark=date(2024, 3, 3))

    assert shop("ada 2024-03-07", settings=watermark_config).watermark("purchases") == date(2024, 3, 3)


def test_a_table_of_things_has_no_watermark():
    with pytest.raises(DataError, match="set watermark"):
        shop(items=frame({"item_id": "tea"})).watermark("items")


@every_engine
def test_the_digest_depends_on_the_content_and_not_on_its_order(engine_name: str):
    backend = engine(engine_name)
    lines = ["ada 2024-03-01 5 item_id=tea", "bo 2024-03-02 6 item_id=cup"]
    digest = shop(*lines, backend=backend).digest

    assert shop(*reversed(lines), backend=backend).digest == digest
    assert shop("bo 2024-03-01 5 item_id=tea", "ada 2024-03-02 6 item_id=cup", backend=backend).digest != digest
    assert shop(lines[0], "bo 2024-03-02 6.01 item_id=cup", backend=backend).digest != digest


@every_engine
def test_the_digest_depends_on_answers_that_are_yes_or_no(engine_name: str):
    def digest_of(*, granted: bool | None) -> str:
        row = {"customer_id": "ada", "purpose": "contact", "granted": granted, "event_time": "2024-03-01"}
        no = {**row, "customer_id": "bo", "granted": False}
        return shop("ada 2024-03-01", consents=frame(row, no), backend=engine(engine_name)).digest

    assert digest_of(granted=True) != digest_of(granted=False)
    assert digest_of(granted=True) == digest_of(granted=True)


@every_engine
@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "float64"])
def test_yes_and_no_are_cast_to_numbers_of_every_size(kind: str, engine_name: str):
    rows = pa.table({"n": range(3), "treated": [True, False, None]})
    table = engine(engine_name).create_table(ibis.util.gen_name("contacts"), rows, temp=True)

    cast = table.select("n", number=table.treated.cast(kind)).order_by("n")

    assert cast.to_pyarrow()["number"].to_pylist() == [1, 0, None]


def test_unknown_tables_and_missing_columns_are_named_in_the_error():
    with pytest.raises(ConfigError, match="did you mean 'purchases'"):
        tables_from_frames(config(), {"purchase": frame({"amount": 1.0})})
    with pytest.raises(DataError, match="purchases lacks the column 'event_time'; found: amount"):
        tables_from_frames(config(), {"purchases": frame({"amount": 1.0})})
    with pytest.raises(DataError, match="there is no table 'usage'"):
        _ = shop("ada 2024-03-01")["usage"]


def test_a_column_of_an_unreadable_type_is_named_in_the_error():
    nested = pa.table({"event_time": [datetime(2024, 1, 1)], "amount": [[1.0]]})

    with pytest.raises(DataError, match=r"purchases\.amount: .* cannot be read as a number"):
        tables_from_frames(config(), {"purchases": nested})


moments = st.datetimes(datetime(2024, 2, 25), datetime(2024, 3, 20)).map(lambda moment: moment.replace(microsecond=0))
later = moments.map(lambda moment: datetime(2024, 3, 8) + (moment - datetime(2024, 2, 25)))
purchases = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["ada", "bo", "card", None]),
        "event_time": moments,
        "amount": st.integers(-5, 50).map(float),
        "line_id": st.sampled_from(["1", "2", None]),
        "recorded_time": st.none() | moments,
    }
)
tickets = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["ada", "bo"]),
        "opened_at": moments,
        "closed_at": st.none() | moments,
        "satisfaction": st.integers(1, 5).map(float),
    }
)


def at_cutoff(
    bought: list[dict[str, Any]], asked_tickets: list[dict[str, Any]], engine_name: str
) -> list[list[dict[str, Any]]]:
    tables = shop(purchases=frame(*bought), tickets=frame(*asked_tickets), backend=engine(engine_name)).at(CUTOFF)
    return [rows(tables, name) for name in tables.names]


@every_engine
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bought=st.lists(purchases, min_size=1, max_size=8),
    asked_tickets=st.lists(tickets, min_size=1, max_size=5),
    data=st.data(),
)
def test_what_happens_or_becomes_known_later_changes_nothing(
    engine_name: str, bought: Any, asked_tickets: Any, data: Any
):
    late_rows = [
        data.draw(purchases) | {"event_time": data.draw(later)},
        data.draw(purchases) | {"recorded_time": data.draw(later)},
    ]
    open_then = [not ticket["closed_at"] or ticket["closed_at"] >= datetime(2024, 3, 8) for ticket in asked_tickets]
    closed_otherwise = [
        ticket | {"closed_at": data.draw(later), "satisfaction": 1.0} if still_open else ticket
        for ticket, still_open in zip(asked_tickets, open_then, strict=True)
    ]

    assert at_cutoff(bought + late_rows, closed_otherwise, engine_name) == at_cutoff(bought, asked_tickets, engine_name)


def test_without_a_column_for_it_no_subscription_has_ended():
    subscriptions = frame(
        {"customer_id": "ada", "subscription_id": "s1", "plan": "max", "mrr": 9.5, "started_at": "2024-01-01"}
    )

    tables = tables_from_frames(config(), {"subscriptions": subscriptions})

    assert tables["subscriptions"].ended_at.to_pyarrow().to_pylist() == [None]


def test_purchases_of_items_may_lack_times_and_amounts_but_only_recommendations_can_read_them():
    tables = tables_from_frames(config(), {"purchases": frame({"customer_id": "ada", "item_id": "tea"})})

    assert tables.is_undated("purchases")
    assert tables.as_far_as_recorded("purchases").count().to_pyarrow().as_py() == 1
    with pytest.raises(DataError, match="purchases has no event_time; everything but recommendations needs it; found"):
        tables["purchases"]
