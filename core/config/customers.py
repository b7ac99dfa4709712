"""`[segments]`, `[customer_tiers]`, `[health]` and `[causes]`: how customers are grouped, monitored and kept."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Annotated
from unicodedata import category, normalize
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from core.addresses import parse_address
from core.config.section import (
    MOST_DAYS,
    NonNegativeDays,
    NonNegativeFloat,
    PositiveDays,
    PositiveFloat,
    PositiveInt,
    Section,
    Share,
)
from core.errors import did_you_mean
from core.feature_names import RuleVariable
from core.health import DIMENSIONS

MIN_COOLDOWN_DAYS = 28
"The longest window in which a drop is measured: a shorter cooldown would report one drop twice."
MAX_URL = 2_000


def segment_variable(name: str) -> str:
    """The variable of rules that is 1 for the customers of a segment and 0 for others, e.g. segment_dormant."""
    return "segment_" + re.sub(r"\W", "_", name)


class Segment(Section, frozen=True):
    """Customers who belong together: exactly one of `rule`, `customers`, `customers_file` and `top`."""

    rule: str | None = None
    """\
    Customers who fit this rule. It uses features, key figures, listed attributes, churn_probability, health,
    predicted_value, language, days_to_birthday, days_since_contact_person_changed and, in segments, customer_tier and
    the segments before it: `segment_dormant == 1`."""
    customers: tuple[str, ...] = ()
    "Customers with these ids."
    customers_file: str | None = None
    "CSV of ids, relative to the folder of the TOML: the column customer_id, or else the first one."
    top: Annotated[float, Meta(gt=0, le=1)] | None = None
    "This share of all customers, those with the largest `by`. Customers without a value are never included."
    by: str = RuleVariable.VALUE.value
    "For `top`: a feature, a key figure, or value (MRR, otherwise the revenue of 365 days)."
    action: str = ""
    "What the business does for these customers, in its own words."

    def __post_init__(self) -> None:
        given = [self.rule is not None, bool(self.customers), self.customers_file is not None, self.top is not None]
        if sum(given) != 1:
            raise ValueError("give exactly one of rule, customers, customers_file, top")
        if self.top is None and self.by != RuleVariable.VALUE:
            raise ValueError("by needs top: it names the number by which customers are sorted")


class HealthSettings(Section, frozen=True):
    """Bands of the health score, and what happens when it drops.

    The limits have to rise: 0 < `at_risk_from` < `watch_from` < `healthy_from` < 100.
    """

    healthy_from: float = 70.0
    "A customer is healthy from this score on. The medium risk level always maps to 70."
    watch_from: float = 40.0
    "A customer is on watch from this score on. The high risk level always maps to 40."
    at_risk_from: float = 20.0
    "A customer is at risk from this score on, and critical below."
    hysteresis: NonNegativeFloat = 5.0
    "Points by which a score has to cross a limit before the band changes. At most half of the narrowest band."
    min_days_in_band: NonNegativeDays = 14
    "Days that a customer stays in a band at least."
    alert_drop: PositiveFloat = 15.0
    "A drop by this many points within 7 or 28 days, to below healthy, opens a task. Smaller drops never do."
    cooldown_days: Annotated[int, Meta(ge=MIN_COOLDOWN_DAYS, le=MOST_DAYS)] = 28
    "Days after a drop in which the same customer gets no other task."
    owner: str = ""
    "Owner of tasks for customers without an account owner."
    due_days: NonNegativeDays = 7
    "Days until a task is due, from the drop or from today, whichever is later."
    max_tasks_per_week: PositiveInt | None = None
    """\
    Most new tasks within 7 days: what the team can do. The customers with the largest expected loss come first; the
    others follow in later weeks, as long as their health stays down. By default every drop opens a task."""
    actions: dict[str, str] = msgspec.field(default_factory=dict)
    "Suggested action by the dimension that dropped most, instead of the built-in one for businesses or consumers."
    webhook: str | None = None
    "URL that receives the events of `[webhooks]`, such as each new task: https:// and a public address."
    webhook_secret: str | None = None
    "Secret that signs the requests: whsec_ and base64, as ${NAME}."

    def __post_init__(self) -> None:
        if not 0 < self.at_risk_from < self.watch_from < self.healthy_from < 100:
            raise ValueError(
                "the limits have to rise: 0 < at_risk_from < watch_from < healthy_from < 100, found "
                f"{self.at_risk_from:g}, {self.watch_from:g}, {self.healthy_from:g}"
            )
        widths = (self.at_risk_from, self.watch_from - self.at_risk_from, self.healthy_from - self.watch_from)
        narrowest = min(*widths, 100 - self.healthy_from)
        if self.hysteresis > narrowest / 2:
            raise ValueError(
                f"hysteresis ({self.hysteresis:g}) is at most half of the narrowest band ({narrowest:g} points)"
            )
        for name in self.actions:
            if name not in DIMENSIONS:
                raise ValueError(f"actions: no dimension '{name}'{did_you_mean(name, DIMENSIONS)}")
        if self.webhook is not None and not self.webhook.startswith(("http://", "https://")):
            raise ValueError("webhook has to begin with https://, or with http:// and allow_http under [webhooks]")
        if self.webhook is not None and not _has_host(self.webhook):
            raise ValueError("webhook is no URL with a host, such as https://crm.example.com/hooks/kizuna")
        if self.webhook is not None and not _is_webhook_secret(self.webhook_secret or ""):
            raise ValueError(
                "a webhook needs a webhook_secret, such as ${KIZUNA_WEBHOOK_SECRET}: whsec_ and the base64 of 24 to 64 "
                "random bytes, e.g. from `echo whsec_$(openssl rand -base64 32)`"
            )


def _has_host(url: str) -> bool:
    """Whether a request can be sent to this URL: `urlsplit` drops line ends, and accepts hosts that are none."""
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    host, is_plain = parts.hostname or "", url.isprintable() and " " not in url and len(url) <= MAX_URL
    return bool(host) and has_port and is_plain and _is_host(host)


def _is_host(host: str) -> bool:
    """Whether a host is an address or may be a name; names of other scripts in the form that IDNA encodes."""
    looks_like_address = host.replace(".", "").isdecimal() and host.count(".") == 3
    if looks_like_address or ":" in host:
        return parse_address(host) is not None
    is_encodable = all(one.isascii() or category(one)[0] in "LMN" for one in host) and normalize("NFKC", host) == host
    return is_encodable and all(1 <= len(label) <= 63 for label in host.removesuffix(".").split("."))


def _is_webhook_secret(secret: str) -> bool:
    """Whether a text is a secret as in Standard Webhooks."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


class Intervention(Section, frozen=True):
    """A what-if: something that the business can do against one churn cause. Exactly one of `cost` and `offer`."""

    name: str
    "Name in reports."
    cause: str
    "The cause that it acts against: one of `names`, or other."
    save_rate: Share
    "Share of the customers churning for this cause whom it keeps."
    cost: NonNegativeFloat | None = None
    "Cost per customer, base currency."
    fixed_cost: NonNegativeFloat = 0.0
    "Cost for any number of customers, base currency."
    offer: str | None = None
    "offer_id of the offer that customers get. Its cost is the cost per customer."

    def __post_init__(self) -> None:
        if (self.cost is None) == (self.offer is None):
            raise ValueError(f"give exactly one of cost and offer for '{self.name}'")


class CauseSettings(Section, frozen=True):
    """Churn causes of this business, and what it can do about them."""

    names: tuple[str, ...] = ("product", "price", "support")
    "The causes. Anything else is other."
    words: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "By cause: codes and words of end_reason and of topics, on top of the built-in ones."
    features: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "By cause: features or feature families, `*` allowed. They take precedence over the built-in ones."
    text_threshold: Share = 0.5
    "Causes that the text model predicts with a lower probability are ignored."
    text_lookback_days: PositiveDays = 90
    "If a subscription has no end reason, the texts of this many days before its end are searched for a cause."
    value_months: PositiveFloat = 12.0
    "Value of a kept customer: the margin of this many months."
    interventions: tuple[Intervention, ...] = ()
    "What-ifs, each as [[causes.interventions]]."

    def __post_init__(self) -> None:
        names = {*self.names, "other"}
        for key, causes in (("words", self.words), ("features", self.features)):
            for cause in causes:
                if cause not in names:
                    raise ValueError(f"{key}: no cause '{cause}'; causes are {', '.join(sorted(names))}")
        for intervention in self.interventions:
            if intervention.cause not in names:
                raise ValueError(
                    f"intervention '{intervention.name}' has the unknown cause '{intervention.cause}'; causes are "
                    f"{', '.join(sorted(names))}"
                )
