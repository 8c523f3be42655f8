"""The site of the documents: it builds without a warning, has every document, and loads nothing from another host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.site_pages import PAGES

ROOT = Path(__file__).parent.parent
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}
"""The elements that load something, and the attribute with its address."""


def build(source: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    """`make site` into another folder."""
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    return subprocess.run(words, cwd=source, env={"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT, target)
    assert done.returncode == 0, done.stderr
    return target


class Addresses(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Adds the address of an element, unless it only names the page's own."""
        given = dict(attrs)
        if (address := given.get(LOADED.get(tag, ""))) and given.get("rel") not in ("canonical", "prev", "next"):
            self.found.append(address)


def test_every_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    places = [path.parent / "index" if path.name == "README" else path for path in documents]
    notebooks = [f"td/{path.stem}" for path in (ROOT / "docs" / "td").glob("*.ipynb")]
    for place in [*places, *notebooks, *(name.removesuffix(".md") for name in PAGES.values())]:
        assert (site / f"{place}.html").is_file(), place


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    for page in pages:
        reader = Addresses()
        reader.feed(page.read_text(encoding="utf-8"))
        assert reader.found, page
        assert not [address for address in reader.found if re.match(r"\w+:|//", address)], page
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", style.read_text(encoding="utf-8")), (
            style
        )


def test_a_list_is_a_list(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<p>(?:(?!</p>).)*\n- ", text, flags=re.DOTALL), page


def test_a_notebook_is_shown_with_its_code(site: Path) -> None:
    page = (site / "td" / "descente-de-gradient.html").read_text(encoding="utf-8")
    assert 'class="language-python highlight"' in page or 'class="highlight"' in page
    assert 'href="descente-de-gradient.ipynb"' in page


@pytest.mark.parametrize("link", ["missing.md", "engine.md#missing"])
def test_a_broken_link_fails_the_build(link: str, tmp_path: Path) -> None:
    """On a copy whose only fault is the link."""
    for name in ("mkdocs.yml", *PAGES, "CITATION.cff", "LICENSE"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("tests", "service"):
        (tmp_path / name).symlink_to(ROOT / name)
    copy = tmp_path / "docs"
    for path in (each for each in (ROOT / "docs").rglob("*") if each.is_file()):
        place = copy / path.relative_to(ROOT / "docs")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    with (copy / "teaching.md").open("a", encoding="utf-8") as file:
        file.write(f"\n[a page]({link})\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert link.partition("#")[0] in done.stderr
