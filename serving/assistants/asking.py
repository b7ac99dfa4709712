"""Requests to the running service on behalf of an assistant. Scopes and limits are the service's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx

from core.errors import BadInput, SourceUnavailable
from serving.http.schema import Endpoint

UNREADABLE = (ValueError, RecursionError)
"What Python raises for a body that is no JSON, or that is nested too deeply."
Json = dict[str, Any]


@dataclass(frozen=True)
class RunningService:
    """A service, and the client that keeps its connections."""

    http: httpx.AsyncClient

    async def ask(self, endpoint: Endpoint, fields: Mapping[str, Any], *, authorization: str | None) -> Json:
        """The answer of a route. Raises BadInput or SourceUnavailable, which say in one line why there is none."""
        body = {name: value for name, value in fields.items() if f"{{{name}}}" not in endpoint.template}
        headers = {"accept": "application/json"}
        if authorization:
            headers["authorization"] = authorization
        try:
            response = await self.http.request(
                endpoint.method,
                fill_path(endpoint.template, fields),
                headers=headers,
                json=body if endpoint.has_body else None,
                params=None if endpoint.has_body else {name: _to_text(value) for name, value in body.items()},
            )
        except httpx.RequestError as error:
            raise SourceUnavailable(
                f"the service at {self.http.base_url} does not answer ({type(error).__name__}); start it with "
                "`kizuna serve`, or name its address with --url"
            ) from None
        return _read_answer(response)


def open_http(url: str) -> httpx.AsyncClient:
    """A client for the service at an address. Raises BadInput where it cannot be one."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host or address.query or address.fragment:
        raise BadInput(f"--url takes an address such as http://127.0.0.1:3000, found '{url}'")
    return httpx.AsyncClient(base_url=url.rstrip("/"), timeout=10.0)


def fill_path(template: str, fields: Mapping[str, Any]) -> str:
    """The path of a route with its values. No value can leave its place: slashes and dots are escaped."""
    path = template
    for name, value in fields.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="").replace(".", "%2E"))
    return path


def _to_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read_answer(response: httpx.Response) -> Json:
    try:
        content = response.json()
    except UNREADABLE:
        content = None
    if not isinstance(content, dict):
        raise SourceUnavailable(f"{response.status_code}: the answer is no JSON; does --url lead to a Kizuna service?")
    answer = cast(Json, content)
    if not response.is_success:
        raise BadInput(_describe_problem(response, answer))
    return answer


def _describe_problem(response: httpx.Response, problem: Json) -> str:
    """One line: the status, what is wrong, where, and when to try again."""
    text = " ".join(f"{problem.get('title', '')}: {problem.get('detail', '')}".split()).strip(": ")
    where = f" (at {problem['field']})" if problem.get("field") else ""
    wait = response.headers.get("retry-after", "")
    again = f"; try again after {wait} seconds" if wait.isdecimal() else ""
    return f"{response.status_code} {text or 'no explanation'}{where}{again}"
