"""Pages without a server, and what a reader finds on them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.serving.http.company import Company
from tests.serving.sample_release import publish, sample_release


class Reader(HTMLParser):
    """The texts and the exact figures of a page, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.figures, self.links, self.language, self.tags = [], [], [], "", set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.add(tag)
        if tag == "data":
            self.figures.append(float(values["value"] or ""))
        if tag == "a":
            self.links.append(values["href"])
        if tag == "html":
            self.language = values["lang"]

    def handle_data(self, data):
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self):
        """All texts."""
        return " ".join(self.texts)


def read(response) -> Reader:
    """What is on a page."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Reader(response.text)


@pytest.fixture
def home(tmp_path):
    """The folder of a data set, with the sample release."""
    publish(tmp_path / "releases", sample_release())
    return tmp_path


@pytest.fixture
def company(home) -> Company:
    """An application without keys, asked from its own host."""
    return Company(home)
