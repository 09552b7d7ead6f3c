"""Uploads in parts: the stock client's own, and what it would not send."""

import hashlib
import os

import mlflow
import pytest
import requests
from support.aidp import Tenant
from support.http import MLFLOW_AGENT, Api
from support.servers import ExternalServer, Server

MEBIBYTE = 1024 * 1024
NOBODY = "0" * 32


@pytest.fixture(autouse=True)
def ours(server):
    if isinstance(server, ExternalServer):
        pytest.skip("the reference has no uploads in parts to a local disk")


@pytest.fixture
def in_parts(monkeypatch):
    """What a user sets to have the stock client send large files in parts."""
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * MEBIBYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MEBIBYTE))


@pytest.fixture
def active_run(experiment):
    with mlflow.start_run() as run:
        yield run


class Uploads:
    """Uploads in parts by hand, below one directory."""

    def __init__(self, url: str, directory: str):
        self.api = Api(f"{url}/api/2.0/mlflow-artifacts", MLFLOW_AGENT)
        self.directory = directory

    def create(self, parts: int, path: str = "/home/me/big.bin") -> dict:
        answer = self.send("create", {"path": path, "num_parts": parts})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def complete(self, upload_id: str, parts: list[dict], path: str = "big.bin"):
        return self.send("complete", {"path": path, "upload_id": upload_id, "parts": parts})

    def abort(self, upload_id: str, path: str = "big.bin"):
        return self.send("abort", {"path": path, "upload_id": upload_id})

    def send(self, step: str, body: dict) -> requests.Response:
        return self.api.post(f"mpu/{step}/{self.directory}", body)

    def content(self, name: str = "big.bin") -> bytes | None:
        answer = self.api.get(f"artifacts/{self.directory}/{name}")
        return answer.content if answer.status_code == 200 else None


@pytest.fixture
def uploads(tracking_uri, active_run) -> Uploads:
    return Uploads(tracking_uri, active_run.info.artifact_uri.removeprefix("mlflow-artifacts:/"))


def put_part(credential: dict, content: bytes) -> dict:
    """Sends a part as clients do: without credentials, and without saying who they are."""
    headers = credential.get("headers", {})
    answer = requests.put(credential["url"], data=content, headers=headers, timeout=60)
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    return {"part_number": credential["part_number"], "etag": answer.headers["etag"]}


def error(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["error_code"], body["message"]


def parts_received(server) -> float:
    metrics = requests.get(f"{server.url}/metrics", timeout=30).text
    counts = [line for line in metrics.splitlines() if "uploadPart" in line or "mpu/part" in line]
    return sum(float(line.split()[-1]) for line in counts if "_total{" in line)


@pytest.mark.parametrize("size", [5 * MEBIBYTE, 5 * MEBIBYTE + 1, 23 * MEBIBYTE + 7])
def test_the_stock_client_uploads_in_parts(server, active_run, in_parts, tmp_path, size):
    source = tmp_path / "ä model.bin"
    content = os.urandom(MEBIBYTE) * (size // MEBIBYTE) + b"x" * (size % MEBIBYTE)
    source.write_bytes(content)
    before = parts_received(server)
    mlflow.log_artifact(str(source), "deep/er")
    assert parts_received(server) - before == -(-size // (5 * MEBIBYTE))
    found = mlflow.artifacts.list_artifacts(run_id=active_run.info.run_id, artifact_path="deep/er")
    assert [(item.path, item.file_size) for item in found] == [("deep/er/ä model.bin", size)]
    uri = f"runs:/{active_run.info.run_id}/deep/er/ä model.bin"
    with open(mlflow.artifacts.download_artifacts(uri), "rb") as downloaded:
        assert hashlib.file_digest(downloaded, "md5").digest() == hashlib.md5(content).digest()


def test_the_stock_client_uploads_in_parts_inside_a_tenant(server, in_parts, tmp_path):
    tenant = Tenant(server.url)
    mlflow.set_tracking_uri(tenant.tracking_uri)
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(6 * MEBIBYTE))
    before = parts_received(server)
    mlflow.set_experiment("parts")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(source))
        uri = f"runs:/{run.info.run_id}/big.bin"
        with open(mlflow.artifacts.download_artifacts(uri), "rb") as downloaded:
            assert downloaded.read() == source.read_bytes()
    assert parts_received(server) - before == 2


def test_a_file_is_there_once_it_is_complete(uploads):
    upload = uploads.create(3)
    assert [it["part_number"] for it in upload["credentials"]] == [1, 2, 3]
    parts = {}
    for number, content in ((3, b"c"), (1, b"lost"), (1, b"aa"), (2, b"bb")):
        parts[number] = put_part(upload["credentials"][number - 1], content)
        assert uploads.content() is None
    ordered = [parts[number] for number in (1, 2, 3)]
    answer = uploads.complete(upload["upload_id"], ordered)
    assert (answer.status_code, answer.json()) == (200, {})
    assert uploads.content() == b"aabbc"
    assert uploads.complete(upload["upload_id"], ordered).status_code == 404
    late = requests.put(upload["credentials"][0]["url"], data=b"x", timeout=30)
    assert late.status_code == 404
    assert uploads.content() == b"aabbc"


def test_an_upload_that_is_ended_leaves_nothing(uploads):
    upload = uploads.create(1)
    part = put_part(upload["credentials"][0], b"x")
    for _ in range(2):
        answer = uploads.abort(upload["upload_id"])
        assert (answer.status_code, answer.json()) == (200, {})
    assert uploads.complete(upload["upload_id"], [part]).status_code == 404
    assert uploads.content() is None


def test_what_was_there_is_replaced_whole(uploads):
    for content in (b"a longer first", b"short"):
        upload = uploads.create(1)
        part = put_part(upload["credentials"][0], content)
        assert uploads.complete(upload["upload_id"], [part]).status_code == 200
        assert uploads.content() == content


def test_only_parts_that_came_make_a_file(uploads):
    upload = uploads.create(2)
    first = put_part(upload["credentials"][0], b"1")
    second = put_part(upload["credentials"][1], b"2")
    upload_id = upload["upload_id"]
    for parts, named in [
        ([], "parts"),
        ([second, first], "parts"),
        ([first, first], "parts"),
        ([{**first, "etag": second["etag"]}], "part 1"),
        ([{**first, "etag": ""}], "part 1"),
        ([{"part_number": 1}], "part 1"),
        ([first, {"part_number": 3, "etag": "x"}], "part 3"),
        ([{"part_number": 0, "etag": "x"}], "part_number"),
        ([{"part_number": -1, "etag": "x"}], "part_number"),
        ([{"part_number": 10_001, "etag": "x"}], "part_number"),
        ([{"etag": "x"}], "part_number"),
    ]:
        status, code, message = error(uploads.complete(upload_id, parts))
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE"), (parts, message)
        assert named in message
    assert uploads.complete(upload_id, [first, second]).status_code == 200
    assert uploads.content() == b"12"


@pytest.mark.parametrize("parts", [0, -1, 10_001, 2**40])
def test_the_number_of_parts_is_limited(uploads, parts):
    body = {"path": "big.bin", "num_parts": parts}
    status, code, message = error(uploads.send("create", body))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "num_parts" in message
    assert "10000" in message


def test_one_part_is_expected_unless_told(uploads):
    created = uploads.send("create", {"path": "big.bin"}).json()
    assert len(created["credentials"]) == 1


def test_messages_are_checked(uploads):
    for step, body, named in [
        ("create", {}, "path"),
        ("create", {"path": 5}, "path"),
        ("create", {"path": "a", "num_parts": "many"}, "num_parts"),
        ("create", {"path": "a/"}, "Invalid path"),
        ("create", {"path": "a/.."}, "Invalid path"),
        ("complete", {"upload_id": NOBODY, "parts": [{"part_number": 1}]}, "path"),
        ("complete", {"path": "a", "upload_id": NOBODY}, "parts"),
        ("complete", {"path": "a", "parts": [{"part_number": 1}]}, "upload_id"),
        ("complete", {"path": "a", "upload_id": "../..", "parts": [{"part_number": 1}]}, "upload"),
        ("abort", {"upload_id": NOBODY}, "path"),
        ("abort", {"path": "a"}, "upload_id"),
        ("abort", {"path": "a", "upload_id": "."}, "upload_id"),
    ]:
        status, code, message = error(uploads.send(step, body))
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE"), (step, body, message)
        assert named in message, (step, body)


def test_an_upload_is_known_by_its_id_and_path(server, uploads):
    upload = uploads.create(1)
    url = upload["credentials"][0]["url"]
    upload_id = upload["upload_id"]
    for changed, expected in [
        (url.replace(upload_id, NOBODY), 404),
        (url.replace("big.bin", "other.bin"), 404),
        (url.replace(f"upload_id={upload_id}&", ""), 400),
        (url.replace("part_number=1", "part_number=0"), 400),
        (url.replace("part_number=1", "part_number=10001"), 400),
        (url.replace("part_number=1", "part_number=x"), 400),
        (url.replace("&part_number=1", ""), 400),
        (url.replace(upload_id, ".."), 400),
        (url.replace(upload_id, "%2e%2e%2fpath"), 400),
        (url.replace("/api/", "/20260430/aiDataPlatforms/p/workspaces/w/mlops/api/"), 404),
    ]:
        assert changed != url
        answer = requests.put(changed, data=b"x", timeout=30)
        assert answer.status_code == expected, (changed, answer.text)
    for path in ("other.bin", "../big.bin/x"):
        assert (
            uploads.complete(upload_id, [{"part_number": 1, "etag": "x"}], path).status_code == 404
        )
    uploads.abort(upload_id, "other.bin")
    part = put_part(upload["credentials"][0], b"still there")
    assert uploads.complete(upload_id, [part]).status_code == 200
    assert uploads.content() == b"still there"


def test_parts_go_where_the_client_found_the_server(server, uploads):
    """The host is the client's own, unless the operator says what clients see."""
    upload = uploads.create(1)
    assert upload["credentials"][0]["url"].startswith(f"{server.url}/api/2.0/mlflow-artifacts/mpu/")
    headers = {"host": f"localhost:{server.port}"}
    answer = uploads.api.post(
        f"mpu/create/{uploads.directory}", {"path": "x"}, headers=headers
    ).json()
    expected = f"http://localhost:{server.port}/api/2.0/mlflow-artifacts/mpu/part/"
    assert answer["credentials"][0]["url"].startswith(expected)
    headers = {"host": "elsewhere.example"}
    refused = uploads.api.post(f"mpu/create/{uploads.directory}", {"path": "x"}, headers=headers)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("public_url", "prefix", "expected"),
    [
        ("https://ml.example.com/lab/", "", "https://ml.example.com/lab"),
        ("https://ml.example.com", "/lab", "https://ml.example.com/lab"),
        ("", "/lab", "http://127.0.0.1:PORT/lab"),
    ],
)
def test_the_operator_says_where_parts_go(tmp_path, public_url, prefix, expected):
    arguments = ("--public-url", public_url)
    server = Server(tmp_path, arguments=arguments, static_prefix=prefix).start()
    try:
        uploads = Uploads(server.url, "a b")
        upload = uploads.create(1)
        credential = upload["credentials"][0]
        if not public_url:
            part = put_part(credential, b"x")
            assert uploads.complete(upload["upload_id"], [part]).status_code == 200
            assert uploads.content() == b"x"
    finally:
        server.stop()
    base = expected.replace("PORT", str(server.port))
    part_url = f"{base}/api/2.0/mlflow-artifacts/mpu/part/a%20b/big.bin?upload_id="
    assert credential["url"].startswith(part_url)


def test_clients_are_not_told_to_use_parts(api, tracking_uri):
    """A plain upload streams as well, and is written once; so parts are for who asks for them."""
    info = requests.get(f"{tracking_uri}/api/3.0/mlflow/server-info", timeout=30).json()
    assert info["multipart_uploads_enabled"] is False
    assert info["multipart_downloads_enabled"] is False
