"""The last result of a method for one history, which ranking and explaining the same list ask for again."""

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
    cached = {
        name for kind in type(model).__mro__ for name, one in vars(kind).items() if isinstance(one, cached_property)
    }
    for name in [name for name in vars(model) if name.startswith(PREFIX) or name in cached]:
        del vars(model)[name]


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return not isinstance(one, Histories) and bool(one == other)
