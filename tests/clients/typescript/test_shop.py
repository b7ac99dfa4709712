"""The example shop in a real browser: the last click is part of the next recommendations."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.access import BrowserAccess, Scope
from models.recommenders.item_knn import ItemKnn
from tests.clients.conftest import run_api
from tests.clients.typescript.conftest import NODE, PACKAGE
from tests.serving.conftest import free_port, wait_until
from tests.serving.http.company import Company
from tests.serving.sample_release import CUTOFF, interactions, publish, recommender_part, sample_release

CHROMIUM = shutil.which("chromium") or ""
SERVER = PACKAGE / "examples" / "shop" / "server.mjs"
ITEMS = "#recommended li"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page of Chromium."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium (Debian's package is chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@contextmanager
def run_shop(home: Path, *, client: Path, service: str, key: str, port: int) -> Iterator[str]:
    """The shop on a port, with its private key in `home`; yields its address."""
    options = {"kizuna": service, "client": client, "port": port, "private-key": home / "private.pem"}
    command = [NODE, str(SERVER), *(f"--{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(command, env=os.environ | {"KIZUNA_BROWSER_KEY": key}, stdout=subprocess.DEVNULL)
    try:
        address = f"http://localhost:{port}"
        wait_until(lambda: is_open(address), "the shop did not start")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def is_open(address: str) -> bool:
    try:
        return httpx.get(address, timeout=1).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def shop(client: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the shop. Its service knows which items are bought together, and has a key for its pages."""
    home, port = tmp_path_factory.mktemp("shop"), free_port()
    model = ItemKnn().fit(interactions(), CUTOFF)
    publish(home / "releases", replace(sample_release(), recommender=recommender_part(model)))
    private_key = ed25519.Ed25519PrivateKey.generate()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "private.pem").write_bytes(pem)
    public_key = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    access = BrowserAccess(origins=(f"http://localhost:{port}",), public_key=public_key)
    company = Company(home)
    key = company.add(Scope.RECOMMEND, Scope.INGEST, browser=access)[1]
    with (
        run_api(company.api) as service,
        run_shop(home, client=client, service=service, key=key, port=port) as address,
    ):
        yield address


def read_items(page: Any) -> list[tuple[str, str]]:
    """The titles of the recommended items, and why each is recommended."""
    return [tuple(text.split("\n")) for text in page.locator(f"{ITEMS} button").all_inner_texts()]


def test_the_last_click_of_a_visitor_changes_the_next_recommendations(shop: str, page: Any):
    page.goto(shop)
    page.wait_for_selector(ITEMS)
    assert read_items(page) == [
        ("Tea", "popular right now"),
        ("Cup", "popular right now"),
        ("Pot", "popular right now"),
    ]

    page.click(f'{ITEMS}[data-item-id="pot"] button')
    page.wait_for_selector("text=because you looked at Pot")

    assert page.inner_text("#opened") == "Pot"
    assert [title for title, _ in read_items(page)] == ["Cup", "Tea"]

    page.reload()  # the service knows, not the page
    page.wait_for_selector("text=because you looked at it")
    assert read_items(page)[0] == ("Pot", "because you looked at it")


def test_a_customer_who_logs_in_has_the_recommendations_of_her_purchases(shop: str, page: Any):
    page.goto(shop)
    page.fill("[name=customer_id]", "ada")
    page.click("text=Log in")
    page.wait_for_selector("text=logged in as ada")
    page.wait_for_selector(ITEMS)

    assert [title for title, _ in read_items(page)] == ["Tea", "Cup", "Pot"]
    assert read_items(page)[2][1].startswith("because you bought Cup")


def test_a_title_without_spaces_fits_the_screen_of_a_phone(shop: str, page: Any):
    def lengthen(route: Any) -> None:
        route.fulfill(body=route.fetch().text().replace('"Tea"', f'"{"x" * 200}"'), content_type="application/json",
                      headers={"access-control-allow-origin": shop.rstrip("/")})  # fmt: skip

    page.set_viewport_size({"width": 390, "height": 800})
    page.route("**/v1/recommendations", lengthen)
    page.goto(shop)
    page.wait_for_selector("text=xxxxx")
    page.unroute("**/v1/recommendations")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_shop_goes_on_without_recommendations(shop: str, page: Any):
    page.route("**/v1/**", lambda route: route.abort())
    page.goto(shop)
    page.wait_for_selector("text=Recommendations are not available right now.")

    assert page.inner_text("h1") == "A tiny shop"
    page.unroute("**/v1/**")
