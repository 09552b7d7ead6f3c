"""The requests that are sent, by aggregate: each module has `GROUPS`, from a name to its requests.

A module whose servers need flags has `SERVER_ARGUMENTS`. A group is self-contained: it makes what
it needs, under names that no other group uses, and what it saves from answers (`${run}`) is
forgotten after it.
"""

import importlib
import pkgutil

from differential.case import Case, named


def server_arguments(group: str) -> tuple[str, ...]:
    """What both servers are started with for a group, beside what they need in any case."""
    module = importlib.import_module(f"{__name__}.{group.partition('/')[0]}")
    return getattr(module, "SERVER_ARGUMENTS", ())


def all_groups() -> dict[str, dict[str, Case]]:
    """Every group by `module/group`, its cases by their names."""
    groups = {}
    for module in pkgutil.iter_modules(__path__):
        tables = importlib.import_module(f"{__name__}.{module.name}").GROUPS
        groups |= {f"{module.name}/{group}": named(cases) for group, cases in tables.items()}
    return groups
