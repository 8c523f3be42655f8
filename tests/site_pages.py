"""The pages of the site that are no pages of docs/: mkdocs calls these functions (mkdocs.yml).

The start page is README.md. The notebooks are shown with their code. Links are those of the repository, changed to the
places of the site.
"""

import json
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
}
"""Pages beside docs/, and their places on the site."""
FILES = ("CITATION.cff", "LICENSE")
FAVICON = ROOT / "service" / "web" / "favicon.svg"
LINK = re.compile(r"\]\(([^)#:]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of docs/ and those that come from elsewhere."""
    for name, place in PAGES.items():
        text = LINK.sub(lambda link: f"]({_place(link[1])}", (ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, place, content=text))
    for notebook in sorted((ROOT / "docs" / "td").glob("*.ipynb")):
        files.append(File.generated(config, f"td/{notebook.stem}.md", content=_shown(notebook)))
    for path in (*(ROOT / name for name in FILES), FAVICON):
        files.append(File.generated(config, path.name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """A page whose links lead to the places of the site, and whose lists are apart from the line before them."""
    text = re.sub(r"\]\(\.\./(\w+\.md)", lambda link: f"]({PAGES[link[1]]}", markdown)
    return re.sub(r"^(\*\*.*\*\*)\n- ", r"\1\n\n- ", text, flags=re.MULTILINE)


def _place(path: str) -> str:
    """The place on the site of a path in the repository."""
    return PAGES.get(path, path.removeprefix("docs/"))


def _shown(notebook: Path) -> str:
    """A notebook as Markdown, with a link to the file."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    shown = ["".join(cell["source"]) for cell in cells]
    parts = [
        text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```"
        for cell, text in zip(cells, shown, strict=True)
    ]
    link = f"[{notebook.name}]({notebook.name})"
    return "\n\n".join([parts[0], link, *parts[1:]])
