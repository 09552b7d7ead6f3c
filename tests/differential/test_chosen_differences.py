"""Laws of chosen_differences.toml. That each entry still differs is seen where its case runs."""

from pathlib import Path

from differential.cases import all_groups
from differential.chosen_differences import DIFFERENCES, PARTS, REASONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "mlflow.md"


def test_each_case_exists_and_is_listed_once():
    cases = {f"{group}: {name}" for group, named in all_groups().items() for name in named}
    listed = [case for entry in DIFFERENCES for case in entry["cases"]]
    assert set(listed) <= cases, f"no such case: {sorted(set(listed) - cases)}"
    assert len(listed) == len(PARTS), "a case is listed twice"


def test_each_reason_is_used():
    assert {entry["reason"] for entry in DIFFERENCES} == set(REASONS)


def test_users_can_read_each_reason():
    _, _, section = DOCUMENT.read_text(encoding="utf-8").partition("## Chosen differences")
    missing = [reason for reason in REASONS if f"**{reason}**" not in section]
    assert not missing, f"docs/mlflow.md does not tell of {missing}"
