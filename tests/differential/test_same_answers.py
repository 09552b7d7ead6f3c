"""The same requests to `mlflow server` and to Ferroflow: every part of every answer is the same,
but for what chosen_differences.py lists."""

import pytest

from differential.cases import all_groups, server_arguments
from differential.chosen_differences import chosen_parts
from differential.comparison import differing_parts

GROUPS = all_groups()


@pytest.mark.parametrize("group", GROUPS)
def test_same_answers(sides, group: str):
    reference, *candidates = sides(server_arguments(group))
    complaints: dict[str, list[str]] = {}
    for name, case in GROUPS[group].items():
        expected = reference.ask(case)
        # Read when something fails: what led to it.
        print(expected.status, name)
        chosen = chosen_parts(f"{group}: {name}")
        for side in candidates:
            found = differing_parts(expected, side.ask(case))
            if set(found) != chosen:
                complaints.setdefault(complaint(name, found, chosen), []).append(side.name)
    assert not complaints, report(complaints)


def complaint(name: str, found: dict, chosen: frozenset[str]) -> str:
    """What differs and should not, and what should differ and does not."""
    lines = [name]
    for part, (theirs, ours) in found.items():
        if part not in chosen:
            lines += [f"  {part}", f"    reference {theirs!r:.900}", f"    ferroflow {ours!r:.900}"]
    lines += [f"  {part}: does not differ (any more)" for part in chosen if part not in found]
    return "\n".join(lines)


def report(complaints: dict[str, list[str]]) -> str:
    return "\n" + "\n".join(
        f"on {' and '.join(engines)}: {complaint}" for complaint, engines in complaints.items()
    )
