"""Every row of the table of errors, as a client meets it."""

import re
import select
import sqlite3
import subprocess
from collections.abc import Callable

import pytest
import requests
from support.aidp import Tenant
from support.databases import new_database
from support.load import Connection
from support.openapi import Document
from support.servers import ROOT, Server

from .expectations import assert_error

Row = tuple[int, str]
ROW = re.compile(r"^\| (\d{3}) \| (?:`(\w+)`|\(no body\)) \|", re.M)
PAGE = (ROOT / "docs" / "aidp.md").read_text()
ROWS = [(int(status), code) for status, code in ROW.findall(PAGE)]
# Nobody is asked who they are yet.
UNREACHABLE = {(401, "NotAuthenticated")}

CREATE_MODEL = "registered-models/create"
UPDATE_MODEL = "registered-models/update"
MANY_BYTES = "x" * (33 * 1024 * 1024)


class Scene:
    """A tenant, and servers that differ from the one that all tests share."""

    def __init__(self, tenant: Tenant, engine: str, directory):
        self.tenant = tenant
        self.engine = engine
        self.directory = directory
        self.servers: list[Server] = []

    @property
    def api(self):
        return self.tenant.platform_api

    def start(self, *arguments: str) -> Server:
        """A server of one's own; the tenant is now one of its tenants."""
        database = new_database(self.engine, self.directory)
        server = Server(self.directory, database, arguments).start()
        self.servers.append(server)
        self.tenant = Tenant(server.url)
        return server


@pytest.fixture
def scene(tenant, engine, tmp_path):
    scene = Scene(tenant, engine, tmp_path)
    yield scene
    for server in scene.servers:
        server.stop()


def body_is_not_json(scene: Scene):
    headers = {"content-type": "application/json"}
    return scene.api.send("POST", CREATE_MODEL, data="{", headers=headers)


def value_of_a_wrong_type(scene: Scene):
    return scene.api.post(CREATE_MODEL, {"name": 1})


def name_is_absent(scene: Scene):
    return scene.api.post(CREATE_MODEL, {"name": None})


def too_many_logged_models(scene: Scene):
    run_id = scene.tenant.create_run(scene.tenant.create_experiment()).info.run_id
    body = {"run_id": run_id, "model_json": '{"x": "' + "x" * 900_000 + '"}'}
    first = scene.tenant.workspace_api.post("runs/log-model", body)
    assert first.status_code == 200, first.text
    return scene.tenant.workspace_api.post("runs/log-model", body)


def version_of_an_unknown_run(scene: Scene):
    scene.tenant.create_model()
    body = {"name": "m", "source": "s3://b/m", "run_id": "0" * 32}
    return scene.api.post("model-versions/create", body)


def sent_by_a_foreign_page(scene: Scene):
    return scene.api.post(CREATE_MODEL, {"name": "m"}, headers={"origin": "https://evil.example"})


def thing_that_is_not_there(scene: Scene):
    return scene.api.get("registered-models/get", params={"name": "absent"})


def operation_that_is_not_there(scene: Scene):
    return scene.api.get("registered-models/nonsense")


def other_method(scene: Scene):
    answer = scene.api.send("PUT", CREATE_MODEL, headers={"opc-client-info": "by Oracle's"})
    assert answer.headers["allow"] == "POST"
    return answer


def name_is_taken(scene: Scene):
    scene.tenant.create_model()
    return scene.api.post(CREATE_MODEL, {"name": "m"})


def token_of_another_request(scene: Scene):
    token = {"opc-retry-token": "the-same"}
    assert scene.api.post(CREATE_MODEL, {"name": "m"}, headers=token).status_code == 200
    return scene.api.post(CREATE_MODEL, {"name": "n"}, headers=token)


def changed_meanwhile(scene: Scene):
    created = scene.api.post(CREATE_MODEL, {"name": "m"})
    seen = {"if-match": created.headers["etag"]}
    body = {"name": "m", "description": "d"}
    assert scene.api.post(UPDATE_MODEL, body, headers=seen).status_code == 200
    return scene.api.post(UPDATE_MODEL, body, headers=seen)


def large_body(scene: Scene):
    return scene.api.post(CREATE_MODEL, {"name": "m", "description": MANY_BYTES})


def too_many_requests(scene: Scene):
    scene.start("--rate-limit", "1")
    answer = thing_that_is_not_there(scene)
    while answer.status_code == 404:
        answer = thing_that_is_not_there(scene)
    assert int(answer.headers["retry-after"]) >= 1
    return answer


def long_header(scene: Scene):
    return scene.api.get("registered-models/search", headers={"x-long": "x" * 70_000})


def fault_of_the_server(scene: Scene):
    server = scene.start()
    drop_table(server, "registered_models")
    answer = thing_that_is_not_there(scene)
    # The client learns nothing of the database, the operator everything.
    assert "registered_models" not in answer.text
    [line] = [line for line in server.log.splitlines() if answer.headers["opc-request-id"] in line]
    assert "registered_models" in line
    return answer


def files_kept_elsewhere(scene: Scene):
    experiment = scene.tenant.create_experiment(artifact_location="s3://bucket/elsewhere")
    run_id = scene.tenant.create_run(experiment).info.run_id
    return scene.tenant.workspace_api.get("artifacts/list", params={"run_id": run_id})


def server_is_busy(scene: Scene):
    server = scene.start("--max-concurrent-requests", "1")
    busy = half_a_request(server)
    answer = thing_that_is_not_there(scene)
    while answer.status_code == 404:
        if is_answered(busy):
            # The question was in its way, so that it was the one to be refused.
            busy = half_a_request(server)
        answer = thing_that_is_not_there(scene)
    busy.http.send(b': "m"}')
    assert busy.read()[0] == 200
    assert int(answer.headers["retry-after"]) >= 1
    return answer


def half_a_request(server: Server) -> Connection:
    connection = Connection(server.port)
    path = f"/20260430/aiDataPlatforms/p/mlops/api/2.0/mlflow/{CREATE_MODEL}"
    connection.http.putrequest("POST", path)
    connection.http.putheader("content-type", "application/json")
    connection.http.putheader("content-length", "13")
    connection.http.endheaders(b'{"name"')
    return connection


def is_answered(connection: Connection) -> bool:
    return bool(select.select([connection.http.sock], [], [], 0)[0])


def drop_table(server: Server, table: str) -> None:
    if server.database.startswith("sqlite:"):
        with sqlite3.connect(server.database.removeprefix("sqlite:")) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(f"DROP TABLE {table}")
        return
    drop = f"DROP TABLE {table} CASCADE"
    subprocess.run(["psql", server.database, "--command", drop], check=True, capture_output=True)


PROVOCATIONS: dict[Row, Callable[[Scene], requests.Response]] = {
    (400, "CannotParseRequest"): body_is_not_json,
    (400, "InvalidParameter"): value_of_a_wrong_type,
    (400, "MissingParameter"): name_is_absent,
    (400, "LimitExceeded"): too_many_logged_models,
    (400, "RelatedResourceNotAuthorizedOrNotFound"): version_of_an_unknown_run,
    (403, "NotAuthorized"): sent_by_a_foreign_page,
    (404, "NotAuthorizedOrNotFound"): thing_that_is_not_there,
    (404, "NotFound"): operation_that_is_not_there,
    (405, "MethodNotAllowed"): other_method,
    (409, "Conflict"): name_is_taken,
    (409, "InvalidatedRetryToken"): token_of_another_request,
    (412, "NoEtagMatch"): changed_meanwhile,
    (413, "RequestEntityTooLarge"): large_body,
    (429, "TooManyRequests"): too_many_requests,
    (431, ""): long_header,
    (500, "InternalServerError"): fault_of_the_server,
    (501, "MethodNotImplemented"): files_kept_elsewhere,
    (503, "ServiceUnavailable"): server_is_busy,
}


def test_every_row_is_provoked():
    assert set(ROWS) == PROVOCATIONS.keys() | UNREACHABLE
    assert len(ROWS) == len(set(ROWS))


@pytest.mark.parametrize("row", PROVOCATIONS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_each_row_of_the_table(scene, row):
    status, code = row
    answer = PROVOCATIONS[row](scene)
    if code:
        assert_error(answer, status, code)
    else:
        assert (answer.status_code, answer.text) == (status, "")


def test_the_document_has_the_codes_of_the_table(server):
    responses = Document(server.url).content["components"]["responses"]
    codes = set()
    for response in responses.values():
        if "content" in response:
            schema = response["content"]["application/json"]["schema"]
            codes |= set(schema["allOf"][1]["properties"]["code"]["enum"])
    # What has no operation has no place among the operations.
    assert codes | {"MethodNotAllowed", ""} == {code for _, code in ROWS}
