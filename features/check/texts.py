"""What a finding says, in every language: where, what, an example, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.config.data_set import Config
from core.i18n.formatting import format_number, format_percent
from core.i18n.message import Message
from core.i18n.translation import Language, describe_exclusion, has_translation, translate
from features.check.finding import Finding, Value

MAX_EXAMPLE = 60
"Characters of an example that are shown."
SMALLEST_SHARE = 0.001
"A smaller share is written as less than this."


@dataclass(frozen=True)
class FindingText:
    """One finding in words."""

    place: str
    "Table and column, e.g. 'purchases.customer_id'; empty for the data set as a whole."
    message: str
    example: str
    "'' without one."
    remedy: str
    "How to mend it; '' where nothing has to be done."


def describe_finding(finding: Finding, language: Language) -> FindingText:
    """The texts of one finding."""
    values: dict[str, str | int] = {
        "count": finding.count,
        "of": finding.of,
        "share": format_share(finding.count, finding.of, language=language),
        "table": finding.table or "",
        "column": finding.column or "",
        "example": finding.example or "",
        **{name: _write(name, value, language=language) for name, value in finding.values.items()},
    }
    remedy = f"mend.{finding.kind}"
    return FindingText(
        place=".".join(part for part in (finding.table, finding.column) if part),
        message=translate(f"check.{finding.kind}", language, **values),
        example=_describe_example(finding, language),
        remedy=translate(remedy, language, **values) if has_translation(remedy, language) else "",
    )


def format_share(count: int, of: int, *, language: Language) -> str:
    """A percentage with one decimal."""
    share = count / of if of else 0.0
    if 0 < share < SMALLEST_SHARE:
        return f"<{format_percent(SMALLEST_SHARE, language, n_decimals=1)}"
    return format_percent(share, language, n_decimals=0 if share in (0.0, 1.0) else 1)


def describe_definition(config: Config, language: Language) -> str:
    """What churn means, in words."""
    if config.cross_section is not None:
        label, day = config.cross_section.label, config.cross_section.cutoff.isoformat()
        return translate(
            "{column} is '{value}' in {table} as of {day}",
            language,
            column=label.column,
            value=label.equals,
            table=label.table,
            day=day,
        )
    churn = config.churn
    name = "each_subscription" if churn.each_subscription else churn.definition
    text = translate(
        f"churn.{name}",
        language,
        days=churn.horizon_days,
        grace=churn.grace_days,
        multiple=f"{churn.overdue_multiple:g}",
    )
    if not churn.gap_days:
        return text
    return translate(
        "{definition}, counted from {days} days after the cutoff", language, definition=text, days=churn.gap_days
    )


def describe_customers(config: Config, tables: Iterable[str], *, language: Language) -> str:
    """Who counts as a customer at a cutoff, in words."""
    if config.cross_section is not None:
        table, day = config.cross_section.label.table, config.cross_section.cutoff.isoformat()
        return translate("every row of {table} as of {day}", language, table=table, day=day)
    names = [name for name in ("purchases", "usage", "subscriptions") if name in tables]
    return translate(" or ", language).join(
        translate(f"cohort.{name}", language, days=config.active_days) for name in names
    )


def join_words(words: tuple[str, ...], language: Language) -> str:
    """A list of words in a sentence; names of columns and the like are listed with commas in every language."""
    return translate(", ", language).join(words)


def _write(name: str, value: Value, *, language: Language) -> str | int:
    """A value as the language writes it: names of spellings and contents, and causes of exclusion, are translated."""
    if name == "spellings" and isinstance(value, tuple):
        return join_words(tuple(translate(f"spelling.{word}", language) for word in value), language)
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, int):
        return value
    if isinstance(value, Message):
        return value.translate(language)
    if name == "cause":
        return describe_exclusion(value, language)
    return translate(value, language) if name == "content" else value


def _describe_example(finding: Finding, language: Language) -> str:
    row = "" if finding.row is None else format_number(finding.row, language)
    if row and finding.file is not None:
        return _describe_place(finding, finding.file, row=row, language=language)
    if not finding.example:
        return translate("e.g. row {row}", language, row=row) if row else ""
    if not row:
        return translate("e.g. {example}", language, example=f"'{_shorten(finding.example)}'")
    return translate("e.g. {example} (row {row})", language, example=f"'{_shorten(finding.example)}'", row=row)


def _shorten(example: str) -> str:
    return example if len(example) <= MAX_EXAMPLE else f"{example[: MAX_EXAMPLE - 3]}..."


def _describe_place(finding: Finding, file: str, *, row: str, language: Language) -> str:
    """The example with its row and the file that it is in."""
    if not finding.example:
        return translate("e.g. row {row} of {file}", language, row=row, file=file)
    example = f"'{_shorten(finding.example)}'"
    return translate("e.g. {example} (row {row} of {file})", language, example=example, row=row, file=file)
