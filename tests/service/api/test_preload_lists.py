"""Preload lists: the modules that the page and each view import."""

from pathlib import Path

from service.api.preload_lists import filled

FILES = {
    "main.js": 'import { a } from "/static/lib/a.js";\nconst VIEWS = [\n'
    '  [/^#\\/runs\\/([^/?]+)/, async () => (await import("/static/views/run.js")).run],\n'
    '  [/^/, async () => (await import("/static/views/list.js")).list],\n];\n',
    "lib/a.js": 'import { b } from "/static/lib/b.js";\n',
    "lib/b.js": 'import { a } from "/static/lib/a.js";\n// import { c } from "/static/lib/c.js";\n',
    "lib/c.js": "",
    "views/run.js": 'import {\n  a, aa,\n} from "/static/lib/a.js";\nexport { c } from "/static/lib/c.js";\n'
    'import "/static/gone.js";\nconst late = () => import("/static/views/late.js");\n',
    "views/list.js": "",
    "views/late.js": "",
    "index.html": "<head>\n  <!-- modulepreload -->\n</head>",
    "preload.js": "const VIEWS = [/* modules of each view */];",
}


def test_static_imports_are_followed_and_dynamic_imports_are_not(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    links = "\n  ".join(f'<link rel="modulepreload" href="static/{name}.js">' for name in ("main", "lib/a", "lib/b"))
    assert filled("index.html", tmp_path).decode() == f"<head>\n  {links}\n</head>"
    assert filled("preload.js", tmp_path).decode() == (
        r'const VIEWS = [[/^#\/runs\/([^/?]+)/,["views/run","lib/c","gone"]],[/^/,["views/list"]]];'
    )
