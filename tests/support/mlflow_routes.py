"""Prints every (method, path) that the installed `mlflow server` answers, as JSON.

A program of its own, because importing MLflow's server changes the process that does it.
"""

import json
import subprocess
import sys

UNSEEN_METHODS = {"HEAD", "OPTIONS"}


def fastapi_routes(routes, prefix: str = "") -> set[tuple[str, str]]:
    found = set()
    for route in routes:
        if hasattr(route, "original_router"):
            inner = prefix + route.include_context.prefix
            found |= fastapi_routes(route.original_router.routes, inner)
        for method in set(getattr(route, "methods", None) or ()) - UNSEEN_METHODS:
            found.add((method, prefix + route.path))
    return found


def flask_routes(rules) -> set[tuple[str, str]]:
    return {(method, str(rule)) for rule in rules for method in rule.methods - UNSEEN_METHODS}


def reference_routes() -> list[tuple[str, str]]:
    """The routes of the reference, sorted by path."""
    made = subprocess.run(
        [sys.executable, "-P", __file__], capture_output=True, text=True, check=True, timeout=120
    )
    return [tuple(route) for route in json.loads(made.stdout.splitlines()[-1])]


if __name__ == "__main__":
    from mlflow.server import app
    from mlflow.server.fastapi_app import create_fastapi_app

    routes = flask_routes(app.url_map.iter_rules())
    routes |= fastapi_routes(create_fastapi_app().routes)
    print(json.dumps(sorted(routes, key=lambda route: (route[1], route[0]))))
