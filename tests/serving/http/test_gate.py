"""Who is answered: keys, scopes, hosts and rates, before the body is read."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import ApiKey, Scope, digest_of, new_key, split_key
from core.environment import METRICS_FOLDER
from core.errors import NotFound
from serving.keys.file import KeyFile
from tests.serving.conftest import run_service, wait_until
from tests.serving.http.company import ADA, NOW, SCORE, Company
from tests.serving.sample_release import publish, sample_release

RECOMMEND = "/v1/recommendations"


@pytest.mark.parametrize(
    ("peer", "host", "status"),
    [
        ("127.0.0.1", "localhost:3000", 200),
        ("127.0.0.1", "127.0.0.1", 200),
        ("::1", "[::1]:3000", 200),
        ("10.0.0.7", "localhost", 403),
        ("127.0.0.1", "attacker.example", 421),
        ("127.0.0.1", "", 421),
    ],
)
def test_without_keys_this_host_alone_is_answered_under_its_own_name(home, peer, host, status):
    assert Company(home).ask(peer=peer, host=host) == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_host_does_not_open_the_service_to_others(home, header):
    company = Company(home)
    assert company.ask(headers={header: "for=10.0.0.7"}, json=ADA) == 403
    _, text = company.add(Scope.SCORE)
    assert company.ask(headers={header: "for=10.0.0.7"}, key=text, json=ADA) == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/openapi.json"])
def test_a_browser_opens_the_documentation_with_a_key_as_password(home, path):
    company = Company(home)
    _, text = company.add(Scope.SCORE)
    assert company.ask("GET", path) == 401
    assert company.response.headers["www-authenticate"].startswith('Basic realm="Kizuna')
    assert company.ask("GET", path, auth=("anyone", text)) == (307 if path == "/" else 200)
    assert company.ask("GET", path, auth=("anyone", text + "x")) == 401
    for wrong in ("Basic", "Basic ", "Basic !", "Basic YQ==", "Basic /////w=="):
        assert company.ask("GET", path, headers={"authorization": wrong}) == 401


def test_a_key_as_password_opens_nothing_else(home):
    company = Company(home)
    _, text = company.add(Scope.ADMIN)
    for method, path in (("POST", SCORE), ("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/docs")):
        assert company.ask(method, path, auth=("anyone", text)) == 401
        assert company.response.headers["www-authenticate"] == "Bearer"


def test_without_keys_every_host_is_answered_only_where_that_is_stated(home):
    assert Company(home, without_keys=True).ask(peer="10.0.0.7", host="shop.example") == 200


def test_with_a_key_in_use_a_request_without_a_valid_one_gets_the_same_answer(home):
    company = Company(home, without_keys=True)
    key_id, text = company.add(Scope.SCORE)
    assert company.ask(key=text, peer="10.0.0.7", host="crm.example") == 200

    revoked_id, revoked = company.add(Scope.SCORE)
    company.file.change(revoked_id, lambda one: msgspec.structs.replace(one, revoked_at=NOW))
    bodies = set()
    for wrong in (
        None,
        "",
        "kz_",
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        f"kz_{key_id}_short",
        revoked,
        text + "x",
    ):
        assert company.ask(key=wrong) == 401
        assert company.response.headers["www-authenticate"] == "Bearer"
        bodies.add(company.response.content)
    assert len(bodies) == 1


def test_health_checks_need_no_key_and_everything_else_does(home):
    company = Company(home)
    _, text = company.add(Scope.SCORE)
    assert company.ask("GET", "/readyz") == 200
    for path in ("/", "/metrics", "/openapi.json", "/docs", "/v1/models", "/nowhere"):
        assert company.ask("GET", path) == 401
    assert company.ask("GET", "/openapi.json", key=text) == 200
    assert company.ask("GET", "/nowhere", key=text) == 404


def test_a_key_permits_its_scopes_and_admin_permits_everything(home):
    company = Company(home)
    _, score = company.add(Scope.SCORE)
    _, admin = company.add(Scope.ADMIN)
    assert company.ask(key=score) == 200
    assert company.ask("POST", RECOMMEND, key=score, json={"customer_id": "ada"}) == 403
    assert "scope recommend" in company.response.json()["detail"]
    assert company.ask("GET", "/metrics", key=score) == 403
    assert company.ask("GET", "/metrics", key=admin) == 200
    assert company.ask("POST", RECOMMEND, key=admin, json={"customer_id": "ada"}) == 200


def test_head_needs_the_scope_of_get(home):
    company = Company(home)
    _, tasks = company.add(Scope.TASKS)
    _, admin = company.add(Scope.ADMIN)
    for path in ("/metrics", "/v1/models", "/v1/customers/ada", "/v1/customers/stranger"):
        assert company.ask("HEAD", path, key=tasks) == 403
        assert company.ask("HEAD", path, key=admin) == (404 if path.endswith("stranger") else 200)


def test_a_request_without_a_key_is_refused_before_its_body_is_read(home):
    company = Company(home)
    company.add(Scope.SCORE)

    async def body():
        yield b"{"
        raise AssertionError("the body was read")

    assert company.ask(content=body()) == 401


def test_rotated_and_revoked_keys_count_at_once(home):
    company = Company(home)
    key_id, old = company.add(Scope.SCORE)
    texts = []

    def renew(key, grace):
        rotated, text = key.rotate(now=datetime.now(UTC), grace=grace)
        texts.append(text)
        return rotated

    company.file.change(key_id, lambda one: renew(one, timedelta(hours=1)))
    assert [company.ask(key=text) for text in (old, texts[0])] == [200, 200]
    company.file.change(key_id, lambda one: renew(one, timedelta(0)))
    assert [company.ask(key=text) for text in (old, texts[0], texts[1])] == [401, 401, 200]
    company.file.change(key_id, lambda one: msgspec.structs.replace(one, revoked_at=NOW))
    assert company.ask(key=texts[1]) == 401
    with pytest.raises(NotFound, match="keys in use: none"):
        company.file.change(key_id, lambda one: one)


def test_a_damaged_file_of_keys_lets_no_request_pass(home):
    company = Company(home)
    _, text = company.add(Scope.ADMIN)
    (home / "keys.json").write_bytes(b"[]")
    assert [company.ask(key=text), company.ask()] == [401, 401]


def test_a_key_above_its_rate_waits_while_another_goes_on(home, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("serving.keys.limits.time.monotonic", lambda: now[0])
    monkeypatch.setattr("serving.http.load.REFUSAL_SECONDS", 0)
    company = Company(home)
    _, limited = company.add(Scope.SCORE, requests_per_minute=3)
    _, other = company.add(Scope.SCORE)
    assert [company.ask(key=limited) for _ in range(4)] == [200, 200, 200, 429]
    assert company.response.headers["retry-after"] == "20"
    assert "this key may send 3 requests a minute" in company.response.json()["detail"]
    assert company.ask(key=other) == 200
    now[0] = 20.0
    assert [company.ask(key=limited) for _ in range(2)] == [200, 429]


def test_listed_hosts_hold_with_keys_too(home):
    company = Company(home, hosts=frozenset({"api.example"}))
    _, text = company.add(Scope.SCORE)
    assert company.ask(key=text, host="API.example:443") == 200
    assert company.ask(key=text, host="other.example") == 421


def test_every_answer_forbids_caches_and_guesses(home):
    company = Company(home)
    for path in ("/v1/models", "/nowhere", "/docs"):
        company.ask("GET", path)
        assert company.response.headers["cache-control"] == "no-store"
        assert company.response.headers["x-content-type-options"] == "nosniff"


def test_the_file_holds_no_secret_and_its_owner_alone_can_read_it(home):
    company = Company(home)
    key_id, text = company.add(Scope.SCORE)
    stored = (home / "keys.json").read_text()
    _, secret = split_key(text) or ("", "")
    assert key_id in stored
    assert secret not in stored
    assert digest_of(secret) in stored
    assert stat.S_IMODE((home / "keys.json").stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_keys_as_they_were_and_no_other_file(home, monkeypatch):
    company = Company(home)
    key_id, _ = company.add(Scope.SCORE)
    before = sorted(path.name for path in home.iterdir())

    def refuse(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("serving.keys.file.os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        company.add(Scope.ADMIN)
    assert [key.key_id for key in company.file.read()] == [key_id]
    assert sorted(path.name for path in home.iterdir()) == before


@given(st.text(max_size=80))
def test_no_other_text_is_a_key(text):
    key = ApiKey(key_id="0" * 8, name="crm", scopes=(), digest="0" * 64, created_at=NOW)
    assert not key.accepts(text, now=NOW)


def test_a_key_is_accepted_by_every_worker_of_a_running_service(tmp_path):
    publish(tmp_path / "releases", sample_release())
    key, text = new_key("crm", (Scope.SCORE,), now=NOW)
    KeyFile(tmp_path / "keys.json").add(key)
    with run_service(tmp_path, workers=2) as service:
        with_key = {"headers": {"authorization": f"Bearer {text}"}, "json": ADA}
        statuses = {httpx.post(f"{service.address}{SCORE}", **with_key).status_code for _ in range(10)}
        assert statuses == {200}
        assert {httpx.post(f"{service.address}{SCORE}", json=ADA).status_code for _ in range(10)} == {401}
        schema = httpx.get(f"{service.address}/schema.json")
        assert schema.status_code == 401, "routes of BentoML itself need a key, too"


def test_the_workers_of_a_running_service_grant_rates_and_quotas_together(tmp_path):
    publish(tmp_path / "releases", sample_release())
    keys = [new_key("crm", (Scope.SCORE,), now=NOW, requests_per_minute=2)]
    keys += [new_key("crm", (Scope.SCORE,), now=NOW, requests_per_day=quota) for quota in (10, 1)]
    for key, _ in keys:
        KeyFile(tmp_path / "keys.json").add(key)
    for still_granted in ([2, 10, 1], [0, 0]):
        with run_service(tmp_path, workers=2) as service:
            url = f"{service.address}{SCORE}"

            def ask(text, *, client, url=url):
                return client.post(url, headers={"authorization": f"Bearer {text}"}, json=ADA).status_code == 200

            texts = [text for _, text in keys][-len(still_granted) :]
            for text, n in zip(texts, still_granted, strict=True):
                with httpx.Client() as one_connection:
                    granted = sum(ask(text, client=one_connection) for _ in range(n // 2))
                granted += sum(ask(text, client=httpx) for _ in range(16))
                assert granted == n


def test_what_a_running_service_writes_belongs_to_its_owner_alone(tmp_path):
    publish(tmp_path / "releases", sample_release())
    before = {*tmp_path.rglob("*")}
    with run_service(tmp_path, workers=1) as service:
        offer = {"customer_id": "cyd", "channel": "mail"}
        assert httpx.post(f"{service.address}/v1/next-best-offer", json=offer).json()["recorded"]
        assert httpx.put(f"{service.address}/v1/stock", json={"unavailable": ["cup"]}).is_success
        wait_until((tmp_path / METRICS_FOLDER).exists, "the service counts nothing")
        of_others = {tmp_path / name for name in ("log", "sitecustomize.py", "bentoml", "__pycache__")}
        written = [path for path in tmp_path.rglob("*") if path not in before and not of_others & {path, *path.parents}]
        modes = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) & 0o077 for path in written}
    assert {path.name for path in modes} >= {"ledger.jsonl", "stock.json", "decisions.db", METRICS_FOLDER}
    assert not {path: mode for path, mode in modes.items() if mode}
