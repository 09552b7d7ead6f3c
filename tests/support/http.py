"""Requests made by hand, for what no client library would send."""

import requests

TIMEOUT_SECONDS = 120
# What a stock MLflow client calls itself; below a tenant's path this chooses the dialect.
MLFLOW_AGENT = "mlflow-python-client/3.17.2"


class Api:
    """Sends requests below one base address and returns the answers, whatever their status."""

    def __init__(self, base_url: str, agent: str | None = None):
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        if agent:
            self.session.headers["user-agent"] = agent

    def send(self, method: str, path: str, **arguments) -> requests.Response:
        arguments.setdefault("timeout", TIMEOUT_SECONDS)
        return self.session.request(method, f"{self.base_url}/{path}", **arguments)

    def get(self, path: str, **arguments) -> requests.Response:
        return self.send("GET", path, **arguments)

    def post(self, path: str, body: object = None, **arguments) -> requests.Response:
        if body is not None:
            arguments["json"] = body
        return self.send("POST", path, **arguments)
