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


def test_the_log_lists_who_changed_what_with_old_and_new_values(home, capsys):
    ledger = Ledger(home / "var/shop/ledger.jsonl")
    items = {f"{number}": {"price": [number, None], "available": [True, False]} for number in range(1, 6)}
    ledger.append("items_changed", {"key_id": "5f3a9c01", "items": items}, who="key 5f3a9c01 (erp)", why="")
    task = {"task": "9f0c", "state": ["open", "done"], "outcome": [None, "kept"], "others": ["note"]}
    ledger.append("task_changed", task, who="key 00c0ffee (mori)", why="")
    assert run(ADD) == 0
    capsys.readouterr()

    assert run(["history", "--log"]) == 0
    text = capsys.readouterr().out
    assert "1: price 1 -> none, available yes -> no; 2: price 2" in text
    assert "; 2 more items" in text
    assert "task 9f0c, state open -> done, outcome none -> kept, also note" in text
    assert "name crm (the new CRM)" in text
    assert text.index("key added") < text.index("task changed") < text.index("items changed")

    assert run(["history", "--log", "--most", "2", "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["n_entries"], [one["event"] for one in printed["entries"]]) == (3, ["key_added", "task_changed"])
    assert printed["entries"][1]["details"] == task


def test_the_log_of_an_empty_ledger_and_of_a_time_before_it_says_so(home, capsys):
    assert run(["history", "--log"]) == 0
    assert run(ADD) == 0
    assert run(["history", "--log", "--at", "2020-01-01"]) == 0
    assert capsys.readouterr().out.count("nothing was changed yet") == 2
