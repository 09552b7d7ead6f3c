"""All bodies that a server holds at once share one budget."""

import contextlib
import time

import pytest
import requests
from support.databases import new_database
from support.load import JSON, Connection
from support.servers import Server

BODY_BYTES = 1024 * 1024
# The first 64 KiB of each body are not counted.
COUNTED_BYTES = BODY_BYTES - 64 * 1024
ROOM_FOR = 4
LIMITS = (
    "--max-body-bytes",
    str(BODY_BYTES),
    "--max-total-body-bytes",
    str(ROOM_FOR * COUNTED_BYTES),
)
MLFLOW = "/api/2.0/mlflow/experiments/search"
AIDP = "/20260430/aiDataPlatforms/p/mlops/api/2.0/mlflow/registered-models/create"
LARGE = b'{"max_results": 1, "name": "m"' + b" " * (BODY_BYTES - 31) + b"}"


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    running = Server(directory, new_database(engine, directory), LIMITS).start()
    yield running
    assert running.stop() == 0


def send(server: Server, path: str, body: bytes) -> requests.Response:
    return requests.post(f"{server.url}{path}", body, headers=JSON, timeout=60)


def all_but_the_end(server: Server) -> Connection:
    """A request whose body is sent up to its last byte."""
    connection = Connection(server.port)
    connection.http.putrequest("POST", MLFLOW)
    connection.http.putheader("content-type", "application/json")
    connection.http.putheader("content-length", str(BODY_BYTES))
    connection.http.endheaders(LARGE[:-1])
    return connection


def refused(server: Server, path: str, halves: contextlib.ExitStack) -> requests.Response:
    """The answer to a large request once half-sent ones have taken all room."""
    deadline = time.monotonic() + 60
    while (answer := send(server, path, LARGE)).status_code != 503:
        assert time.monotonic() < deadline, "half-sent requests take no room"
        # One of them may have been refused itself, when a whole request was in its way.
        halves.callback(all_but_the_end(server).close)
    return answer


def served_again(server: Server) -> bool:
    deadline = time.monotonic() + 60
    while send(server, MLFLOW, LARGE).status_code != 200:
        assert time.monotonic() < deadline, "no room was given back"
    return True


def test_large_bodies_that_are_half_sent_do_not_add_up(server):
    with contextlib.ExitStack() as halves:
        answer = refused(server, MLFLOW, halves)
        assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert int(answer.headers["retry-after"]) >= 1
        assert refused(server, AIDP, halves).json()["code"] == "ServiceUnavailable"
        # Small requests, and uploads, which are not held, find their way past the large ones.
        assert send(server, MLFLOW, b'{"max_results": 1}').status_code == 200
        upload = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/large"
        assert requests.put(upload, LARGE * 8, timeout=60).status_code == 200

    # Who hangs up gives back what was taken.
    assert served_again(server)


def test_a_body_gives_back_its_room_when_it_was_answered(server):
    for _ in range(3 * ROOM_FOR):
        assert send(server, MLFLOW, LARGE).status_code == 200
