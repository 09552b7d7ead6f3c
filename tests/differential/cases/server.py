"""What is no operation: unknown paths, health, hosts, origins, preflights."""

from differential.case import Case

GET_DEFAULT = {"path": "experiments/get", "query": "experiment_id=0"}
SEARCH = {"path": "experiments/search", "body": {"max_results": 1, "filter": "name = 'Default'"}}
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
}

PATHS = [
    Case("GET", "/health"),
    Case("HEAD", "/health"),
    Case("GET", "/version"),
    Case("GET", "/api/3.0/mlflow/server-info"),
    Case("GET", "/ajax-api/3.0/mlflow/server-info"),
    Case("GET", "/api/2.0/mlflow/server-info"),
    Case("GET", "nope"),
    Case("POST", "nope", body={}),
    Case("GET", "/nope"),
    Case("PUT", "experiments/get", body={}),
    Case("DELETE", "experiments/get"),
    Case("POST", "experiments/get", body={"experiment_id": "0"}),
    Case("GET", "experiments/create"),
    Case("OPTIONS", "experiments/get"),
    Case("GET", headers={"X-MLFLOW-WORKSPACE": "w"}, **GET_DEFAULT),
    Case("GET", headers={"X-MLFLOW-WORKSPACE": "default"}, **GET_DEFAULT),
    Case("GET", headers={"X-MLFLOW-WORKSPACE": " "}, **GET_DEFAULT),
    Case("GET", headers={"X-MLFLOW-WORKSPACE": ""}, **GET_DEFAULT),
]

HOSTS = [
    *(
        Case("GET", headers={"host": host}, **GET_DEFAULT)
        for host in (
            "localhost", "localhost:1", "LOCALHOST", "127.0.0.1", "127.0.0.1:99", "[::1]",
            "[::1]:5", "0.0.0.0", "192.168.1.5", "192.168.1.5:80", "10.0.0.1", "172.16.0.1",
            "172.31.9.9:5", "172.32.0.1", "8.8.8.8", "evil.example", "evil.example:5000",
            "localhost.evil.example", "127.0.0.1.evil.example", "",
        )
    ),
    Case("GET", "/health", headers={"host": "evil.example"}),
    Case("GET", "/version", headers={"host": "evil.example"}),
    Case("GET", "/nope", headers={"host": "evil.example"}),
    Case("POST", headers={"host": "evil.example"}, **SEARCH),
]  # fmt: skip

ORIGINS = [
    *(
        Case(method, headers={"origin": origin}, **request)
        for origin in (
            "http://localhost:3000", "http://localhost", "https://localhost:1", "http://127.0.0.1:8080",
            "http://[::1]:1", "http://evil.example", "https://evil.example", "null", "",
            "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://evil.example/localhost",
        )
        for method, request in (("POST", SEARCH), ("GET", GET_DEFAULT))
    ),
    *(
        Case("OPTIONS", SEARCH["path"], headers={"origin": origin, **PREFLIGHT})
        for origin in ("http://localhost:3000", "http://evil.example", "null")
    ),
    Case("OPTIONS", "experiments/search", headers={"origin": "http://localhost:3000"}),
    Case("OPTIONS", "experiments/search", headers=PREFLIGHT),
    Case("OPTIONS", "/health", headers={"origin": "http://evil.example", **PREFLIGHT}),
    Case(
        "POST",
        "/api/2.0/mlflow/nope",
        body={},
        headers={"origin": "http://evil.example"},
    ),
]  # fmt: skip

GROUPS = {"paths": PATHS, "hosts": HOSTS, "origins": ORIGINS}
