"""Print the OpenAPI document of the service: `python -m tools.openapi_document`. Types of clients are made from it.

With --without-examples it has no examples, so that new ones change no types.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from serving.http.app import all_endpoints
from serving.http.openapi import openapi_document

WITHOUT_EXAMPLES = "--without-examples"


def render_document(*, examples: bool = True) -> str:
    """The document as the service answers it, indented."""
    document: Any = msgspec.json.decode(msgspec.json.encode(openapi_document(all_endpoints())))
    kept = document if examples else drop_examples(document)
    return msgspec.json.format(msgspec.json.encode(kept)).decode()


def drop_examples(part: Any) -> Any:
    """A part of the document without its examples."""
    if isinstance(part, list):
        return [drop_examples(one) for one in part]
    if isinstance(part, dict):
        return {name: drop_examples(one) for name, one in part.items() if name not in ("example", "examples")}
    return part


if __name__ == "__main__":
    print(render_document(examples=WITHOUT_EXAMPLES not in sys.argv[1:]))
