"""Cells that mean missing, in many languages, and cells that only look so."""

from __future__ import annotations

import pytest

from tables.discovery.missing import find_missing


def missing(name: str, *values: str) -> list[str]:
    return [value for value, _ in find_missing(name, [(value, 1) for value in values])]


@pytest.mark.parametrize(
    "word",
    [
        "n.d.", "N. D.", "s/o", "S/D", "Sin dato", "brak danych", "неизвестно", "Не указано", "k. A.", "Keine Angabe",
        "nicht bekannt", "inconnu", "Non renseigné", "NON RENSEIGNE", "desconocido", "não informado", "onbekend",
        "sconosciuto", "不明", "未設定", "(不明)", "미상", "未知", "Bilinmiyor", "không rõ", "ไม่ระบุ", "غير محدد",
        "tidak diketahui", "अज्ञात", "—",
    ],
)  # fmt: skip
def test_a_word_for_unknown_is_missing_in_every_column(word: str):
    assert missing("region", "north", word, "south") == [word]


@pytest.mark.parametrize("word", ["None", "keine", "aucun", "ninguno", "nessuno", "brak", "нет", "無", "無し", "yok"])
def test_a_word_for_none_is_missing_among_ids_numbers_and_times_and_a_value_among_words(word: str):
    assert missing("betrag", "12,50", word, "3,00") == [word]
    assert missing("bestellt am", "01.02.2026", word, "03.02.2026") == [word]
    assert missing("code", "k-17", word, "k-18") == [word]
    assert missing("kunde", "ada", word, "bob") == [word]
    assert missing("season", "summer", word, "winter") == []


def test_words_that_are_all_of_a_column_or_a_country_are_values():
    assert missing("consent", "有", "無") == []
    assert missing("answer", "нет", "да") == []
    assert missing("country code", "NO", "NA", "DE") == []
    assert missing("note", "unknown", "n/a") == []
