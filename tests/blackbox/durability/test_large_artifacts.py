"""Artifacts by size and by number, and uploads that are cut: memory stays flat, nothing is half."""

import http.client
import os
import socket
import time
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from support.disk import litter
from support.load import Clients
from support.servers import Server
from support.waiting import wait_until

MEBIBYTE = 1024 * 1024
LARGE_MEBIBYTES = 2048
SMALL_FILES = 2000
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The database has no part in this, so one engine is enough."""
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    running.stop()


@pytest.fixture
def run(server):
    mlflow.set_tracking_uri(server.url)
    client = MlflowClient(server.url, server.url)
    return client.create_run("0")


class Blocks:
    """A large file, one MiB at a time; no two blocks are the same."""

    def __init__(self, count: int):
        self.count = count
        self.noise = os.urandom(MEBIBYTE)

    def __iter__(self):
        for index in range(self.count):
            yield index.to_bytes(8, "big") + self.noise[8:]

    def are_in(self, path: Path) -> bool:
        with path.open("rb") as file:
            return all(file.read(MEBIBYTE) == block for block in self) and not file.read(1)


def test_a_file_of_2_gib_streams_both_ways(server, run, tmp_path):
    blocks = Blocks(LARGE_MEBIBYTES)
    source = tmp_path / "large.bin"
    with source.open("wb") as large:
        large.writelines(blocks)
    before = peak_memory(server)
    client = MlflowClient(server.url)
    try:
        client.log_artifact(run.info.run_id, str(source))
        source.unlink()
        downloaded = Path(client.download_artifacts(run.info.run_id, source.name, str(tmp_path)))
        assert blocks.are_in(downloaded)
    finally:
        source.unlink(missing_ok=True)
        requests.delete(f"{address(server, run)}/large.bin", timeout=60)
    assert peak_memory(server) - before < 64 * MEBIBYTE


def test_thousands_of_small_files(server, run, tmp_path):
    tree = tmp_path / "tree"
    for index in range(SMALL_FILES):
        path = tree / f"{index % 3}" / f"{index:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {index}\n")
    before = peak_memory(server)
    client = MlflowClient(server.url)
    client.log_artifacts(run.info.run_id, str(tree), "tree")
    for part in range(3):
        listed = client.list_artifacts(run.info.run_id, f"tree/{part}")
        assert [Path(item.path).name for item in listed] == [
            f"{index:05}.txt" for index in range(part, SMALL_FILES, 3)
        ]
    downloaded = Path(client.download_artifacts(run.info.run_id, "tree", str(tmp_path / "back")))
    for index in range(SMALL_FILES):
        path = downloaded / f"{index % 3}" / f"{index:05}.txt"
        assert path.read_text() == f"file {index}\n"
    assert peak_memory(server) - before < 64 * MEBIBYTE


def test_many_slow_downloads_at_once(server, run, tmp_path):
    """Each client takes some of a large file and waits; what waits for them does not pile up."""
    name = "shared.bin"
    requests.put(f"{address(server, run)}/{name}", data=iter(Blocks(64)), timeout=60)
    before = peak_memory(server)
    connections = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(64)]
    for connection in connections:
        connection.request("GET", f"{ARTIFACTS}/{directory(run)}/{name}")
        assert len(connection.getresponse().read(MEBIBYTE)) == MEBIBYTE
    time.sleep(0.5)
    assert peak_memory(server) - before < 96 * MEBIBYTE
    for connection in connections:
        connection.close()


def test_an_upload_cut_by_the_client_leaves_nothing(server, run):
    first = requests.put(f"{address(server, run)}/kept.bin", data=b"as it was", timeout=30)
    assert first.status_code == 200
    for name in ("kept.bin", "never.bin"):
        connection = begin_upload(server, f"{ARTIFACTS}/{directory(run)}/{name}")
        connection.close()
    wait_until(lambda: not litter(server), "a cut upload has left something")
    assert requests.get(f"{address(server, run)}/kept.bin", timeout=30).content == b"as it was"
    assert requests.get(f"{address(server, run)}/never.bin", timeout=30).status_code == 404
    listed = MlflowClient(server.url).list_artifacts(run.info.run_id)
    assert [item.path for item in listed] == ["kept.bin"]


def test_uploads_cut_by_a_crash_leave_nothing(tmp_path):
    """kill -9 while files and parts come in: what was answered is there, the rest is not."""
    server = Server(tmp_path).start()
    answered: dict[str, bytes] = {}

    def upload(client: int) -> None:
        try:
            for index in range(100_000):
                name, content = f"{client}-{index}", os.urandom(1 + index * 997 % 200_000)
                answer = requests.put(f"{server.url}{ARTIFACTS}/{name}", data=content, timeout=30)
                assert answer.status_code == 200
                answered[name] = content
        except requests.RequestException:
            pass

    clients = Clients(4, upload).start()
    mpu = f"{server.url}/api/2.0/mlflow-artifacts/mpu"
    created = requests.post(f"{mpu}/create/parts", json={"path": "big", "num_parts": 2}, timeout=30)
    urls = [credential["url"] for credential in created.json()["credentials"]]
    etag = requests.put(urls[0], data=b"one ", timeout=30).headers["etag"]
    cut = [
        begin_upload(server, f"{ARTIFACTS}/cut.bin"),
        begin_upload(server, urls[1].removeprefix(server.url)),
    ]
    wait_until(lambda: len(answered) > 20)
    server.kill()
    clients.join()
    for connection in cut:
        connection.close()

    server.start()
    try:
        for name, content in answered.items():
            answer = requests.get(f"{server.url}{ARTIFACTS}/{name}", timeout=30)
            assert answer.content == content, name
        listed = requests.get(f"{server.url}{ARTIFACTS}", timeout=30).json()["files"]
        # Each client may have had one more, whole but not answered yet.
        assert {item["path"] for item in listed} >= answered.keys()
        assert len(listed) <= len(answered) + 4
        assert litter(server) == {"multipart"}
        # An upload in parts goes on where it was.
        second = requests.put(urls[1], data=b"two", timeout=30).headers["etag"]
        parts = [{"part_number": 1, "etag": etag}, {"part_number": 2, "etag": second}]
        body = {"path": "big", "upload_id": created.json()["upload_id"], "parts": parts}
        assert requests.post(f"{mpu}/complete/parts", json=body, timeout=30).status_code == 200
        whole = requests.get(f"{server.url}{ARTIFACTS}/parts/big", timeout=30)
        assert whole.content == b"one two"
        assert litter(server) == set()
    finally:
        server.stop()


def directory(run) -> str:
    return run.info.artifact_uri.removeprefix("mlflow-artifacts:/")


def address(server: Server, run) -> str:
    return f"{server.url}{ARTIFACTS}/{directory(run)}"


def begin_upload(server: Server, target: str) -> socket.socket:
    """Sends the half of an upload, and waits until the server has begun to write it."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = f"PUT {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {8 * MEBIBYTE}\r\n\r\n"
    connection.sendall(head.encode() + os.urandom(4 * MEBIBYTE))
    wait_until(lambda: litter(server), "nothing was written")
    return connection


def peak_memory(server: Server) -> int:
    """The most memory that the server ever held, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
