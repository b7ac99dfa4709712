"""A cross-section data set: one row per customer, joined by id, with the churn label and the cause."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from core.config.sources import ColumnSource, CrossSectionLabel, CrossSectionSource, CrossSectionTable
from core.errors import ConfigError, DataError, SourceUnavailable
from tables.cross_section import open_cross_section
from tables.sources.opening import open_tables
from tests.cross_section_worlds import SPORTS, club
from tests.worlds import config


def change_label(settings, **changes):
    label = msgspec.structs.replace(settings.cross_section.label, **changes)
    return msgspec.structs.replace(settings, cross_section=msgspec.structs.replace(settings.cross_section, label=label))


def test_files_are_joined_by_id_and_columns_become_words_numbers_or_missing(tmp_path):
    data = open_cross_section(club(tmp_path))
    score, churned = data.features.column("exit_score"), data.outcomes.churned

    assert data.features.names == ("contract", "charges", *SPORTS, "exit_score")
    assert data.features.vocabularies == {"contract": ("monthly", "yearly")}
    assert ((score < 3) == churned).all()
    assert 0 < np.isnan(data.features.column("charges")).sum() < 60
    assert all(column.as_of_today for column in data.features.columns)


def test_every_label_is_mature_and_churned_customers_have_a_cause(tmp_path):
    outcomes = open_cross_section(club(tmp_path)).outcomes

    assert outcomes.is_mature.all()
    assert (outcomes.cause == np.where(outcomes.churned, "price", "")).all()
    assert outcomes.definition == "Left? is 'yes' in status as of 2026-04-01"


def test_rows_that_repeat_a_customer_are_an_error(tmp_path):
    settings = club(tmp_path)
    status = pq.read_table(tmp_path / "status.parquet")
    pq.write_table(status.take([0, 0, *range(1, len(status))]), tmp_path / "status.parquet")

    with pytest.raises(DataError, match=r"\[cross_section.tables.status\]: 1 rows repeat a customer"):
        open_cross_section(settings)


def test_a_label_with_a_single_class_is_an_error(tmp_path):
    with pytest.raises(DataError, match="0 of 600 customers churned"):
        open_cross_section(change_label(club(tmp_path), equals="gone"))


def test_an_unknown_column_names_the_most_similar_one(tmp_path):
    with pytest.raises(DataError, match=r"no column 'Lefd\?'; did you mean 'Left\?'"):
        open_cross_section(change_label(club(tmp_path), column="Lefd?"))


def test_a_missing_file_is_named(tmp_path):
    settings = club(tmp_path)
    (tmp_path / "members.csv").unlink()

    with pytest.raises(SourceUnavailable, match=r"members.csv"):
        open_cross_section(settings)


def test_opening_dated_tables_of_a_cross_section_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="club is a cross-section data set"):
        open_tables(club(tmp_path))


def test_the_digest_depends_on_the_content_only(tmp_path):
    first, again, other = (open_cross_section(club(tmp_path, seed=seed)).digest for seed in (1, 1, 2))

    assert first == again != other


def test_null_words_and_notations_of_a_file_make_no_words_of_its_numbers(tmp_path):
    (tmp_path / "my.csv").write_text(
        "id;fee;days;zip;since;left\na;1.250,50;NA;SE;01.02.2026;yes\nb;980;45;NA;31.12.2025;no\nc;n/a;99;?;;no\n"
    )
    columns = {"fee": "fee", "days": ColumnSource(column="days", null_values=("99",)), "zip": "zip", "since": "since"}
    table = CrossSectionTable(
        path=str(tmp_path / "my.csv"), customer_id="id", delimiter=";", decimal=",", date_format="%d.%m.%Y",
        null_values=("?",), columns=columns,
    )  # fmt: skip
    label = CrossSectionLabel(table="people", column="left", equals="yes")
    source = CrossSectionSource(cutoff=date(2026, 4, 1), label=label, tables={"people": table})

    features = open_cross_section(config(cross_section=source, active_days=0)).features

    assert features.column("fee").tolist() == pytest.approx([1250.5, 980, np.nan], nan_ok=True)
    assert features.column("days").tolist() == pytest.approx([np.nan, 45, np.nan], nan_ok=True)
    assert features.vocabularies == {"zip": ("NA", "SE")}
    assert features.column("days_since_since")[0] - features.column("days_since_since")[1] == -32


def two_files(folder, *ids: str):
    """The customers a, b and 7 in one file, and the same customers as `ids` in another."""
    (folder / "people.csv").write_text("id,left\na,yes\nb,no\n7,no\n")
    (folder / "fees.csv").write_text("id,fee\n" + "".join(f"{one},{place}\n" for place, one in enumerate(ids)))
    people = CrossSectionTable(path=str(folder / "people.csv"), customer_id="id")
    fees = CrossSectionTable(path=str(folder / "fees.csv"), customer_id="id", columns={"fee": "fee"})
    label = CrossSectionLabel(table="people", column="left", equals="yes")
    source = CrossSectionSource(cutoff=date(2026, 4, 1), label=label, tables={"people": people, "fees": fees})
    return config(cross_section=source, active_days=0)


def test_ids_of_two_files_meet_however_they_are_written(tmp_path):
    data = open_cross_section(two_files(tmp_path, "a ", "ｂ", "7.0", "N/A"))

    by_id = dict(zip(data.customer_ids.tolist(), data.features.column("fee").tolist(), strict=True))
    assert by_id == {"a": 0, "b": 1, "7": 2}


def test_an_id_that_lost_its_digits_is_an_error_with_an_example(tmp_path):
    with pytest.raises(DataError, match=r"fees\] id: an id cannot be read, e.g. '1.78E\+04' .*export the ids as text"):
        open_cross_section(two_files(tmp_path, "a", "1.78E+04"))
