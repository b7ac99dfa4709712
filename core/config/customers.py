"""How a business tells its customers apart: segments, health, and the causes for which they leave."""

from __future__ import annotations

from base64 import b64decode

import msgspec

from core.config.section import Section
from core.errors import did_you_mean
from core.health import DIMENSIONS


class Segment(Section, frozen=True):
    """Customers that belong together, by exactly one of `rule`, `customers`, `customers_file` and `top`."""

    rule: str | None = None
    "In the language of core.rules.rule, over features, key figures and listed attributes."
    customers: tuple[str, ...] = ()
    "Their ids, one by one."
    customers_file: str | None = None
    "A CSV, relative to the TOML, whose column customer_id (else its first one) holds their ids."
    top: float | None = None
    "The share of all customers, above 0 and at most 1, that is largest `by` a number; customers without it are none."
    by: str = "value"
    "With `top`: a feature, a key figure, or value (what a customer pays: MRR, else the revenue of 365 days)."
    action: str = ""
    "What is done for them, in the business's own words."

    def __post_init__(self) -> None:
        stated = [self.rule is not None, bool(self.customers), self.customers_file is not None, self.top is not None]
        if sum(stated) != 1:
            raise ValueError("give exactly one of rule, customers, customers_file, top")
        if self.top is not None and not 0 < self.top <= 1:
            raise ValueError("top is a share above 0 and at most 1")
        if self.top is None and self.by != "value":
            raise ValueError("by goes with top")


class HealthSettings(Section, frozen=True):
    """From which score on a customer counts as healthy, and what a fall sets going."""

    healthy_from: float = 70.0
    "Where the probability of the tier medium lies on the scale, whatever it is."
    watch_from: float = 40.0
    "Where that of the tier high lies."
    at_risk_from: float = 20.0
    "Below is critical."
    hysteresis: float = 5.0
    "A limit is crossed by so many points before the band changes."
    min_days_in_band: int = 14
    "A band is kept for at least so many days."
    alert_drop: float = 15.0
    "So many points within 7 or 28 days, to below healthy, make a task."
    cooldown_days: int = 28
    "After a fall, the same customer makes no other task for so many days."
    owner: str = ""
    "Whose a task is where the accounts name no owner."
    due_days: int = 7
    "A task is due so many days after the fall."
    actions: dict[str, str] = msgspec.field(default_factory=dict)
    "What is suggested, by the dimension that fell most; the others keep the usual suggestion."
    webhook: str | None = None
    "An address that takes each new task."
    webhook_secret: str | None = None
    "Signs the requests: whsec_ and base64, given as ${NAME}."

    def __post_init__(self) -> None:
        if not 0 < self.at_risk_from < self.watch_from < self.healthy_from < 100:
            raise ValueError("health needs 0 < at_risk_from < watch_from < healthy_from < 100")
        narrowest = min(self.at_risk_from, self.watch_from - self.at_risk_from, self.healthy_from - self.watch_from)
        if not 0 <= self.hysteresis <= min(narrowest, 100 - self.healthy_from) / 2:
            raise ValueError("hysteresis is at least 0 and at most half of the narrowest band")
        if not self.alert_drop > 0 or min(self.min_days_in_band, self.due_days) < 0 or self.cooldown_days < 28:
            raise ValueError(
                "alert_drop is above 0, min_days_in_band and due_days at least 0, cooldown_days at least 28"
            )
        for name in self.actions:
            if name not in DIMENSIONS:
                raise ValueError(f"actions: no dimension '{name}'{did_you_mean(name, DIMENSIONS)}")
        if self.webhook is not None and not self.webhook.startswith(("http://", "https://")):
            raise ValueError("webhook begins with http:// or https://")
        if self.webhook is not None and not _is_webhook_secret(self.webhook_secret or ""):
            raise ValueError(
                "a webhook needs a webhook_secret, such as ${KIZUNA_WEBHOOK_SECRET}: whsec_ and the base64 of 24 to 64 "
                "random bytes, e.g. from `echo whsec_$(openssl rand -base64 32)`"
            )


def _is_webhook_secret(secret: str) -> bool:
    """Whether a text is a secret as in Standard Webhooks."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


class Intervention(Section, frozen=True):
    """Something that a business can do against one cause of leaving."""

    name: str
    cause: str
    save_rate: float
    "Of the customers who would leave for this cause, the share that it keeps."
    cost: float | None = None
    "A customer, base currency; not stated, it is the cost of the offer."
    fixed_cost: float = 0.0
    "Whoever it is done for, base currency."
    offer: str | None = None
    "An offer_id of the offers table: what the customer gets."

    def __post_init__(self) -> None:
        if not 0 <= self.save_rate <= 1:
            raise ValueError(f"save_rate of '{self.name}' lies between 0 and 1")
        if (self.cost is None) == (self.offer is None):
            raise ValueError(f"give exactly one of cost and offer for '{self.name}'")


class CauseSettings(Section, frozen=True):
    """How this business tells why customers leave, and what it can do about it."""

    names: tuple[str, ...] = ("product", "price", "support")
    "What is told apart; whatever fits none of them is 'other'."
    words: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "By cause: codes of end_reason and topics, and words of them, beyond the usual ones."
    features: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "By cause: features or whole families, with * for anything, beyond the usual ones; what stands here counts first."
    text_threshold: float = 0.5
    "From which probability on the text model's word counts."
    text_lookback_days: int = 90
    "Tickets and surveys of so many days before the end are asked for a cause where the end itself states none."
    value_months: float = 12.0
    "What a kept customer is worth: so many months of what they pay, at the margin."
    interventions: tuple[Intervention, ...] = ()

    def __post_init__(self) -> None:
        known = {*self.names, "other"}
        for place, causes in (("words", self.words), ("features", self.features)):
            for cause in causes:
                if cause not in known:
                    raise ValueError(f"[causes.{place}] speaks of '{cause}'; causes are {', '.join(sorted(known))}")
        for intervention in self.interventions:
            if intervention.cause not in known:
                raise ValueError(f"intervention '{intervention.name}' is for '{intervention.cause}', which is no cause")
        if not 0 <= self.text_threshold <= 1 or self.text_lookback_days < 1 or self.value_months <= 0:
            raise ValueError("text_threshold lies between 0 and 1, text_lookback_days and value_months above 0")
