"""Whether amounts include tax, by the names of their columns or a column that says so, and at which rate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.errors import BadInput
from tables.discovery.guesses import TableGuess
from tables.discovery.proposal import Ask, Question, Setting
from tables.discovery.vocabulary import compact, tax_of

RATE_OF_LANGUAGE: Mapping[str, float] = {"de": 0.19, "fr": 0.2, "es": 0.21, "it": 0.22, "nl": 0.21}
RATE_OF_CURRENCY: Mapping[str, float] = {
    "JPY": 0.1, "GBP": 0.2, "CHF": 0.081, "SEK": 0.25, "NOK": 0.25, "DKK": 0.25, "PLN": 0.23, "CZK": 0.21,
    "HUF": 0.27, "AUD": 0.1, "NZD": 0.15, "KRW": 0.1,
}  # fmt: skip
"The usual rate of tax on sales."
FLAGS = ("taxincluded", "taxesincluded", "pricesincludetax", "istaxincluded", "税込", "税込フラグ")


def choose_tax(guesses: Sequence[TableGuess], ask: Ask, *, currency: str, language: str | None) -> tuple[Setting, ...]:
    """The settings of `[money]` where amounts include tax; none where nothing says so, or the rate is 0.

    Raises BadInput for an answer that is no rate.
    """
    evidence = next((reason for guess in guesses if (reason := _says_included(guess))), "")
    if not evidence:
        return ()
    rate = RATE_OF_LANGUAGE.get(language or "") or RATE_OF_CURRENCY.get(currency, 0.0)
    why = f"the usual rate for {currency}; there may be others, as for food" if rate else "no usual rate is known"
    question = Question(
        f"Amounts include tax ({evidence}): at which rate, e.g. 0.1? 0 keeps it in them.", (), f"{rate:g}", why
    )
    answer = ask(question)
    if not re.fullmatch(r"0?[.]\d+|0", answer):
        raise BadInput(f"a tax rate is a number such as 0.1, found '{answer}'")
    if not float(answer):
        return ()
    reason = f"assumed: {why}" if answer == question.default else "your answer"
    return Setting("tax_included", True, evidence), Setting("tax_rate", float(answer), reason)


def _says_included(guess: TableGuess) -> str:
    """Why the amounts of a table include tax; empty where nothing says so."""
    columns = [guess.columns[name] for name in ("amount", "mrr") if name in guess.columns]
    names = [source for column in columns for source in column.sources]
    included = next((name for name in names if tax_of(name) == "included"), None)
    if included:
        return f"in the name of {included}"
    if not names or any(tax_of(name) == "excluded" for name in names):
        return ""
    for facts in guess.examined.columns.values():
        is_true = facts.kind in ("boolean", "text") and {value.lower() for value in facts.values} <= {
            "true",
            "yes",
            "1",
        }
        if compact(facts.name.rpartition(".")[2]) in FLAGS and facts.n_distinct == 1 and facts.values and is_true:
            return f"{facts.name} is true in every row"
    return ""
