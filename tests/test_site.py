"""The documentation site is built by the real MkDocs, and its pages say what is so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import HAZARD, REPOSITORY, Run
from doc_pages import DOCS, blocks, run

from torchconv_lint import config
from torchconv_lint.commands.check import check as check_command
from torchconv_lint.lint import lint_source
from torchconv_lint.rules import all_rules
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

pytest.importorskip("material")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from a copy to which someone has added a page that no navigation knows of."""
    copy = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, copy / "docs")
    shutil.copy(REPOSITORY / "mkdocs.yml", copy)
    (copy / "docs" / "added.md").write_text("# Added by someone\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    result = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return copy / "site"


class _Loads(HTMLParser):
    """What a page makes the browser load, and where it leads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given.get("href") or "")
        elif tag in ("script", "img", "link") and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(given.get("src") or given.get("href") or "")


def test_every_page_is_reached_from_the_navigation(site: Path) -> None:
    links = {(site / link).resolve() for link in _Loads(site / "index.html").links if "://" not in link}
    pages = {page.parent.resolve() for page in site.rglob("index.html")}
    assert pages <= links
    assert site / "added" in pages
    assert {site / "rules" / rule.code for rule in all_rules()} <= pages
    assert not (site / "_site").exists()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert [source for source in _Loads(page).loaded if source.startswith(("http:", "https:", "//"))] == []


def test_the_search_knows_the_rules(site: Path) -> None:
    documents = json.loads((site / "search" / "search_index.json").read_text("utf-8"))["docs"]
    titles = " ".join(document["title"] for document in documents)
    assert all(rule.code in titles for rule in all_rules())


def test_the_pictures_are_whole(site: Path) -> None:
    pictures = [source for source in _Loads(site / "how-it-thinks" / "index.html").loaded if source.endswith(".svg")]
    assert len(pictures) == 2
    for picture in pictures:
        text = (site / "how-it-thinks" / picture).resolve().read_text("utf-8")
        assert "<svg" in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_configuration_page_has_every_setting_and_format() -> None:
    page = (DOCS / "configuration.md").read_text("utf-8")
    parts = page.split("## In the code")
    settings, formats = (re.findall(r"^\| `([a-z][a-z-]*)` \|", part, re.MULTILINE) for part in parts)
    assert sorted(settings) == sorted(config.KEYS)
    (choices,) = (option.type for option in check_command.params if option.name == "format_")
    assert formats == list(choices.choices)  # type: ignore[attr-defined]
    (example,) = (block.text for block in blocks("configuration.md") if block.language == "toml")
    assert set(re.findall(r"^([a-z-]+) =", example, re.MULTILINE)) == set(config.KEYS)


def test_the_configuration_pages_example_is_read(tmp_path: Path) -> None:
    (example,) = (block.text for block in blocks("configuration.md") if block.language == "toml")
    (tmp_path / "pyproject.toml").write_text(example)
    assert config.find_config(tmp_path).settings.opt_in == ("CNV6",)


def test_the_home_page_shows_what_the_tutorial_does() -> None:
    (sample,) = (block.text for block in blocks("index.md"))
    assert any(sample in block.text for block in blocks("first-ten-minutes.md"))


def test_what_silences_a_false_alarm_does() -> None:
    (guarded,) = (block.text for block in blocks("false-alarms.md") if block.title)
    assert lint_source(Source("a.py", guarded), Settings()).findings == ()
    unguarded = re.sub(r".*assert .*\n", "", guarded)
    assert [one.code for one in lint_source(Source("a.py", unguarded), Settings()).findings] == ["CNV101"]


def test_the_editors_page(tmp_path: Path, flake8: Run) -> None:
    settings = {block.title: json.loads(block.text) for block in blocks("editors.md") if block.language == "json"}
    # How VS Code's extension asks flake8, and what it makes of the answer.
    (tmp_path / "a.py").write_text(HAZARD)
    answer = flake8("--format='%(row)d,%(col)d,%(code).1s,%(code)s:%(text)s'", "a.py").stdout
    match = re.match(r"'?(?P<line>\d+),(?P<column>-?\d+),(?P<type>\w+),(?P<code>\w+\d+):(?P<message>[^\r\n]*)", answer)
    assert match is not None
    assert (match["line"], match["column"]) == ("6", "12")
    # A code is looked up by itself, then by its beginnings.
    severity = settings[".vscode/settings.json"]["flake8.severity"]
    assert any(match["code"].startswith(prefix) for prefix in severity)
    (command,) = (block.text for block in blocks("editors.md") if block.text.startswith("torchconv-lint check"))
    (finding,) = json.loads(run(f"{command.strip()} 2>/dev/null <a.py", tmp_path).stdout)
    assert (finding["path"], finding["line"]) == ("src/a.py", 6)
    assert finding["fix"]["edits"]
