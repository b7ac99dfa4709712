"""`kizuna keys`, as it is typed."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.access import split_key
from core.ledger import Ledger
from kizuna.main import run

ADD = ["keys", "add", "crm", "--scope", "score", "--scope", "tasks", "--per-minute", "600", "--why", "the new CRM"]

PAGES = ["add", "pages", "--scope", "recommend", "--origin", "https://shop.example"]


def test_a_key_is_made_listed_rotated_and_revoked_and_the_ledger_says_by_whom(home, capsys):
    assert run([*ADD, "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    key_id, secret = split_key(made["key"]) or ("", "")
    assert (made["name"], made["scopes"], made["key_id"]) == ("crm", ["score", "tasks"], key_id)

    assert run(["keys", "rotate", key_id]) == 0
    shown = capsys.readouterr().out
    assert key_id in shown
    assert secret not in shown
    assert run(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "the old secret 24 h longer" in listed
    assert secret not in listed
    assert run(["keys", "revoke", key_id]) == 0
    assert run(["keys", "list", "--format", "json"]) == 0
    (key,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert key["revoked_at"] is not None
    assert "digest" not in key

    entries = Ledger(home / "var/shop/ledger.jsonl").entries()
    assert [entry.event for entry in entries] == ["key_added", "key_rotated", "key_revoked"]
    assert entries[0].why == "the new CRM"
    assert secret not in (home / "var/shop/ledger.jsonl").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "crm", "--scope", "scores"], "no scope 'scores'; did you mean 'score'?"),
        (["add", "", "--scope", "score"], "a name has 1 to 64 printable characters, found ''"),
        (["add", "crm", "--scope", "score", "--origin", "https://a.example"], "needs both --origin and --public-key"),
        (
            [*PAGES, "--scope", "score", "--public-key", "shop.pem"],
            "may have the scopes recommend and ingest, found score",
        ),
        ([*PAGES, "--public-key", "missing.pem"], "missing.pem is no text file that can be read"),
        ([*PAGES, "--public-key", "kizuna.toml"], "the public key is no PEM of a public key"),
        (["revoke", "00000000"], "there is no key '00000000'; keys in use: none"),
        (["rotate", "00000000", "--grace-hours", "-1"], "--grace-hours"),
    ],
)
def test_a_mistake_is_one_line_and_makes_no_key(home, capsys, arguments, message):
    assert run(["keys", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert run(["keys", "list"]) == 0
    assert "no keys: the service answers this host alone" in capsys.readouterr().out


def test_a_browser_key_shows_what_the_shop_has_to_sign_and_where_it_may_be_used(home, capsys):
    pair = Ed25519PrivateKey.generate()
    pem = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (home / "shop.pem").write_bytes(pem)
    assert run(["keys", *PAGES, "--public-key", "shop.pem"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    key_id = shown.split()[0].split("_")[1]
    assert f"the shop signs customer tokens with aud {key_id}, iss https://shop.example" in shown
    assert run(["keys", "list", "--format", "json"]) == 0
    (key,) = json.loads(capsys.readouterr().out)
    assert key["browser"] == {"origins": ["https://shop.example"], "public_key": pem.decode()}
    (entry,) = Ledger(home / "var/shop/ledger.jsonl").entries()
    assert entry.details["origins"] == ["https://shop.example"]
