"""Gives the package the address of its repository: `python .ci/published.py https://HOST/OWNER/NAME v0.1.0`.

The source names no address, because a clone may be anywhere. The page of a package index is outside the repository, so
the links of its text must be whole: this rewrites README.md, and adds the addresses to pyproject.toml.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(!?)\[([^][]*)\]\((?![a-z]+:|#)([^)#]+)")


def main(address: str, tag: str) -> None:
    """Rewrites both files in place."""
    readme, project = ROOT / "README.md", ROOT / "pyproject.toml"
    readme.write_text(LINK.sub(lambda link: _whole(link, address, tag), readme.read_text("utf-8")), "utf-8")
    urls = {
        "Source": address,
        "Documentation": f"{address}/tree/{tag}/docs",
        "Changelog": f"{address}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
    table = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    with project.open("a", encoding="utf-8") as file:
        file.write(f"\n[project.urls]\n{table}")


def _whole(link: re.Match[str], address: str, tag: str) -> str:
    picture, text, path = link.groups()
    kind = "raw" if picture else "blob"
    return f"{picture}[{text}]({address}/{kind}/{tag}/{path}"


if __name__ == "__main__":
    main(*sys.argv[1:])
