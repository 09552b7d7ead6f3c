"""Reads chosen_differences.toml: where Ferroflow differs from the reference on purpose."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")


def load() -> tuple[dict[str, str], list[dict]]:
    """The reasons with their explanations, and the differences."""
    chosen = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return chosen["reasons"], chosen["difference"]


REASONS, DIFFERENCES = load()
PARTS = {case: frozenset(entry["parts"]) for entry in DIFFERENCES for case in entry["cases"]}


def chosen_parts(case: str) -> frozenset[str]:
    """The parts of a case that differ on purpose."""
    return PARTS.get(case, frozenset())
