"""GET /ui/customer?id=: everything about one customer.

The id is in the query, where it may be any text: browsers and proxies rewrite paths such as `/..` and `a%2Fb`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from serving.endpoints import customer
from serving.endpoints.churn_score import WithoutConsent
from serving.endpoints.customer import CustomerRequest
from serving.http.problems import Problem, ProblemType
from serving.http.schema import RequestContext
from serving.release.scored_customer import ScoredCustomer
from serving.ui.answering import Content, make_page
from serving.ui.priorities import read_reasons
from serving.ui.view import PageView

N_ITEMS = 5


def build(context: RequestContext, view: PageView) -> Content:
    """The same figures as GET /v1/customers/{customer_id}."""
    try:
        customer_request = msgspec.convert(
            {"customer_id": view.request.query.get("id", "").strip(), "k": N_ITEMS}, CustomerRequest
        )
    except msgspec.ValidationError as error:
        raise Problem(ProblemType.UNKNOWN_CUSTOMER, "enter the id of a customer") from error
    response = customer.handle(customer_request, context)
    segments = context.release.segments
    row = -1 if segments is None else segments.index.find(customer_request.customer_id)
    score = response.churn if isinstance(response.churn, ScoredCustomer) else None
    values: dict[str, Any] = {
        "customer": response,
        "score": score,
        "reasons": [] if score is None else read_reasons(score),
        "refuses_scoring": isinstance(response.churn, WithoutConsent),
        "horizon_days": None if context.release.churn is None else context.release.churn.horizon_days,
        "value_days": None if context.release.value is None else context.release.value.horizon_days,
        "owner": segments.owners[row] if segments is not None and row >= 0 else "",
        "items": [(item, _title_of(item.item) or item.item_id) for item in response.recommendations],
    }
    return Content("customer.html.j2", values)


def _title_of(item: msgspec.Raw) -> str:
    """The title in an item's columns; '' without one."""
    title = msgspec.json.decode(item).get("title")
    return title if isinstance(title, str) else ""


PAGE = make_page("/ui/customer", build)
