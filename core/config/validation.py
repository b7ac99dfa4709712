"""Says in plain words what is wrong in a TOML. No text of msgspec reaches the user."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import msgspec
import msgspec.inspect as inspect

from core.config.section import Section
from core.errors import did_you_mean
from core.redaction import redact

Toml = dict[str, Any]

WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.DateType: "a date such as 2026-04-01",
}
PLURALS: dict[type[inspect.Type], str] = {
    inspect.StrType: "texts",
    inspect.DateType: "dates",
    inspect.StructType: "sections",
}


LARGEST = 10**15
"Above, numbers lose digits."
FIRST_YEAR, LAST_YEAR = 1900, 2199


def unknown_keys(toml: Any, kind: Any, *, sections: tuple[str, ...] = ()) -> Iterator[str]:
    """A message for each key that is no field of its section, with the most similar field."""
    if isinstance(toml, list) and item_kind(kind):
        for entry in cast(list[Any], toml):
            yield from unknown_keys(entry, item_kind(kind), sections=sections)
    if not isinstance(toml, dict):
        return
    values, section = value_kind(kind), section_kind(kind)
    kinds: dict[str, Any] = {} if section is None else {f.name: f.type for f in msgspec.structs.fields(section)}
    for key, value in cast(Toml, toml).items():
        if values is not None:
            yield from unknown_keys(value, values, sections=(*sections, key))
        elif key in kinds:
            yield from unknown_keys(value, kinds[key], sections=(*sections, key))
        elif section is not None:
            yield f"{_place(sections)}unknown key '{key}'{did_you_mean(key, kinds)}"


def unusable_values(value: Any, *, sections: tuple[str, ...] = ()) -> Iterator[str]:
    """A message for each value that nothing can be computed with.

    That is a number that is infinite, none at all or absurdly large, or a date near an end of the calendar.
    """
    if isinstance(value, dict):
        for key, part in cast(Toml, value).items():
            yield from unusable_values(part, sections=(*sections, key))
    elif isinstance(value, list):
        for part in cast(list[Any], value):
            yield from unusable_values(part, sections=sections)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:  # NaN compares with nothing
        yield f"{_place(sections[:-1])}{sections[-1]} has to be a number of at most {LARGEST:,}, found {value!s:.40}"
    elif isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        yield (
            f"{_place(sections[:-1])}{sections[-1]} has to be a date of the years {FIRST_YEAR} to {LAST_YEAR}, "
            f"found {value}"
        )


def explain(value: Any, kind: Any, *, sections: tuple[str, ...] = ()) -> str:
    """Describe in plain words the first thing that is wrong with a value; '' if nothing is.

    `sections` is the place of the value; its last part is the key.
    """
    values, section, item = value_kind(kind), section_kind(kind), item_kind(kind)
    if isinstance(value, dict) and values is not None:
        faults = (explain(part, values, sections=(*sections, name)) for name, part in cast(Toml, value).items())
    elif isinstance(value, dict) and section is not None:
        faults = _faults_of_section(cast(Toml, value), section, sections=sections)
    elif isinstance(value, list) and item is not None:
        faults = (explain(part, item, sections=sections) for part in cast(list[Any], value))
    else:
        faults = _faults_of_value(value, kind, sections=sections)
    return next(filter(None, faults), "")


def _faults_of_section(entries: Toml, section: type[Section], *, sections: tuple[str, ...]) -> Iterator[str]:
    fields = msgspec.structs.fields(section)
    missing = [field for field in fields if field.required and field.name not in entries]
    keys = {
        one.name: describe_type(one.type) for one in missing if not (section_kind(one.type) or value_kind(one.type))
    }
    for field in fields:
        if field.name in entries:
            yield explain(entries[field.name], field.type, sections=(*sections, field.name))
    if len(keys) > 1:
        yield f"{_place(sections)}missing keys: {', '.join(f'{name} ({kind})' for name, kind in keys.items())}"
    for name, kind in keys.items():
        yield f"{_place(sections)}{name} is missing; it has to be {kind}"
    for field in missing:
        yield f"{_place((*sections, field.name))}is missing"
    try:
        msgspec.convert(entries, section)
    except msgspec.ValidationError as error:
        # Every key has the right type, so the section's own check raised a ValueError. Its text is plain.
        yield f"{_place(sections)}{error.__cause__ or error}"


def _faults_of_value(value: Any, kind: Any, *, sections: tuple[str, ...]) -> Iterator[str]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        *outer, key = sections
        shown = redact({key: value})[key]
        yield f"{_place(tuple(outer))}{key} has to be {describe_type(kind)}, found {shown!r:.80}"


def _place(sections: tuple[str, ...]) -> str:
    return f"[{'.'.join(sections)}] " if sections else ""


def describe_type(kind: Any) -> str:
    """What a key of this type takes, e.g. 'a whole number of at least 1'."""
    return _describe(inspect.type_info(kind))


def _describe(info: inspect.Type) -> str:
    match info:
        case inspect.IntType() | inspect.FloatType():
            return ("a whole number" if isinstance(info, inspect.IntType) else "a number") + _limits(info)
        case inspect.LiteralType(values=values):
            return " or ".join([", ".join(map(str, values[:-1])), str(values[-1])])
        case inspect.TupleType(item_types=items):
            return f"a list of {len(items)} numbers"
        case inspect.VarTupleType(item_type=item):
            return f"a list of {PLURALS.get(type(item), 'values')}"
        case inspect.UnionType(types=kinds):
            return " or ".join(_describe(part) for part in kinds if not isinstance(part, inspect.NoneType))
        case _:
            return WORDS.get(type(info), "a section")


def _limits(info: inspect.IntType | inspect.FloatType) -> str:
    lower = [f"of at least {info.ge:,}"] if info.ge is not None else []
    lower += [f"above {info.gt:,}"] if info.gt is not None else []
    upper = [f"{'' if lower else 'of '}at most {info.le:,}"] if info.le is not None else []
    upper += [f"below {info.lt:,}"] if info.lt is not None else []
    limits = " and ".join([*lower, *upper])
    return f" {limits}" if limits else ""


def section_kind(kind: Any) -> type[Section] | None:
    """The section in a type such as `Section` or `Section | None`; None if there is none."""
    return next((part for part in _alternatives(kind) if isinstance(part, type) and issubclass(part, Section)), None)


def value_kind(kind: Any) -> Any:
    """The type of the values of a mapping; None if the type is no mapping."""
    return next((get_args(part)[1] for part in _alternatives(kind) if get_origin(part) is dict), None)


def item_kind(kind: Any) -> type[Section] | None:
    """The section in `tuple[Section, ...]`; None for other types."""
    items = (get_args(part)[0] for part in _alternatives(kind) if get_origin(part) is tuple)
    return next((item for item in items if section_kind(item)), None)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
