"""POST /v1/accounts/score: churn risk, value and reasons of business customers, rolled up by account."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.access import Scope
from core.ids import Id
from core.model_kinds import CHURN
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, Request, RequestContext, Response, not_released, provenance_of
from serving.release.account_part import AccountPart, AccountScore

AccountId = Annotated[Id, msgspec.Meta(description="An account's id, as in the tables.", examples=["A-1001"])]


class AccountScoreRequest(Request, frozen=True):
    """The accounts to score."""

    account_ids: Annotated[list[AccountId], msgspec.Meta(min_length=1, max_length=1000)]


class ScoredAccount(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="scored"):
    """One account's churn risk."""

    account: AccountScore


class UnknownAccount(msgspec.Struct, frozen=True, tag_field="status", tag="not_found"):
    """An id that no account with a customer had at the cutoff."""

    account_id: str


class AccountWithoutConsent(msgspec.Struct, frozen=True, tag_field="status", tag="no_consent"):
    """An account whose customers all opted out of scoring."""

    account_id: str


AccountResult = ScoredAccount | UnknownAccount | AccountWithoutConsent


class AccountScoreResponse(Response, frozen=True, kw_only=True):
    """The accounts, in the order of the request."""

    horizon_days: int
    "The risks are probabilities of churn within this many days after the cutoff."
    currency: str
    "Of values and expected losses."
    accounts: list[AccountResult]


def handle(request: AccountScoreRequest, context: RequestContext) -> AccountScoreResponse:
    """Look up every account."""
    release = context.release
    if release.churn is None:
        raise not_released(release, CHURN.name)
    if release.accounts is None:
        raise Problem(
            ProblemType.MODEL_NOT_RELEASED,
            f"release {release.description.release_id} has no accounts: no customer has an account_id",
        )
    return AccountScoreResponse(
        **provenance_of(release, CHURN.name),
        horizon_days=release.churn.horizon_days,
        currency=release.description.currency,
        accounts=[look_up_account(release.accounts, account_id) for account_id in request.account_ids],
    )


def look_up_account(accounts: AccountPart, account_id: str) -> AccountResult:
    """The churn risk of one account in a release."""
    row = accounts.index.find(account_id)
    if row >= 0:
        return ScoredAccount(account=accounts.score(row))
    has_opted_out = accounts.unscored.find(account_id) >= 0
    return AccountWithoutConsent(account_id) if has_opted_out else UnknownAccount(account_id)


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/accounts/score",
    request=AccountScoreRequest,
    response=AccountScoreResponse,
    handle=handle,
    summary="Churn risk, value and reasons of accounts",
    scope=Scope.SCORE,
)
