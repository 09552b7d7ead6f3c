"""A limit on how many requests each caller may send: the real clients wait and come through."""

import re
import socket
import subprocess
import time
from collections.abc import Callable

import mlflow
import oci
import pytest
import requests
from aidp_python_client.aidataplatform_dp import MLOpsClient
from support.aidp import Tenant, configuration, models, signer
from support.databases import new_database
from support.openapi import Document
from support.servers import BINARY, Server

RATE = 2
# Far more than pass within the limit, however slow the machine is.
CERTAINLY_TOO_MANY = 100 * RATE
# A client that came through so many of them has waited as it was told.
REFUSALS = 3
SEARCH = "api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    limit = ("--rate-limit", str(RATE))
    running = Server(directory, new_database(engine, directory), limit).start()
    yield running
    assert running.stop() == 0


def refused(server: Server) -> int:
    """How many requests have been refused so far."""
    metrics = requests.get(f"{server.url}/metrics", timeout=30).text
    return int(re.search(r"^ferroflow_http_requests_over_rate_total (\d+)$", metrics, re.M)[1])


def exhaust(server: Server, path: str = SEARCH) -> requests.Response:
    """Sends requests until one is refused."""
    for _ in range(CERTAINLY_TOO_MANY):
        answer = requests.get(f"{server.url}/{path}", timeout=30)
        if answer.status_code == 429:
            return answer
    raise AssertionError("no limit holds")


def create_until_some_were_refused(server: Server, create: Callable[[str], object]) -> int:
    """Makes things until the client has come through refusals; answers how many it made."""
    before = refused(server)
    for made in range(1, CERTAINLY_TOO_MANY):
        create(f"model-{made}")
        if refused(server) >= before + REFUSALS:
            return made
    raise AssertionError("no limit holds")


def test_oracles_client_comes_through_with_its_own_retries(server):
    # As it comes: `Tenant` has a client that gives up sooner.
    client = MLOpsClient(configuration(), signer=signer(), service_endpoint=server.url)
    platform = Tenant(server.url).platform

    def create(name: str) -> None:
        details = models.CreateRegisteredModelDetails(name=name)
        assert client.create_registered_model(platform, details).status == 200

    made = create_until_some_were_refused(server, create)
    found = client.list_registered_models(platform).data.registered_models
    assert len(found) == made


def test_the_stock_mlflow_client_comes_through_with_its_own_retries(server, monkeypatch):
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    client = mlflow.MlflowClient(server.url, server.url)
    made = create_until_some_were_refused(server, client.create_registered_model)
    assert len(client.search_registered_models()) == made


def list_until_refused(client: MLOpsClient) -> None:
    for _ in range(CERTAINLY_TOO_MANY):
        client.list_registered_models("a-platform")


def test_a_client_that_does_not_wait_is_told_so(server):
    client = MLOpsClient(
        configuration(),
        signer=signer(),
        service_endpoint=server.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        list_until_refused(client)
    error = raised.value
    assert (error.status, error.code) == (429, "TooManyRequests")
    assert int(error.headers["retry-after"]) >= 1
    assert error.request_id


def test_the_answer_in_both_dialects(server):
    # Until the limit that an earlier test has reached lets the document pass.
    time.sleep(1)
    document = Document(server.url)
    aidp = exhaust(server, "20260430/aiDataPlatforms/p/mlops/api/2.0/mlflow/model-versions/search")
    assert aidp.json()["code"] == "TooManyRequests"
    document.operations["listModelVersions"].check(aidp)
    mlflow = exhaust(server)
    assert mlflow.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    for answer in (aidp, mlflow):
        assert set(answer.json()) <= {"code", "error_code", "message"}
        assert re.fullmatch("[1-9][0-9]*", answer.headers["retry-after"])


def test_probes_have_no_limit(server):
    exhaust(server)
    for path in ("health", "version", "metrics") * RATE * 5:
        assert requests.get(f"{server.url}/{path}", timeout=30).status_code == 200


def test_another_address_has_a_limit_of_its_own(server):
    exhaust(server)
    with socket.create_connection(
        ("127.0.0.1", server.port), timeout=30, source_address=("127.0.0.2", 0)
    ) as stream:
        request = f"GET /{SEARCH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        stream.sendall(request.encode())
        assert stream.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--rate-limit", "1000001"), "rate-limit = 1000001 is out of range"),
        (("--rate-limit-burst", "5"), "rate-limit-burst = 5 means nothing without rate-limit"),
    ],
)
def test_limits_that_cannot_hold_are_refused(arguments, complaint):
    finished = subprocess.run(
        [str(BINARY), "config", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={},
    )
    assert finished.returncode == 1
    assert complaint in finished.stderr
