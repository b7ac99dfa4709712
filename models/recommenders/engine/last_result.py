"""The last result of a method, e.g. for one history, which ranking and explaining the same list ask for again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from core.interactions import Histories

Result = TypeVar("Result")
Model = TypeVar("Model")
Arguments = ParamSpec("Arguments")
PREFIX = "_last_"


def keep_last(
    method: Callable[Concatenate[Model, Arguments], Result],
) -> Callable[Concatenate[Model, Arguments], Result]:
    """A method that computes nothing where its arguments are those of the last call, histories the same objects.

    Threads may share a model: the last of them wins.
    """
    name = PREFIX + method.__name__.lstrip("_")

    @wraps(method)
    def find_result(model: Model, *positional: Arguments.args, **named: Arguments.kwargs) -> Result:
        arguments = (*positional, *named.values())
        last = model.__dict__.get(name)
        if last is None or not all(map(_is_same, arguments, last[0])):
            last = model.__dict__[name] = (arguments, method(model, *positional, **named))
        return last[1]

    return find_result


def forget_results(model: object) -> None:
    """Forget what a model that is fitted again has derived from its last fit: last results and cached properties."""
    kept = without_results(model)
    for name in vars(model).keys() - kept.keys():
        delattr(model, name)


def without_results(model: object) -> dict[str, Any]:
    """The attributes of a model that are not derived from others."""
    kinds = type(model).__mro__
    derived = {name for kind in kinds for name, one in vars(kind).items() if isinstance(one, cached_property)}
    return {name: one for name, one in vars(model).items() if not name.startswith(PREFIX) and name not in derived}


def _is_same(one: Any, other: Any) -> bool:
    if one is other or type(one) is not type(other) or isinstance(one, Histories):
        return one is other
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else bool(one == other)
