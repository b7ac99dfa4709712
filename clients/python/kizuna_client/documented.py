"""Methods that are made from functions keep their names, texts and parameters for `help` and editors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

M = TypeVar("M", bound=Callable[..., object])


def document_method(method: M, make: Callable[..., object]) -> M:
    """The method with name, text and parameters of the function that makes its request."""
    signature = inspect.signature(make)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    answer = str(signature.return_annotation).removeprefix("Call[").removesuffix("]")
    details = {
        "__name__": make.__name__,
        "__qualname__": make.__qualname__,
        "__doc__": make.__doc__,
        "__signature__": signature.replace(
            parameters=[itself, *signature.parameters.values()], return_annotation=answer
        ),
    }
    for name, value in details.items():
        setattr(method, name, value)
    return method
