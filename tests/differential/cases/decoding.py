"""How requests are read: content types, bodies, spellings, types, twins."""

from differential.case import Case, get, post, saving
from differential.cases.experiments import created
from differential.cases.runs import new_run

CREATE = "experiments/create"
GET = "experiments/get"
UPDATE = "experiments/update"
JSON = "application/json"


def typed(content_type: str | None, method: str = "POST", path: str = UPDATE) -> Case:
    """A small request with this content type, or none."""
    body = b'{"experiment_id": "0", "new_name": "Default"}'
    headers = {"content-type": content_type} if content_type is not None else {}
    return Case(method, path, body=body, headers=headers)


CONTENT_TYPES = [
    *(
        typed(content_type)
        for content_type in (
            JSON,
            f"{JSON}; charset=utf-8",
            f"{JSON};charset=UTF-8;x=y",
            "Application/JSON",
            f" {JSON} ",
            "text/plain",
            "text/json",
            "application/jsonx",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "",
            None,
            f"{JSON}, text/plain",
        )
    ),
    typed("text/plain", "DELETE", "registered-models/delete"),
    typed(None, "PATCH", "registered-models/update"),
    typed("text/plain", "GET", GET),
    typed(None, "GET", GET),
]

BODIES = [
    *(
        Case("POST", UPDATE, body=body, headers={"content-type": JSON})
        for body in (
            b"",
            b"null",
            b"{}",
            b"{",
            b'{"experiment_id":',
            b"nonsense",
            b"[]",
            b"[1]",
            b"5",
            b"true",
            b'"text"',
            b'""',
            b'"{}"',
            b'"[]"',
            b'"null"',
            b'"{\\"experiment_id\\": \\"0\\"}"',
            b'{"experiment_id": "0", "experiment_id": "99999", "new_name": "x"}',
            b'\xef\xbb\xbf{"experiment_id": "0"}',
            b'{"experiment_id": "\xff"}',
            b'{"experiment_id": "\\ud800", "new_name": "x"}',
            b"{'experiment_id': '0'}",
            b'{"experiment_id": "0",}',
            b'{"experiment_id": "99999", "new_name": "x"} trailing',
            b'  {"experiment_id": "99999", "new_name": "x"}\n',
        )
    ),
    post(CREATE),
    Case("DELETE", "registered-models/delete"),
    Case("PATCH", "registered-models/update"),
    Case(
        "POST", CREATE, body=b'"{\\"name\\": \\"decoded-twice\\"}"', headers={"content-type": JSON}
    ),
    get("experiments/get-by-name", experiment_name="decoded-twice"),
    Case("POST", "runs/log-batch", body=b"null", headers={"content-type": JSON}),
    Case("POST", "runs/search", body=b"null", headers={"content-type": JSON}),
]

QUERIES = [
    created("queries", "e"),
    new_run(),
    Case("GET", GET, body={"experiment_id": "${e}"}),
    Case("GET", GET, "nonsense=1", body={"experiment_id": "${e}"}),
    Case("GET", GET, "experiment_id=0", body={"experiment_id": "${e}"}),
    Case("GET", "experiments/search", body={"max_results": 1}),
    Case("GET", "runs/get", body={"runId": "${run}"}),
    Case("GET", GET, "experimentId=0"),
    Case("GET", GET, "experiment_id=0&nonsense=%FF"),
    Case("GET", "runs/get", "run_id=%FF"),
    Case("GET", "runs/get", "run_id=a+b%20c"),
    Case("GET", "runs/get", "run_id"),
    Case("GET", "runs/get", "run_id=&run_id=${run}"),
    Case("GET", "runs/get", "run_id=x;run_id=${run}"),
    Case("GET", "experiments/search", "max_results=1&view_type=ALL&order_by=name"),
    Case("GET", "experiments/search", "max_results=1&view_type=2"),
    Case("GET", "experiments/search", "max_results=1&view_type=BOGUS"),
    Case("GET", "experiments/search", "max_results=1&order_by=name&order_by=experiment_id"),
    Case("POST", UPDATE, "experiment_id=${e}&new_name=by-query", body={}),
    Case("HEAD", GET, "experiment_id=0"),
]

SPELLINGS = [
    created("spellings", "e"),
    new_run(),
    *(
        post(path, body)
        for path, body in (
            ("runs/update", {"runId": "${run}"}),
            ("runs/update", {"run_id": "${run}", "runId": "${run}"}),
            ("runs/update", {"run_id": "${run}", "endTime": 5}),
            ("runs/update", {"run_id": "${run}", "end_time": 5, "endTime": 5}),
            ("runs/update", {"run_id": "${run}", "run_uuid": "x", "runUuid": "y"}),
            ("runs/search", {"experimentIds": ["${e}"]}),
            ("runs/search", {"experimentIds": ["${e}"], "experiment_ids": ["${e}"]}),
            ("runs/search", {"experiment_ids": ["${e}"], "maxResults": 1, "runViewType": "ALL"}),
            ("runs/search", {"EXPERIMENT_IDS": ["${e}"]}),
            ("logged-models/search", {"experimentIds": ["${e}"], "maxResults": 1}),
            (
                "runs/log-inputs",
                {"run_id": "r", "datasets": [{"dataset": {"sourceType": "", "source_type": ""}}]},
            ),
            (
                "runs/log-batch",
                {"run_id": "${run}", "metrics": [{"modelId": "x", "model_id": "y", "key": "a"}]},
            ),
        )
    ),
]  # fmt: skip

TYPES = [
    created("types", "e"),
    new_run(),
    *(
        post("runs/search", {"experiment_ids": ["${e}"], **body})
        for body in (
            {"max_results": 1},
            {"max_results": 1.0},
            {"max_results": 1.5},
            {"max_results": "1"},
            {"max_results": "1.0"},
            {"max_results": "x"},
            {"max_results": True},
            {"max_results": [1]},
            {"max_results": None},
            {"max_results": 2**31},
            {"max_results": -(2**31) - 1},
            {"max_results": 1e3},
            {"run_view_type": "ALL"},
            {"run_view_type": "all"},
            {"run_view_type": 3},
            {"run_view_type": "3"},
            {"run_view_type": 0},
            {"run_view_type": 99},
            {"run_view_type": 1.0},
            {"run_view_type": True},
            {"run_view_type": None},
            {"run_view_type": []},
            {"filter": 5},
            {"filter": None},
            {"filter": ["x"]},
            {"order_by": "start_time"},
            {"order_by": [5]},
            {"order_by": [None]},
            {"order_by": None},
            {"order_by": {}},
            {"page_token": 5},
        )
    ),
]

TWINS = [
    created("twins", "e"),
    new_run(),
    *(
        Case(method, f"{root}{path}", query, **({"body": body} if body is not None else {}))
        for root in ("/ajax-api/2.0/mlflow/", "/api/2.0/mlflow/")
        for method, path, query, body in (
            ("GET", "experiments/get", "experiment_id=${e}", None),
            ("GET", "runs/get", "run_id=${run}", None),
            ("POST", "runs/set-tag", "", {"run_id": "${run}", "key": "k", "value": "v"}),
            ("POST", "runs/search", "", {"experiment_ids": ["${e}"]}),
            ("GET", "registered-models/search", "max_results=1", None),
            ("POST", "logged-models/search", "", {"experiment_ids": ["${e}"]}),
            ("GET", "artifacts/list", "run_id=${run}", None),
        )
    ),
    *(
        Case("GET", f"{root}/experiments/get", "experiment_id=0")
        for root in (
            "/api/3.0/mlflow", "/ajax-api/3.0/mlflow", "/api/2.0/preview/mlflow", "/api/1.0/mlflow",
        )
    ),
    Case("GET", "/api/2.0/mlflow/experiments/get/", "experiment_id=0"),
    Case("GET", "/api/2.0/mlflow//experiments/get", "experiment_id=0"),
    Case("GET", "/API/2.0/mlflow/experiments/get", "experiment_id=0"),
    saving(Case("GET", "/ajax-api/3.0/mlflow/server-info"), unused="store_type"),
]  # fmt: skip

GROUPS = {
    "content_types": CONTENT_TYPES,
    "bodies": BODIES,
    "queries": QUERIES,
    "spellings": SPELLINGS,
    "types": TYPES,
    "twins": TWINS,
}
