"""Histories of metrics for pages: get-history-bulk and get-history-bulk-interval."""

from differential.case import Case, get
from differential.cases.metrics import points

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
INTERVAL = "metrics/get-history-bulk-interval"

IN_BULK = [
    *points("get-history-bulk"),
    *(
        get(BULK, **{"run_id": "${run}", "metric_key": "m", **query})
        for query in (
            {},
            {"run_id": None},
            {"run_id": ""},
            {"run_id": ["nope", "${run}", "${run}"]},
            {"run_id": ["nope"] * 100},
            {"run_id": ["nope"] * 101},
            {"metric_key": None},
            {"metric_key": ""},
            {"metric_key": "nope"},
            {"max_results": "0"},
            {"max_results": "3"},
            {"max_results": " 3 "},
            {"max_results": "1_0"},
            {"max_results": "99999999999999999999"},
            {"max_results": "-1"},
            {"max_results": "1.5"},
            {"max_results": "abc"},
        )
    ),
]

SAMPLED = [
    *points("get-history-bulk-interval"),
    *(
        get(INTERVAL, **{"run_ids": "${run}", "metric_key": "m", **query})
        for query in (
            {},
            {"run_ids": None},
            {"run_ids": ""},
            {"run_ids": ["nope", "${run}", "${run}"], "max_results": "2"},
            {"run_ids": ["nope"] * 100},
            {"run_ids": ["nope"] * 101},
            {"metric_key": None},
            {"metric_key": ""},
            {"metric_key": "nope"},
            *({"max_results": str(count)} for count in (1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 2500)),
            {"max_results": "0"},
            {"max_results": "-1"},
            {"max_results": "2501"},
            {"max_results": "99999999999999999999"},
            {"max_results": "abc"},
            {"max_results": ""},
            {"max_results": "1.5"},
            {"start_step": "0"},
            {"end_step": "0"},
            {"start_step": "0", "end_step": "0"},
            {"start_step": "-3", "end_step": "1"},
            {"start_step": "-3", "end_step": "2", "max_results": "3"},
            {"start_step": "4", "end_step": "5"},
            {"start_step": "1", "end_step": "0"},
            {"start_step": "abc", "end_step": "1"},
            {"start_step": "1.0", "end_step": "2"},
        )
    ),
    get(f"/ajax-api/2.0/mlflow/{INTERVAL}", run_ids="${run}", metric_key="m", max_results=5),
    Case("GET", INTERVAL, body={"run_ids": ["${run}"], "metric_key": "m"}),
    Case("GET", INTERVAL, body={"run_ids": "${run}", "metric_key": "m"}),
    Case("GET", INTERVAL, body={"run_ids": [1], "metric_key": "m"}),
    Case("GET", INTERVAL, body={"run_ids": [], "metric_key": "m"}),
]

GROUPS = {"bulk": IN_BULK, "sampled": SAMPLED}
