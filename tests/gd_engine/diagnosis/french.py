"""Check of the French of findings."""

import re
from collections.abc import Sequence

from gd_engine.diagnosis import Finding
from service.core.translation import finding_sentence

GENERAL = "A sentence of an earlier version."
NUMBER = re.compile(r"\d*[1-9]\d*")


def check_french(found: Sequence[Finding]) -> None:
    """Asserts that each finding has a French sentence with the same numbers, not the general one of its code."""
    for finding in found:
        french = finding_sentence(finding.code, finding.sentence, "fr")
        assert french not in {finding.sentence, finding_sentence(finding.code, GENERAL, "fr")}, finding.sentence
        assert sorted(NUMBER.findall(french)) == sorted(NUMBER.findall(finding.sentence)), (finding.sentence, french)
