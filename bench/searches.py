"""Searches over many rows: what a page of 100 costs the server."""

import json
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from processes import cpu_seconds, wait_until_quiet
from rows import FIRST_START_MS, MODEL, VERSIONS_PER_RUN, Loaded, Scale, load
from targets import Connection, Target

PAGE = 100
LATER_PAGE = 50
# CPU is counted in steps of 10 ms: each search is sent until this much of it is used.
LEAST_CPU_SECONDS, LEAST_REQUESTS, MOST_REQUESTS = 0.5, 3, 200


@dataclass(frozen=True)
class Search:
    """One search, with the CPU that we want it to take at most on the full scale."""

    label: str
    operation: str
    body: dict | None = None
    goal_ms: float | None = None
    page: int = 1


def runs(label: str, goal_ms: float, experiments: list[str], **body) -> Search:
    page = body.pop("page", 1)
    body = {"experiment_ids": experiments, "max_results": PAGE, **body}
    return Search(label, "runs/search", body, goal_ms, page)


def versions(label: str, goal_ms: float | None, text: str, *order_by: str) -> Search:
    query = [("filter", text), ("max_results", PAGE), *(("order_by", key) for key in order_by)]
    return Search(label, "model-versions/search?" + urlencode(query), None, goal_ms)


def searches(loaded: Loaded) -> list[Search]:
    """What is measured, in the order of the table."""
    one = [loaded.experiment]
    # Experiments are numbered as they are made; the default one is 0.
    others = [str(int(loaded.experiment) + 1 + number) for number in range(loaded.experiments)]
    by_metric = ["metrics.`metric-2` DESC"]
    halves = "metrics.`metric-1` > 0.5 AND params.`param-0` = 'value-1'"
    third = "metrics.`metric-1` > 0.7 AND params.`param-1` = 'value-1'"
    tenths = "metrics.`metric-1` > 0.9 AND params.`param-1` = 'value-1'"
    rare = "metrics.`metric-1` > 0.5 AND params.`param-3` = 'value-1'"
    middle = FIRST_START_MS + loaded.runs // 2
    run = f"{loaded.versions // 2 // VERSIONS_PER_RUN:032x}"
    return [
        runs("runs by start", 6, one),
        runs(f"runs by start, page {LATER_PAGE}", 6, one, page=LATER_PAGE),
        runs("runs by start, deleted ones too", 6, one, run_view_type="ALL"),
        runs("runs from a start time on", 6, one, filter=f"start_time > {middle}"),
        runs("runs by a metric", 30, one, order_by=by_metric),
        runs(f"runs by a metric, page {LATER_PAGE}", 30, one, order_by=by_metric, page=LATER_PAGE),
        runs(
            "metric and param filter (1/4 match), by a metric",
            30,
            one,
            filter=halves,
            order_by=by_metric,
        ),
        runs(
            "metric and param filter (3/10 and 1/10 match), by a metric",
            30,
            one,
            filter=third,
            order_by=by_metric,
        ),
        runs(
            "metric and param filter (1/100), by a metric",
            30,
            one,
            filter=tenths,
            order_by=by_metric,
        ),
        runs(
            "metric and param filter (1/2000), by a metric",
            30,
            one,
            filter=rare,
            order_by=by_metric,
        ),
        runs(
            "filter by the least of a metric (1/10), by the same metric from the top",
            30,
            one,
            filter="metrics.`metric-2` < 0.1",
            order_by=by_metric,
        ),
        runs(
            "param LIKE a part that is nowhere",
            30,
            one,
            filter="params.`param-3` LIKE '%nowhere%'",
        ),
        runs("tag filter (1/1000), by start", 30, one, filter="tags.`tag-3` = 'value-5'"),
        runs("runs of many experiments by start", 30, others),
        runs(
            "runs of many experiments by a tag (1/10)",
            30,
            others,
            filter="tags.`tag-1` = 'value-5'",
        ),
        Search(
            "experiments by a tag (1/10)",
            "experiments/search",
            {"filter": "tags.`tag-1` = 'value-5'", "max_results": PAGE},
            30,
        ),
        versions("versions of a model", 2, f"name = '{MODEL}'"),
        versions("versions of a model by number", 2, f"name = '{MODEL}'", "version_number ASC"),
        versions("oldest versions of a model", 2, f"name = '{MODEL}'", "creation_timestamp ASC"),
        versions(
            "versions of a model by update, oldest first",
            2,
            f"name = '{MODEL}'",
            "last_updated_timestamp ASC",
        ),
        versions(
            "versions of a model by a tag (1/10)",
            None,
            f"name = '{MODEL}' AND tags.`tag-1` = 'value-5'",
        ),
        versions(
            "versions of a model by a tag (1/1000)",
            None,
            f"name = '{MODEL}' AND tags.`tag-3` = 'value-5'",
        ),
        versions("versions of a run", 2, f"run_id = '{run}'"),
        Search("registered-models/get", f"registered-models/get?name={MODEL}", None, 2),
    ]


def at_page(connection: Connection, search: Search) -> Search | None:
    """The search that continues on its page; nothing when there are fewer."""
    body = search.body
    for _ in range(search.page - 1):
        answer = connection.post(search.operation, body)
        if "next_page_token" not in answer:
            return None
        body = {**body, "page_token": answer["next_page_token"]}
    return Search(search.label, search.operation, body, search.goal_ms)


def measure_search(target: Target, connection: Connection, search: Search) -> dict:
    body = None if search.body is None else json.dumps(search.body).encode()
    method = "GET" if body is None else "POST"
    connection.send(method, search.operation, body)
    wait_until_quiet(*target.roots())
    walls, spent = [], 0.0
    before = cpu_seconds(*target.roots())
    while len(walls) < MOST_REQUESTS and (len(walls) < LEAST_REQUESTS or spent < LEAST_CPU_SECONDS):
        started = time.perf_counter()
        connection.send(method, search.operation, body)
        walls.append(time.perf_counter() - started)
        spent = cpu_seconds(*target.roots()) - before
    return {
        "cpu_ms": spent / len(walls) * 1000,
        "wall_ms": statistics.median(walls) * 1000,
        "goal_ms": search.goal_ms,
    }


def measure_searches(target: Target, scale: Scale) -> dict:
    target.start()
    try:
        loaded = load(target.port, scale)
        target.settle()
        connection = Connection(target.port)
        results = {
            "runs": loaded.runs,
            "experiments": loaded.experiments,
            "versions": loaded.versions,
            "searches": {},
        }
        for search in searches(loaded):
            search = at_page(connection, search)
            if search:
                results["searches"][search.label] = measure_search(target, connection, search)
        return results
    finally:
        if target.process:
            target.stop()
        target.remove()


def search_table(results: dict[str, dict]) -> str:
    rows = "; ".join(
        f"{name}: {result['runs']:,} runs in one experiment, {result['experiments']:,} more "
        f"experiments with a run each, {result['versions']:,} versions of one model"
        for name, result in results.items()
    )
    lines = [
        f"Rows of {rows}.",
        "",
        "| a page of 100 | server | CPU ms/request | p50 ms | goal |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    labels = dict.fromkeys(label for result in results.values() for label in result["searches"])
    for label in labels:
        for name, result in results.items():
            cell = result["searches"].get(label)
            if cell:
                has_goal = cell["goal_ms"] and name.startswith("ferroflow")
                goal = f"{cell['goal_ms']:g}" if has_goal else ""
                lines.append(
                    f"| {label} | {name} | {cell['cpu_ms']:.2f} | {cell['wall_ms']:.2f} | {goal} |"
                )
    return "\n".join(lines)
