"""The types of model settings: each says which values a setting takes, so that others are refused before any fit.

n_factors: Count = 128                whole, at least 1
learning_rate: PositiveShare = .05    above 0, up to 1
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from core.errors import BadInput, UnknownName, did_you_mean
from models.protocols import Settings

Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
HalfLife = Annotated[float, Meta(ge=1)]
"In days. Shorter ones would weigh last week's purchases with 0."
Leaves = Annotated[int, Meta(ge=2, le=131_072)]
"The limits of LightGBM."
Folds = Annotated[int, Meta(ge=1, le=100)]
Knots = Annotated[int, Meta(ge=0, le=20)]
Resamples = Annotated[int, Meta(ge=0, le=1_000)]
Threads = Annotated[int, Meta(ge=1, le=1_024)]
Passes = Annotated[int, Meta(ge=1, le=1_000)]
"Over the data; every further one takes as long as the first."
NumberOfTrees = Annotated[int, Meta(ge=1, le=100_000)]
Seed = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
PositiveShare = Annotated[float, Meta(gt=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Power = Annotated[float, Meta(ge=-3, le=3)]
"An exponent of counts: beyond 3, the most frequent item or customer decides everything."


def check_settings(model: Callable[..., object], settings: Mapping[str, object], *, defaults: Settings) -> None:
    """Refuse settings that a model does not have, and values that they do not take.

    `defaults` are all settings of the model. Raises UnknownName and BadInput.
    """
    name, types = model.name, get_type_hints(model, include_extras=True)  # pyright: ignore[reportFunctionMemberAccess]
    for setting, value in settings.items():
        if setting not in defaults:
            raise UnknownName(f"{name} has no setting '{setting}'{did_you_mean(setting, defaults)}")
        if not _is_valid(value, types[setting]):
            default = msgspec.json.encode(defaults[setting]).decode()
            raise BadInput(
                f"{setting}={value}: {name} takes {describe_type(types[setting])}, such as its default {default}"
            )


def _is_valid(value: object, kind: Any) -> bool:
    """Whether a value has this type and lies within its limits; infinity and NaN are no values."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def describe_type(kind: Any) -> str:
    """`a whole number of at least 1 or null`, `a number above 0 and up to 1`."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is Annotated:
        base, limits = get_args(kind)
        return f"{describe_type(base)}{_describe_limits(limits)}"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}
    if kind in names:
        return names[kind]
    return " or ".join(describe_type(part) for part in get_args(kind))


def _describe_limits(limits: Meta) -> str:
    if limits.ge is not None:
        return f" from {limits.ge} to {limits.le}" if limits.le is not None else f" of at least {limits.ge}"
    return f" above {limits.gt}" + (f" and up to {limits.le}" if limits.le is not None else "")
