"""API keys: what they permit, and how they are stored without being readable.

    kz_5f3a9c01_Zm9vYmFyYmF6...        shown once
       |        |
       key id   secret, 256 random bits; stored as its SHA-256

A secret of that length cannot be guessed, so that a slow hash, as for passwords, would only cost time.

A browser key is in the pages of a shop, where every visitor can read it. Alone it permits nothing: each request also
needs a customer token, which the shop signs for one customer and a short time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

PREFIX = "kz"
KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_([A-Za-z0-9_-]{{43}})")
NO_DIGEST = "0" * 64
"Compared with where no key has the id, so that the answer takes as long."


class Scope(StrEnum):
    """What a key may ask for."""

    SCORE = "score"
    "Scores, values, predictions, customers and segments."
    RECOMMEND = "recommend"
    "Recommendations, similar and trending items."
    DECIDE = "decide"
    "Next best offers."
    INGEST = "ingest"
    "Outcomes and stock."
    TASKS = "tasks"
    "Tasks of customer success."
    READ = "read"
    "The pages under /ui, and key figures. Changing a task on a page needs `tasks` as well."
    ADMIN = "admin"
    "Metrics; everything else as well."


BROWSER_SCOPES = (Scope.RECOMMEND, Scope.INGEST)
"What browser keys may have; of these scopes they may use the routes that are open to browsers."


class BrowserAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a key a browser key. Nothing in it is secret."""

    origins: tuple[str, ...]
    "Of the pages that send requests, e.g. https://shop.example; also the issuers of their customer tokens."
    public_key: str
    "PEM. The shop signs customer tokens with the private key."


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key. Nothing in it can be used to send a request."""

    key_id: str
    name: str
    "Who uses it."
    scopes: tuple[Scope, ...]
    digest: str
    "SHA-256 of the secret, hexadecimal."
    created_at: datetime
    "UTC, as all times here."
    requests_per_minute: int | None = None
    "None: no limit. Of a browser key: of each customer."
    requests_per_day: int | None = None
    "From midnight to midnight UTC, of all callers together. None: no limit."
    browser: BrowserAccess | None = None
    "None: a key of a server."
    old_digest: str | None = None
    "Of the secret before the last rotation."
    old_until: datetime | None = None
    "Until when the old secret is accepted."
    revoked_at: datetime | None = None

    def accepts(self, secret: str, *, now: datetime) -> bool:
        """Whether this is the secret of the key, or the one before it until it expires. Takes the same time always."""
        digest = digest_of(secret)
        is_current = hmac.compare_digest(digest, self.digest)
        is_old = hmac.compare_digest(digest, self.old_digest or NO_DIGEST)
        lasts = self.old_until is not None and now < self.old_until
        return self.revoked_at is None and (is_current or (is_old and lasts))

    def permits(self, scope: Scope | None) -> bool:
        """Whether the key may be used for this; None is what every key may do."""
        return scope is None or scope in self.scopes or Scope.ADMIN in self.scopes

    def rotate(self, *, now: datetime, grace: timedelta) -> tuple[ApiKey, str]:
        """The key with a new secret, and the secret; the old one is accepted for `grace` longer."""
        secret = new_secret()
        rotated = msgspec.structs.replace(self, digest=digest_of(secret), old_digest=self.digest, old_until=now + grace)
        return rotated, f"{PREFIX}_{self.key_id}_{secret}"


def new_key(
    name: str,
    scopes: tuple[Scope, ...],
    *,
    now: datetime,
    requests_per_minute: int | None = None,
    requests_per_day: int | None = None,
    browser: BrowserAccess | None = None,
) -> tuple[ApiKey, str]:
    """A key and its text, which nothing stores."""
    secret, key_id = new_secret(), secrets.token_hex(4)
    key = ApiKey(
        key_id=key_id,
        name=name,
        scopes=scopes,
        digest=digest_of(secret),
        created_at=now,
        requests_per_minute=requests_per_minute,
        requests_per_day=requests_per_day,
        browser=browser,
    )
    return key, f"{PREFIX}_{key_id}_{secret}"


def new_secret() -> str:
    """256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split_key(text: str) -> tuple[str, str] | None:
    """The id and the secret in the text of a key; None for any other text."""
    parts = KEY.fullmatch(text)
    return None if parts is None else (parts[1], parts[2])
