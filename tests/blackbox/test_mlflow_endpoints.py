"""docs/mlflow-endpoints.md names every endpoint of the reference, and which are answered."""

import os
import re

import pytest
from support.http import MLFLOW_AGENT, Api
from support.mlflow_routes import reference_routes
from support.servers import ROOT

PAGE = ROOT / "docs" / "mlflow-endpoints.md"
START, END = "<!-- endpoints -->\n", "<!-- end of endpoints -->\n"
PROGRAMS, PAGES = "/api/", "/ajax-api/"

# What is answered, but only to say why not.
REFUSED = {
    "/api/2.0/mlflow-artifacts/presigned/": "yes, where artifacts are in a bucket",
    "/api/2.0/mlflow/artifacts/presigned-download-url": "yes, where artifacts are in a bucket",
    "/api/2.0/mlflow/artifacts/presigned-upload-url": "yes, where artifacts are in a bucket",
}


@pytest.fixture(scope="module")
def engine() -> str:
    """Which routes there are does not depend on the database."""
    return "sqlite"


def is_answered(api: Api, method: str, path: str) -> bool:
    """Whether the server knows the operation, whatever it thinks of this request."""
    concrete = re.sub(r"<[^>]*>|{[^}]*}", "x", path)
    answer = api.send(method, concrete.lstrip("/"), json={} if method != "GET" else None)
    if answer.status_code not in (404, 405):
        return True
    return "json" in answer.headers["content-type"] and (
        answer.json().get("error_code") not in ("ENDPOINT_NOT_FOUND", "METHOD_NOT_ALLOWED")
    )


def state(api: Api, method: str, path: str) -> str:
    program = path.replace(PAGES, PROGRAMS, 1)
    refusal = next((text for start, text in REFUSED.items() if program.startswith(start)), None)
    answered = is_answered(api, method, path)
    assert answered or refusal is None, f"{method} {path} is not even refused"
    return refusal or ("yes" if answered else "no")


def table(api: Api) -> str:
    """A line per operation; the twin for pages has one of its own only where it stands alone."""
    routes = reference_routes()
    lines = ["| method | path | answered |", "|---|---|---|"]
    for method, path in routes:
        program = path.replace(PAGES, PROGRAMS, 1)
        if path.startswith(PAGES) and (method, program) in routes:
            assert state(api, method, path) == state(api, method, program), path
            continue
        lines.append(f"| {method} | `{path}` | {state(api, method, path)} |")
    return "\n".join(lines) + "\n"


def test_the_page_of_endpoints_is_up_to_date(server):
    text = PAGE.read_text()
    before, rest = text.split(START)
    after = rest.split(END)[1]
    wanted = before + START + table(Api(server.url, MLFLOW_AGENT)) + END + after
    if os.environ.get("FERROFLOW_UPDATE_DOCUMENTS"):
        PAGE.write_text(wanted)
    assert PAGE.read_text() == wanted, "`make documents` writes the page anew"
