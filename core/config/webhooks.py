"""`[webhooks]`: which events the webhook receives, and which addresses it may have."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.addresses import Network, is_permitted, parse_address, read_networks
from core.config.section import PositiveInt, Section
from core.errors import did_you_mean
from core.webhooks import EventType

LOCALHOST = "localhost"


class WebhookSettings(Section, frozen=True):
    """Deliveries to the `webhook` of `[health]`."""

    events: tuple[str, ...] = (EventType.TASK_CREATED.value,)
    """\
    What is delivered: task.created, and customer.risk_changed, for each customer whose risk level changes with a
    release."""
    allow_http: bool = False
    "Whether the URL may begin with http://. Customer data is then readable on its way."
    allow_addresses: tuple[str, ...] = ()
    """\
    Addresses or networks that the webhook's host may have although they are not public, e.g. ["10.1.0.0/16"]. All
    others that are private, loopback, link-local, multicast or of a cloud's metadata service are refused."""
    max_runs: PositiveInt = 5
    "A delivery that failed in this many runs becomes a dead letter. `kizuna tasks resend` sends it again."

    def __post_init__(self) -> None:
        for name in self.events:
            if name not in [*EventType]:
                raise ValueError(f"events: no event '{name}'{did_you_mean(name, [*EventType])}")
        try:
            read_networks(self.allow_addresses)
        except ValueError as error:
            raise ValueError(f"allow_addresses: {error}") from None

    @property
    def event_types(self) -> tuple[EventType, ...]:
        """`events`, each once."""
        return tuple(event for event in EventType if event in self.events)

    @property
    def networks(self) -> tuple[Network, ...]:
        """`allow_addresses` as networks."""
        return read_networks(self.allow_addresses)

    def explain_refusal(self, webhook: str) -> str:
        """Which settings this URL needs; '' if it is allowed. Names are resolved only when something is delivered."""
        url = urlsplit(webhook)
        host = url.hostname or ""
        address = parse_address("127.0.0.1" if host == LOCALHOST else host)
        needs = list[str]()
        if url.scheme == "http" and not self.allow_http:
            needs.append("allow_http = true")
        if address is not None and not is_permitted(address, self.networks):
            needs.append(f'allow_addresses = ["{address}"]')
        if not needs:
            return ""
        return f"the webhook has to be https:// and at a public address, or set {' and '.join(needs)} under [webhooks]"
