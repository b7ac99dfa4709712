"""Who sends a request, and whom it may concern."""

from __future__ import annotations

import msgspec

from core.access import ApiKey, Scope
from serving.http.problems import Problem, ProblemType


class Admission(msgspec.Struct, frozen=True):
    """The key of a request, and the one customer that a browser may ask about."""

    key: ApiKey | None = None
    "None where no key is needed."
    customer_id: str | None = None
    "Of the customer token, where the key is a browser key; None with any other."

    @property
    def key_id(self) -> str | None:
        """The id of the key, if there is one."""
        return None if self.key is None else self.key.key_id

    def require(self, scope: Scope | None, *, open_to_browsers: bool = False) -> None:
        """Raise Problem where the key does not permit a route; None as scope is what the key of any server may do."""
        if self.key is None:
            return
        if not self.key.permits(scope):
            raise Problem(ProblemType.FORBIDDEN, f"this route needs a key with the scope {scope}")
        if self.key.browser is not None and not open_to_browsers:
            raise Problem(ProblemType.FORBIDDEN, "this route is not open to browser keys")

    def require_customer(self, customer_id: str | None) -> None:
        """Raise Problem where a browser asks or reports about another customer than that of its token.

        None, a request that concerns no customer, is permitted.
        """
        if self.customer_id is not None and customer_id is not None and customer_id != self.customer_id:
            raise Problem(ProblemType.FORBIDDEN, "the customer token is that of another customer")


UNRESTRICTED = Admission()
"Of requests that need no key."
