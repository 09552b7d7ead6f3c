"""Reads chosen_differences.toml, and the files that go on with its list: where Ferroflow differs
from the reference on purpose."""

import tomllib
from pathlib import Path

FILES = sorted(Path(__file__).parent.glob("chosen_differences*.toml"))


def load() -> tuple[dict[str, str], list[dict]]:
    """The reasons with their explanations, and the differences."""
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES]
    return tables[0]["reasons"], [entry for table in tables for entry in table["difference"]]


REASONS, DIFFERENCES = load()
PARTS = {case: frozenset(entry["parts"]) for entry in DIFFERENCES for case in entry["cases"]}


def chosen_parts(case: str) -> frozenset[str]:
    """The parts of a case that differ on purpose."""
    return PARTS.get(case, frozenset())
