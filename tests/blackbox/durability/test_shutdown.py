"""Stopping: what is under way ends well, and nothing acknowledged is lost."""

import signal
import socket
from http.client import HTTPException

import pytest
import requests
from support.databases import new_database
from support.disk import litter
from support.load import Clients, Connection
from support.servers import STOP_TIMEOUT_SECONDS, Server
from support.waiting import wait_until

from .paths import AIDP, MLFLOW


@pytest.fixture
def own_server(engine, tmp_path):
    """A server that the test may end. It would wait longer for a request than tests wait for it."""
    patience = ("--shutdown-grace-seconds", str(10 * STOP_TIMEOUT_SECONDS))
    server = Server(tmp_path, new_database(engine, tmp_path), patience).start()
    yield server
    if server.is_running():
        server.kill()


def test_sigterm_under_load_keeps_what_was_acknowledged(own_server):
    connection = Connection(own_server.port)
    assert connection.post(f"{MLFLOW}/registered-models/create", {"name": "m"})[0] == 200
    connection.close()
    acknowledged: set[int] = set()

    def create(_: int) -> None:
        connection = Connection(own_server.port)
        try:
            while True:
                status, answer = connection.post(
                    f"{AIDP}/model-versions/create", {"name": "m", "source": "s"}
                )
                assert status == 200, answer
                acknowledged.add(int(answer["model_version"]["version"]))
        except (OSError, HTTPException):
            connection.close()

    clients = Clients(16, create).start()
    wait_until(lambda: len(acknowledged) > 50)
    assert own_server.stop() == 0
    clients.join()
    assert not list(own_server.directory.rglob("*-wal")), "the log is part of the file again"

    own_server.start()
    connection = Connection(own_server.port)
    status, answer = connection.get(
        f"{MLFLOW}/model-versions/search?filter=name%20%3D%20'm'&max_results=200000"
    )
    assert status == 200, answer
    stored = {int(version["version"]) for version in answer["model_versions"]}
    assert acknowledged <= stored
    assert stored == set(range(1, len(stored) + 1))


def test_a_request_under_way_is_finished(own_server):
    """Half of an upload is sent before the signal, and half after it."""
    path = "/api/2.0/mlflow-artifacts/artifacts/slow/file.bin"
    with socket.create_connection(("127.0.0.1", own_server.port), timeout=30) as upload:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000\r\n\r\n"
        upload.sendall(head.encode() + b"a" * 1000)
        own_server.wait_for_a_request()
        own_server.ask_to_stop()
        assert own_server.is_running()
        upload.sendall(b"b" * 1000)
        assert upload.recv(4096).startswith(b"HTTP/1.1 200")
    assert own_server.process.wait(STOP_TIMEOUT_SECONDS) == 0

    own_server.start()
    address = f"{own_server.url}{path}"
    assert requests.get(address, timeout=30).content == b"a" * 1000 + b"b" * 1000


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_idle_connections_do_not_hold_it_up(own_server, stop_signal):
    idle = Connection(own_server.port)
    idle.http.request("GET", "/health")
    assert idle.http.getresponse().read()
    own_server.process.send_signal(stop_signal)
    assert own_server.process.wait(STOP_TIMEOUT_SECONDS) == 0
    idle.close()


def test_no_upload_is_left_half_done(own_server):
    """A client that goes away in the middle leaves neither a file nor a trace of one."""
    path = "/api/2.0/mlflow-artifacts/artifacts/cut/file.bin"
    with socket.create_connection(("127.0.0.1", own_server.port), timeout=30) as upload:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
        upload.sendall(head.encode() + b"a" * 50_000)
        own_server.wait_for_a_request()
    wait_until(lambda: not litter(own_server))
    assert requests.get(f"{own_server.url}{path}", timeout=30).status_code == 404
    listed = requests.get(
        f"{own_server.url}/api/2.0/mlflow-artifacts/artifacts", params={"path": "cut"}, timeout=30
    )
    assert listed.json().get("files", []) == []
