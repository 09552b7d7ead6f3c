"""Metrics of runs: log-metric and get-history."""

from differential.case import Case, get, posts, saving
from differential.cases.experiments import created
from differential.cases.runs import new_run, read

LOG = "runs/log-metric"
HISTORY = "metrics/get-history"


def points(experiment: str) -> list[Case]:
    """A run with points of the metric `m`, of every kind that is taken."""
    return [
        created(experiment, "e"),
        new_run(),
        *posts(
            LOG,
            {"value": 1.5, "timestamp": 10},
            {"value": 1.5, "timestamp": 10},
            {"value": 1.75, "timestamp": 10},
            {"value": "2.5", "timestamp": "11", "step": "1"},
            {"value": "NaN", "timestamp": 12, "step": 2},
            {"value": 7, "timestamp": 12, "step": 2},
            {"value": True, "timestamp": 14},
            {"value": False, "timestamp": 14.0, "step": 3.0},
            {"value": -0.0, "timestamp": 15},
            {"value": 1e-320, "timestamp": 16},
            {"value": 0, "timestamp": 0},
            {"value": 1, "timestamp": 9_007_199_254_740_993},
            {"value": 1, "timestamp": 5, "step": -3},
            {"value": 0.1, "timestamp": 17, "step": 9_007_199_254_740_993},
            run_id="${run}",
            key="m",
        ),
    ]


LOGGING = [
    *points("log-metric"),
    *posts(
        LOG,
        *({"key": f"v{index}", "value": value} for index, value in enumerate((
            "Infinity", "-Infinity", "inf", "1e400", 1e308, -1e308, "1_000", "1__0", " 1 ", "0x10",
            "", "abc", [1], {}, None,
        ))),
        {"key": "i", "value": 7},
        {"key": "k", "value": 1, "step": "abc"},
        {"key": "k", "value": 1, "step": None},
        {"key": "k", "value": 1, "timestamp": "abc"},
        {"key": "k", "value": 1, "timestamp": -1},
        {"key": "k", "value": 1, "timestamp": "-1"},
        {"key": "k", "value": 1, "timestamp": None},
        {"key": "k", "value": 1, "timestamp": 1e30},
        {"key": "k", "value": 1, "timestamp": 2**63},
        {"key": "k", "value": 1, "timestamp": [1]},
        {"key": "k"},
        {"value": 1},
        {"key": "", "value": 1},
        {"key": None, "value": 1},
        {"key": 5, "value": 1},
        {"key": "a?", "value": 1},
        {"key": "k" * 250, "value": 1},
        {"key": "k" * 251, "value": 1},
        {"key": ".", "value": 1},
        {"key": "..", "value": 1},
        {"key": "../a", "value": 1},
        {"key": "/a", "value": 1},
        {"key": "a/", "value": 1},
        {"key": "a//b", "value": 1},
        {"key": "a/./b", "value": 1},
        {"key": "a/b.c-d e:f_g", "value": 1},
        {"key": "é", "value": 1},
        {"key": "☃", "value": 1},
        {"key": "a\nb", "value": 1},
        run_id="${run}",
        timestamp=12,
    ),
    *posts(LOG, {"value": 1}, {"key": "t"}, {"key": "t", "value": 1}, run_id="${run}"),
    *posts(
        LOG, {}, {"run_id": "nope"}, {"run_id": ""}, {"run_id": 5}, {"run_uuid": "${run}"},
        {"runId": "${run}"}, {"run_id": "-bad"}, key="k", value=1, timestamp=1,
    ),
    *posts(
        LOG,
        {"model_id": "m-nope"},
        {"model_id": ""},
        {"model_id": 5},
        {"dataset_name": "d"},
        {"dataset_name": "d", "dataset_digest": "g"},
        {"datasetName": "d", "dataset_name": "g"},
        run_id="${run}",
        key="linked",
        value=1,
        timestamp=1,
    ),
    read(),
]  # fmt: skip

READING = [
    *points("get-history"),
    *(
        get(HISTORY, **{"run_id": "${run}", "metric_key": "m", **query})
        for query in (
            {},
            {"metric_key": "nope"},
            {"run_id": "nope"},
            {"run_id": None},
            {"run_id": None, "run_uuid": "${run}"},
            {"run_id": None, "runId": "${run}"},
            {"run_id": ""},
            {"metric_key": None},
            {"metric_key": ""},
            {"max_results": "0"},
            {"max_results": "-1"},
            {"max_results": "abc"},
            {"max_results": ""},
            {"max_results": "1.5"},
            {"max_results": "25000"},
            {"max_results": "25001"},
            {"max_results": "1000000"},
            {"max_results": "99999999999"},
            {"page_token": "zzz"},
            {"page_token": ""},
            {"page_token": "zzz", "max_results": "2"},
            {"page_token": "e30=", "max_results": "2"},
            {"page_token": "eyJvZmZzZXQiOiAwfQ==", "max_results": "2"},
            {"page_token": "bm90IGpzb24=", "max_results": "2"},
        )
    ),
    *(
        saving(get(HISTORY, run_id="${run}", metric_key="m", max_results=4, page_token=token),
               token="next_page_token")
        for token in (None, "${token}", "${token}", "${token}")
    ),
    Case("GET", HISTORY, body={"run_id": "${run}", "metric_key": "m", "max_results": 1}),
]  # fmt: skip

GROUPS = {"log_metric": LOGGING, "get_history": READING}
