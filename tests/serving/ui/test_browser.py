"""The pages in a real browser: on a phone and on a wide screen, in both languages, checked by axe for accessibility."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.access import Scope
from serving.tasks.store import TaskFilter, TaskStore
from tests.clients.conftest import run_api
from tests.serving.http.company import Company
from tests.serving.sample_release import publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

CHROMIUM = shutil.which("chromium") or ""
WIDTHS = (390, 1280)
PAGES = (
    "/ui",
    "/ui/customer?id=ada",
    "/ui/customer?id=unknown",
    "/ui/segments",
    "/ui/segment?name=often",
    "/ui/report",
    "/ui/campaigns",
    "/ui/tasks",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with the sample release."""
    home = tmp_path_factory.mktemp("shop")
    publish(home / "releases", sample_release())
    return home


@pytest.fixture(scope="module")
def store(home: Path) -> TaskStore:
    """Its tasks: Ada's and Cyd's are open."""
    store = TaskStore.at(None, home / "tasks.db", data_set="shop")
    store.add([task("ada"), task("cyd")], cooldown_days=COOLDOWN_DAYS)
    return store


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """The errors in the console of the browser since the last page was opened."""
    return []


@pytest.fixture(scope="module")
def browse(home: Path, store: TaskStore, complaints: list[str]) -> Iterator[Any]:
    """A function that opens a page of a browser, which sends the key as password; scripts of pages do not run."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium (Debian's package is chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    assert store.find(TaskFilter(), 10).tasks
    company = Company(home)
    _, key = company.add(Scope.READ, Scope.TASKS)
    with run_api(company.api) as address, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=address, http_credentials={"username": "mori", "password": key})
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

        def open_page(path: str, *, width: int = 1280, language: str = "en") -> Any:
            complaints.clear()
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            return page

        yield open_page
        browser.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible_and_fits_its_screen(browse, complaints, path, language, width):
    page = browse(path, width=width, language=language)
    spec = find_spec("axe_core_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe-core-python is not installed")
    page.evaluate(Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run(document, rules)", RULES)

    faults = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in result["violations"]]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").count() == 1
    assert [one for one in complaints if "404" not in one or "unknown" not in path] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("path", ["/ui/segments", "/ui/segment?name=often"])
def test_every_figure_of_a_table_is_on_one_line(browse, path, language, width):
    page = browse(path, width=width, language=language)
    lines = page.evaluate(
        "[...document.querySelectorAll('td data')].map(one => [one.innerText, one.getClientRects().length])"
    )

    assert lines
    assert [text for text, n_lines in lines if n_lines != 1] == []


def test_a_task_is_finished_by_its_form(browse, store):
    page = browse("/ui/tasks")
    form = page.locator("li", has=page.get_by_role("heading", name="cyd")).locator("form")
    form.get_by_label("Outcome").select_option("kept")
    form.get_by_label("Note").fill("called")
    form.get_by_role("button", name="Done").click()

    assert "The task was changed to: done" in page.get_by_role("status").inner_text()
    (finished,) = store.find(TaskFilter(customer_id="cyd"), 10).tasks
    assert (finished.state, finished.outcome, finished.note) == ("done", "kept", "called")


def test_a_reader_comes_from_the_list_to_a_customer_and_to_the_other_language(browse):
    page = browse("/ui")
    page.get_by_role("link", name="cyd").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Customer cyd"
    page.get_by_role("link", name="日本語").click()
    assert page.get_by_role("heading", level=1).inner_text() == "顧客 cyd"
    page.get_by_label("顧客ID").fill("ada")
    page.get_by_role("button", name="検索").click()
    assert page.get_by_role("heading", level=1).inner_text() == "顧客 ada"
