"""Requests from pages of a shop: browser keys, customer tokens and other origins."""

from __future__ import annotations

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.access import BrowserAccess, Scope
from core.errors import BadInput
from serving.http.app import all_endpoints
from serving.http.cross_origin import check_origin
from serving.http.customer_tokens import load_public_key
from tests.serving.http.company import SCORE, Company

RECOMMEND, SIMILAR, STOCK = "/v1/recommendations", "/v1/items/tea/similar", "/v1/stock"
SHOP = "https://shop.example"
KEYS = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
}


def pem_of(public_key):
    """The PEM text of a public key."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Shop(Company):
    """A shop with a browser key, and a visitor: ada."""

    def __init__(self, home, algorithm="EdDSA", **options):
        super().__init__(home)
        self.algorithm, self.private_key = algorithm, KEYS[algorithm]
        access = BrowserAccess(
            origins=(SHOP, "https://m.shop.example"), public_key=pem_of(self.private_key.public_key())
        )
        self.key_id, self.text = self.add(Scope.RECOMMEND, Scope.INGEST, browser=access, **options)

    def claims(self, **claims):
        """Those of ada's token."""
        return {"iss": SHOP, "aud": self.key_id, "sub": "ada", "exp": int(time.time()) + 900} | claims

    def sign(self, **claims):
        """A token, in which claims of None are missing."""
        present = {name: value for name, value in self.claims(**claims).items() if value is not None}
        return jwt.encode(present, self.private_key, algorithm=self.algorithm)

    def visit(self, token=None, *, customer_id: str | None = "ada", origin=SHOP):
        """The status of a page's request for recommendations."""
        headers = {"origin": origin, "kizuna-customer-token": self.sign() if token is None else token}
        body = {"k": 1} if customer_id is None else {"customer_id": customer_id, "k": 1}
        return self.ask("POST", RECOMMEND, key=self.text, headers=headers, json=body)


@pytest.fixture
def shop(home):
    return Shop(home)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_page_gets_recommendations_for_the_customer_of_its_token_alone(home, algorithm):
    shop = Shop(home, algorithm)
    assert shop.visit() == 200
    assert shop.visit(customer_id=None) == 200
    assert shop.visit(customer_id="bo") == 403
    assert "another customer" in shop.response.json()["detail"]
    assert "bo" not in shop.response.json()["detail"]
    assert shop.visit(shop.sign(sub="bo"), customer_id="bo") == 200


@pytest.mark.parametrize(
    ("claims", "detail"),
    [
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": int(time.time()) + 86_400}, "60 minutes ahead"),
        ({"exp": 1e300}, "cannot be read|60 minutes ahead"),
        ({"exp": str(int(time.time()) + 86_400)}, "has to be a number"),
        ({"sub": 17850}, "cannot be read"),
        ({"nbf": int(time.time()) + 86_400}, "not valid yet"),
        ({"iss": "https://other.example"}, "claim iss"),
        ({"aud": "00000000"}, "claim aud"),
        ({"aud": ["00000000"]}, "claim aud"),
        ({"sub": ""}, "claim sub"),
        ({"sub": "a" * 129}, "claim sub"),
        *[({name: None}, "lacks one of the claims") for name in ("iss", "aud", "sub", "exp")],
    ],
)
def test_a_token_with_wrong_claims_is_refused(shop, claims, detail):
    assert shop.visit(shop.sign(**claims)) == 401
    problem = shop.response.json()
    assert problem["type"] == "urn:kizuna:problem:invalid-customer-token"
    assert any(part in problem["detail"] for part in detail.split("|"))


def test_a_page_reports_events_of_the_customer_of_its_token_alone(shop):
    def report(**fields):
        event = {"event_id": f"e{fields}", **fields}
        headers = {"origin": SHOP, "kizuna-customer-token": shop.sign()}
        return shop.ask("POST", "/v1/events", key=shop.text, headers=headers, json={"events": [event]})

    view = {"type": "view", "item_id": "tea"}
    assert report(**view, customer_id="ada") == 200
    assert report(**view, customer_id="bo") == 403
    assert report(**view, anonymous_id="bo") == 403
    assert report(type="identify", anonymous_id="bo", customer_id="ada") == 403, "it would get the history of bo"


def test_an_id_that_a_page_has_guessed_is_not_taken_from_the_server(shop):
    _, server = shop.add(Scope.INGEST)

    def report(key, **headers):
        event = {"type": "purchase", "event_id": "order-1", "customer_id": "ada", "item_id": "tea", "amount": 3.5}
        shop.ask("POST", "/v1/events", key=key, headers=headers, json={"events": [event]})
        return shop.response.json()["stored"]

    token = {"kizuna-customer-token": shop.sign()}
    assert [report(shop.text, **token), report(shop.text, **token)] == [1, 0]
    assert [report(server), report(server)] == [1, 0]


def test_clocks_may_differ_by_a_minute(shop):
    now = int(time.time())
    assert [shop.visit(shop.sign(exp=now + ahead)) for ahead in (-30, 3_630)] == [200, 200]


def test_only_the_private_key_of_the_browser_key_signs_its_tokens(shop, home):
    pem = pem_of(shop.private_key.public_key())
    header, payload, _ = shop.sign().split(".")
    forged = [
        "", "x", "a.b.c", shop.sign() + "x" * 2_048, f"{header}.{payload}.",
        jwt.encode(shop.claims(), "", algorithm="none"),
        jwt.encode(shop.claims(), KEYS["ES256"], algorithm="ES256"),
        jwt.encode(shop.claims(), ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA"),
        sign_with_shared_secret(shop.claims(), pem),
    ]  # fmt: skip
    assert {shop.visit(token) for token in forged} == {401}
    other = Shop(home)
    assert shop.visit(other.sign()) == 401, "a token of another browser key"


def sign_with_shared_secret(claims, secret):
    """A token whose shared secret is the text of the public key; PyJWT refuses to make one."""
    import base64
    import hashlib
    import hmac
    import json

    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in ({"alg": "HS256"}, claims)]
    signature = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_browser_key_opens_item_lists_and_no_other_route(shop):
    headers = {"kizuna-customer-token": shop.sign()}
    assert shop.ask("GET", SIMILAR, key=shop.text, headers=headers) == 200
    assert shop.ask("GET", SIMILAR, key=shop.text) == 401
    for method, path in (("PUT", STOCK), ("GET", STOCK), ("POST", "/v1/outcomes"), ("POST", SCORE), ("GET", "/docs")):
        assert shop.ask(method, path, key=shop.text, headers=headers, json={}) == 403


def test_a_page_of_another_origin_cannot_use_the_key(shop):
    assert shop.visit(origin="https://m.shop.example") == 200
    for origin in ("https://attacker.example", "https://shop.example.attacker.example", "null", "http://shop.example"):
        assert shop.visit(origin=origin) == 403
        assert "access-control-allow-origin" not in shop.response.headers


def preflight(company, origin, **headers):
    """The response to the question of a browser whether it may send a request."""
    headers = {"origin": origin, "access-control-request-method": "POST"} | headers
    company.ask("OPTIONS", RECOMMEND, headers=headers)
    return company.response


def test_a_preflight_of_a_known_origin_is_answered_without_a_key(shop):
    response = preflight(shop, SHOP)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == SHOP
    assert response.headers["vary"] == "origin"
    allowed = set(response.headers["access-control-allow-headers"].split(", "))
    assert allowed == {"authorization", "content-type", "kizuna-customer-token", "idempotency-key"}
    assert "access-control-allow-credentials" not in response.headers


def test_other_preflights_are_requests_without_a_key(shop):
    for response in (preflight(shop, "https://attacker.example"), preflight(shop, "*"), preflight(shop, "")):
        assert response.status_code == 401
        assert "access-control-allow-origin" not in response.headers
        assert response.headers["vary"] == "origin"
    assert shop.ask("OPTIONS", RECOMMEND, headers={"origin": SHOP}) == 401


def test_a_page_can_read_why_it_was_refused(shop):
    for token, status in (("", 401), (shop.sign(), 200)):
        assert shop.visit(token) == status
        assert shop.response.headers["access-control-allow-origin"] == SHOP
    assert shop.visit(customer_id="bo") == 403
    assert shop.response.headers["access-control-allow-origin"] == SHOP


def test_a_visitor_above_the_rate_does_not_hold_up_another(home):
    shop = Shop(home, requests_per_minute=2)
    assert [shop.visit() for _ in range(3)] == [200, 200, 429]
    assert shop.response.headers["access-control-expose-headers"] == "retry-after, www-authenticate"
    assert shop.visit(shop.sign(sub="bo"), customer_id="bo") == 200


def test_without_browser_keys_no_origin_is_known(home):
    company = Company(home)
    _, text = company.add(Scope.RECOMMEND)
    assert company.ask("POST", RECOMMEND, key=text, headers={"origin": SHOP}, json={}) == 200
    assert not [name for name in company.response.headers if name.startswith("access-control") or name == "vary"]


def test_routes_that_are_open_to_browsers_name_customers_in_one_field_that_is_checked():
    routes = [one for one in all_endpoints() if one.open_to_browsers]
    fields = {name for one in routes for name in one.request.__struct_fields__ if "customer" in name}
    assert fields <= {"customer_id"}
    assert {one.scope for one in routes} <= {Scope.RECOMMEND, Scope.INGEST}


@pytest.mark.parametrize(
    "text", ["*", "https://shop.example/", "https://Shop.example", "http://shop.example", "shop.example", "null", ""]
)
def test_an_origin_is_written_as_browsers_send_it(text):
    assert check_origin("https://shop.example:8443") == "https://shop.example:8443"
    assert check_origin("http://localhost:5173") == "http://localhost:5173"
    with pytest.raises(BadInput, match="--origin takes the origin of pages"):
        check_origin(text)


def test_a_key_that_is_weak_or_private_is_no_public_key():
    private = KEYS["EdDSA"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(BadInput, match="is no PEM of a public key; make a pair"):
        load_public_key(private)
    for weak in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65_537, 1_024)):
        with pytest.raises(BadInput, match="has to be Ed25519, P-256, or RSA of at least 2048 bits"):
            load_public_key(pem_of(weak.public_key()))
