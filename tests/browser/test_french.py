"""A whole visit in French: a file with gaps, columns, the verdict, the finding, its change, and the comparison."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages, Service

pytestmark = pytest.mark.browser
GAPS = "nom;âge;sexe;taille\n" + "".join(
    f"P{i};{20 + 3 * i},5;{'femme' if i % 2 else 'homme'};{('' if i == 5 else f'{1400 + 37 * i},25')}\n"
    for i in range(16)
)
ENGLISH = re.compile(
    r"\b(the|and|is|are|of|with|has|have|that|this|from|learning|run|step|steps|rows?|missing|finished|succeeded)\b"
)
POINT = re.compile(r"(?<![\w.*/])\d+\.\d+(?![\w.])")


def visible_text(page: Page, but: str = "none") -> str:
    """The text that a reader sees, without code: names of fields and JSON are the same in every language."""
    text: str = page.evaluate(
        """(but) => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const found = [];
          while (walker.nextNode()) {
            const { parentElement: near, textContent } = walker.currentNode;
            const isCode = near.closest(`code, pre, option, .languages, script, template, ${but}`);
            if (near.checkVisibility() && !isCode) found.push(textContent);
          }
          return found.join("\\n");
        }""",
        but,
    )
    return text


def expect_french(page: Page, but: str = "none") -> None:
    text = visible_text(page, but)
    assert not ENGLISH.findall(text), [line for line in text.splitlines() if ENGLISH.search(line)]
    assert not POINT.findall(text), [line for line in text.splitlines() if POINT.search(line)]


def test_a_file_with_gaps_is_fitted_mended_and_compared_in_french(
    pages: Pages, service: Service, tmp_path: Path
) -> None:
    pages.expected = "422"  # the file has gaps
    file = tmp_path / "tailles.csv"
    file.write_text(GAPS)
    page = pages.open(f"{service.url}/#/new", locale="fr-FR")
    page.get_by_label("Un fichier ou des lignes collées").check()
    page.get_by_label("Choisir un fichier").set_input_files(file)
    expect(page.locator(".data .field-errors")).to_contain_text("Il manque 1 valeur")
    expect_french(page)
    page.get_by_label("Lignes à valeurs manquantes").select_option("drop")
    expect(page.locator(".report")).to_contain_text("1 ligne sur 16 est écartée, car une valeur y manque.")
    expect(page.locator(".report")).to_contain_text("la virgule est lue comme signe décimal")
    page.get_by_label("sexe comme variable").uncheck()
    expect(page.get_by_text("Variables : âge")).to_be_visible()
    page.get_by_label("Taux d’apprentissage").fill("0,00075")
    page.get_by_label("θ₀").fill("0,5 1,5")
    expect(page.locator(".verdict")).to_contain_text("100 étapes pour 2 paramètres")
    expect_french(page)
    page.get_by_role("button", name="Lancer la descente").click()
    expect(page.locator(".judged")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Terminée")
    expect(page.locator(".judged .badge")).to_be_visible()
    finding = page.locator(".finding").first
    expect(finding).to_be_visible()
    page.locator("details").evaluate_all("found => found.forEach((each) => { each.open = true; })")
    expect(page.locator(".landscape-figure > svg")).to_be_visible()
    page.get_by_role("button", name="Montrer le calcul").click()
    expect(page.get_by_text("La mise à jour")).to_be_visible()
    expect_french(page)
    first = page.url.rpartition("/")[2]
    finding.get_by_role("button", name="Relancer avec ce changement").click()
    expect(page).not_to_have_url(re.compile(first))
    expect(page.locator(".judged")).to_be_visible()
    expect_french(page)
    second = page.url.rpartition("/")[2]
    page.get_by_role("link", name="Toutes les descentes").click()
    rows = page.locator(".runs tbody tr")
    for run in (first, second):
        row = rows.filter(has=page.locator(f'a[href="#/runs/{run}"]'))
        expect(row.locator(".badge[data-verdict]")).to_be_visible()
        row.get_by_role("checkbox").check()
    expect(rows.filter(has=page.locator(f'a[href="#/runs/{first}"]')).locator(".cell-status")).to_contain_text(
        "constat"
    )
    expect_french(page, but=".runs tbody th")  # names that others gave
    page.get_by_role("link", name="Comparer").or_(page.get_by_role("button", name="Comparer", exact=True)).first.click()
    expect(page.locator(".compared")).to_be_visible()
    expect(page.locator('.compared tr[data-row="status"] td .badge[data-verdict]')).to_have_count(2)
    expect_french(page)
