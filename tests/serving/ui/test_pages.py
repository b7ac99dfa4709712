"""The pages show the figures of the API and of exports, in the language of their reader, to keys that may read them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import msgspec
import numpy as np
import pytest

from core.access import Scope
from serving.build.exports.files import ExportOptions
from serving.build.exports.scores import score_rows
from serving.release.lookup import IdIndex
from serving.release.releases import Releases
from serving.release.report_part import ReportPart
from serving.tasks.store import TaskStore
from tests.serving.http.company import Company
from tests.serving.sample_release import churn_part, publish, report_part, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task
from tests.serving.ui.conftest import read

PAGES = (
    "/ui",
    "/ui/customer?id=ada",
    "/ui/segments",
    "/ui/segment?name=often",
    "/ui/report",
    "/ui/campaigns",
    "/ui/tasks",
)
SCORE = "/v1/churn/score"


def show(company: Company, path: str, **options):
    """The page at a path."""
    company.ask("GET", path, **options)
    return read(company.response)


def test_a_customer_has_the_figures_of_the_api_and_of_the_export(company, home):
    (exported,) = [
        row for rows in score_rows(Releases(home / "releases").open_active(), ExportOptions()) for row in rows
        if row["customer_id"] == "ada"
    ]  # fmt: skip
    company.ask(json={"customer_ids": ["ada"]})
    answered = company.response.json()
    (score,) = answered["scores"]
    page = show(company, "/ui/customer?id=ada")

    for name in ("churn_probability", "low", "high", "expected_loss"):
        assert score[name] == exported[name]
        assert score[name] in page.figures
    assert score["recommended_action"]["expected_net_value"] == exported["expected_net_value"]
    assert exported["expected_net_value"] in page.figures
    assert exported["top_reason_en"] in page.text
    assert f"Release {answered['release_id']}" in page.text
    assert "1 April 2026" in page.text


def test_todays_list_has_the_customers_of_the_export_with_an_action_by_net_value(company, home):
    rows = [row for block in score_rows(Releases(home / "releases").open_active(), ExportOptions()) for row in block]
    rows = sorted((row for row in rows if row["action"]), key=lambda row: -row["expected_net_value"])
    page = show(company, "/ui")

    assert [link.partition("=")[2] for link in page.links if "customer?" in link] == [
        row["customer_id"] for row in rows
    ]
    for row in rows:
        assert {row["expected_loss"], row["churn_probability"], row["expected_net_value"]} <= set(page.figures)
        assert row["top_reason_en"] in page.text


def test_the_list_of_an_owner_has_their_customers_alone(company):
    everyone = [link for link in show(company, "/ui").links if "customer?" in link]
    of_mori = [link for link in show(company, "/ui?owner=mori").links if "customer?" in link]

    assert everyone == ["/ui/customer?id=cyd", "/ui/customer?id=ada"]
    assert of_mori == ["/ui/customer?id=ada"]
    assert "nothing to do for this owner" in show(company, "/ui?owner=sato").text


def test_a_segment_has_the_figures_of_the_api(company):
    company.ask("GET", "/v1/segments")
    often = company.response.json()["segments"][0]
    assert {often["value"], often["risk"]["value"], often["expected_loss"]["value"]} <= set(
        show(company, "/ui/segments").figures
    )
    company.ask("GET", "/v1/segments/often/customers")
    customers = company.response.json()["customers"]
    page = show(company, "/ui/segment?name=often")
    assert len(customers) == 2
    for one in customers:
        assert one["churn_probability"] in page.figures
        assert f"/ui/customer?id={one['customer_id']}" in page.links


@pytest.mark.parametrize(
    ("kind", "language", "heading"),
    [("mrr", "en", "Monthly revenue"), ("revenue_365d", "en", "Revenue in 365 days"), ("mrr", "ja", "月額売上")],
)
def test_the_value_of_a_segment_has_the_name_of_what_it_is(tmp_path, kind, language, heading):
    release = sample_release()
    assert release.segments is not None
    publish(tmp_path / "releases", replace(release, segments=replace(release.segments, value_kind=kind)))

    assert heading in show(Company(tmp_path), f"/ui/segments?lang={language}").texts


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_names_its_release_and_cutoff_in_both_languages(company, path, language):
    page = show(company, path, headers={"accept-language": f"fr, {language};q=0.8"})

    assert page.language == language
    assert company.response.status_code == 200
    assert "20260401T030000Z-aaaaaa" in page.text
    assert {"en": "1 April 2026", "ja": "2026年4月1日"}[language] in page.text
    assert "script" not in page.tags


def test_a_chosen_language_goes_before_the_browsers_and_stays_chosen(company):
    page = show(company, "/ui?lang=ja", headers={"accept-language": "en"})

    assert page.language == "ja"
    assert all("lang=" in link for link in page.links if link.startswith("/ui"))
    assert show(company, "/ui?lang=xx", headers={"accept-language": "ja-JP;q=x, ja;q=0.5"}).language == "ja"
    assert show(company, "/ui").language == "en"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a/b", "..", "a&b=c d", '"><b>', "日本"])
def test_an_id_is_text_on_pages_and_encoded_in_links(tmp_path, name):
    release = sample_release()
    part, (ids, _) = churn_part(), IdIndex.of(np.array(["bo", "cyd", name]))
    publish(tmp_path / "releases", replace(release, churn=replace(part, index=ids)))
    page = show(Company(tmp_path), f"/ui/customer?id={quote(name, safe='')}")

    assert f"Customer {name}" in page.text
    assert float(part.probability[ids.find(name)]) in page.figures
    assert "script" not in page.tags


def test_pages_may_load_nothing_but_their_stylesheet(company):
    company.ask("GET", "/ui")
    headers = company.response.headers

    assert "default-src 'self'; script-src 'none'" in headers["content-security-policy"]
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert " style=" not in company.response.text
    company.ask("GET", "/ui/style.css")
    assert company.response.headers["content-type"] == "text/css; charset=utf-8"


def test_a_key_needs_the_scope_read_and_may_be_the_password(home):
    company = Company(home)
    _, score = company.add(Scope.SCORE)
    _, reader = company.add(Scope.READ)

    assert company.ask("GET", "/ui") == 401
    assert company.response.headers["www-authenticate"].startswith("Basic")
    assert company.ask("GET", "/ui", auth=("me", score)) == 403
    assert "`read`" in read(company.response).text
    for path in PAGES:
        assert company.ask("GET", path, auth=("me", reader)) == 200
    assert company.ask("GET", "/v1/segments", key=reader) == 403


def test_a_page_explains_what_is_missing(tmp_path):
    publish(tmp_path / "releases", sample_release(without=("churn", "hazard", "segments", "retention", "accounts")))
    company = Company(tmp_path)

    assert company.ask("GET", "/ui") == 409
    assert "no churn" in read(company.response).text
    assert company.ask("GET", "/ui/customer?id=ada") == 200
    assert "There is no churn score for this customer." in read(company.response).text
    assert company.ask("GET", "/ui/customer?id=zoe") == 404
    assert company.ask("GET", "/ui/customer") == 404
    assert company.ask("GET", "/ui/tasks?cursor=x") == 422
    assert Company(tmp_path / "empty").ask("GET", "/ui") == 503


@pytest.mark.parametrize(
    ("path", "title", "detail"),
    [
        ("/ui/segment?name=none", "該当するセグメントがありません", "「セグメント」のページに一覧があります"),
        ("/ui/segment", "該当するセグメントがありません", "「セグメント」のページに一覧があります"),
        ("/ui/tasks?state=gone", "アドレスまたは入力の形式が正しくありません", "このページで扱えない値"),
        ("/ui/tasks?cursor=x", "アドレスまたは入力の形式が正しくありません", "このページで扱えない値"),
        ("/ui/customer?id=unknown", "該当する顧客がいません", "この顧客IDはどのテーブルにもありません"),
    ],
)
def test_a_problem_is_explained_in_the_language_of_the_reader_and_not_in_that_of_the_api(company, path, title, detail):
    japanese = show(company, path, headers={"accept-language": "ja"})
    assert title in japanese.text
    assert detail in japanese.text
    english = show(company, path).text
    assert not any(word in english for word in ("expected a", "the schema lists", "customer tiers of this release"))


def test_the_open_task_of_a_customer_is_on_the_list_however_many_others_are_newer(company, home):
    store = TaskStore.at(None, home / "tasks.db", data_set="shop")
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    store.add([task(f"other{number}") for number in range(1_001)], cooldown_days=COOLDOWN_DAYS)

    assert "/ui/tasks?customer=ada" in show(company, "/ui").links


def test_without_values_the_list_is_by_risk(tmp_path):
    publish(tmp_path / "releases", sample_release(without=("retention", "value")))
    links = [link for link in show(Company(tmp_path), "/ui").links if "customer?" in link]

    assert links == ["/ui/customer?id=cyd", "/ui/customer?id=ada"]


@pytest.mark.parametrize(("language", "amount"), [("en", "¥1,235k"), ("ja", "1,235千円")])
def test_the_report_and_the_campaigns_are_those_of_the_release(company, home, language, amount):
    report = Releases(home / "releases").open_active().report
    assert report is not None
    summary = report.summary
    page = show(company, f"/ui/report?lang={language}")
    assert page.figures == [summary.sections[0].figures[0].value]
    assert amount in page.text

    page = show(company, f"/ui/campaigns?lang={language}")
    assert page.figures == [summary.campaigns[0].effects[0].value]
    assert summary.campaigns[0].lines[language][0] in page.text


def test_without_a_report_or_a_campaign_the_pages_say_what_adds_them(tmp_path):
    publish(tmp_path / "one/releases", sample_release(without=("report",)))
    summary = msgspec.structs.replace(report_part().summary, sections=(), missing_report="no orders", campaigns=())
    publish(tmp_path / "two/releases", replace(sample_release(), report=ReportPart(summary)))

    assert "This release contains no report" in show(Company(tmp_path / "one"), "/ui/report").text
    assert "This release contains no read-outs" in show(Company(tmp_path / "one"), "/ui/campaigns").text
    assert "There is no report: no orders" in show(Company(tmp_path / "two"), "/ui/report").text
    assert "There is no campaign yet" in show(Company(tmp_path / "two"), "/ui/campaigns").text
