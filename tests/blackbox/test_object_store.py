"""Artifacts in a bucket: `ferroflow server` and `mlflow server` over one object store, with the
stock client and by hand."""

import hashlib
import os
import socket
import time

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from support.certificates import new_certificate
from support.mlflow_server import PROGRAMS, MlflowServer
from support.network import EncryptedLine, free_port
from support.object_store import BUCKET, ObjectStore

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts"
MEBIBYTE = 1024 * 1024
# More than one part of an upload that the server makes, and not a whole number of them.
LARGE = os.urandom(MEBIBYTE) * 40 + b"end"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = ObjectStore(tmp_path_factory.mktemp("object-store")).start()
    yield store
    store.stop()


def over_bucket(program: str, mode: str, store: ObjectStore, directory) -> MlflowServer:
    """A server that clients read and write artifacts through, or one whose clients go to the bucket
    themselves."""
    prefix = f"{mode}/{program}"
    arguments = {
        "proxied": ["--artifacts-destination", f"s3://{BUCKET}/{prefix}"],
        "direct": ["--no-serve-artifacts", "--default-artifact-root", f"s3://{BUCKET}/{prefix}"],
    }
    server = MlflowServer(program, directory, arguments[mode], store.variables).start()
    server.prefix_in_bucket = prefix
    return server


@pytest.fixture(scope="module")
def servers(store, tmp_path_factory):
    """Each program in each mode, started when first asked for."""
    started = {}

    def server(program: str, mode: str) -> MlflowServer:
        if (program, mode) not in started:
            directory = tmp_path_factory.mktemp(mode)
            started[program, mode] = over_bucket(program, mode, store, directory)
        return started[program, mode]

    yield server
    for each in started.values():
        each.stop()


@pytest.fixture(params=PROGRAMS)
def proxied(request, servers):
    return servers(request.param, "proxied")


@pytest.fixture(params=PROGRAMS)
def direct(request, servers):
    return servers(request.param, "direct")


@pytest.fixture
def ours(servers):
    """For what only we promise."""
    return servers("ferroflow", "proxied")


@pytest.fixture
def our_direct(servers):
    return servers("ferroflow", "direct")


@pytest.fixture
def as_clients(store, monkeypatch):
    """Clients that may reach the bucket themselves."""
    for name, value in store.variables.items():
        monkeypatch.setenv(name, value)


def new_run(server) -> tuple[MlflowClient, str]:
    mlflow.set_tracking_uri(server.url)
    client = MlflowClient(tracking_uri=server.url)
    return client, client.create_run("0").info.run_id


def prefix_of(server, run_id: str) -> str:
    return f"{server.prefix_in_bucket}/0/{run_id}/artifacts"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def listed(client: MlflowClient, run_id: str, path: str | None = None) -> list[tuple]:
    return [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, path)]


def test_files_are_kept_in_the_bucket(proxied, store, tmp_path):
    client, run_id = new_run(proxied)
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "one.txt").write_text("one")
    (tmp_path / "tree" / "inner" / "two é.bin").write_bytes(b"two")
    client.log_artifacts(run_id, str(tmp_path / "tree"), "tree")
    client.log_text(run_id, "top", "top.html")

    expected = {"tree/one.txt": b"one", "tree/inner/two é.bin": b"two", "top.html": b"top"}
    kept = store.objects(prefix_of(proxied, run_id))
    assert kept == {path: digest(content) for path, content in expected.items()}
    assert listed(client, run_id) == [("top.html", False, 3), ("tree", True, None)]
    inner = [("tree/inner", True, None), ("tree/one.txt", False, 3)]
    assert listed(client, run_id, "tree") == inner
    assert listed(client, run_id, "tree/one.txt") == []
    fetched = download_artifacts(run_id=run_id, tracking_uri=proxied.url, dst_path=tmp_path / "out")
    for path, content in expected.items():
        assert (tmp_path / "out" / path).read_bytes() == content, fetched


def test_deletion_takes_what_lies_below_and_nothing_beside(proxied, store):
    client, run_id = new_run(proxied)
    for path in ["dir/a.txt", "dir/b/c.txt", "dir.txt", "dir2/d.txt", "file"]:
        client.log_text(run_id, path, path)
    root = f"{proxied.url}{FILES}/artifacts/0/{run_id}/artifacts"
    for path in ["dir", "file"]:
        answer = requests.delete(f"{root}/{path}", timeout=60)
        assert answer.status_code == 200, answer.text
    assert store.objects(prefix_of(proxied, run_id)).keys() == {"dir.txt", "dir2/d.txt"}


def test_a_large_file_passes_through_the_server(proxied, store):
    _, run_id = new_run(proxied)
    url = f"{proxied.url}{FILES}/artifacts/0/{run_id}/artifacts/large.bin"
    answer = requests.put(url, data=LARGE, timeout=120)
    assert answer.status_code == 200, answer.text
    assert store.objects(prefix_of(proxied, run_id)) == {"large.bin": digest(LARGE)}
    assert digest(requests.get(url, timeout=120).content) == digest(LARGE)
    assert store.unfinished_uploads() == []


def test_clients_send_large_files_to_the_store(proxied, store, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 * MEBIBYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(10 * MEBIBYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(10 * MEBIBYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", str(5 * MEBIBYTE))
    client, run_id = new_run(proxied)
    (tmp_path / "large.bin").write_bytes(LARGE)
    client.log_artifact(run_id, str(tmp_path / "large.bin"), "models")
    assert store.objects(prefix_of(proxied, run_id)) == {"models/large.bin": digest(LARGE)}
    fetched = client.download_artifacts(run_id, "models/large.bin", str(tmp_path / "out"))
    with open(fetched, "rb") as file:
        assert digest(file.read()) == digest(LARGE)
    assert store.unfinished_uploads() == []


def info(server) -> dict:
    return requests.get(f"{server.url}/api/3.0/mlflow/server-info", timeout=60).json()


def test_the_server_says_what_clients_can_do_themselves(proxied, direct):
    for server, expected in [(proxied, True), (direct, False)]:
        capabilities = info(server)
        assert capabilities["multipart_uploads_enabled"] is expected
        assert capabilities["multipart_downloads_enabled"] is expected


class Parts:
    """An upload in parts by hand."""

    def __init__(self, server, run_id: str):
        self.url = f"{server.url}{FILES}/mpu"
        self.directory = f"0/{run_id}/artifacts/dir"

    def send(self, step: str, **body) -> requests.Response:
        body = {"path": "/home/me/big.bin", **body}
        return requests.post(f"{self.url}/{step}/{self.directory}", json=body, timeout=60)


def put_part(credential: dict, content: bytes) -> dict:
    answer = requests.put(credential["url"], data=content, timeout=60)
    assert answer.status_code == 200, answer.text
    return {"part_number": credential["part_number"], "etag": answer.headers["etag"]}


def test_parts_go_to_signed_urls_of_the_store(proxied, store):
    _, run_id = new_run(proxied)
    parts = Parts(proxied, run_id)
    upload = parts.send("create", num_parts=2).json()
    assert [part["part_number"] for part in upload["credentials"]] == [1, 2]
    assert all(part["url"].startswith(store.url) for part in upload["credentials"])
    contents = [b"a" * 5 * MEBIBYTE, b"tail"]
    sent = [put_part(*each) for each in zip(upload["credentials"], contents, strict=True)]
    done = parts.send("complete", upload_id=upload["upload_id"], parts=sent)
    assert done.status_code == 200, done.text
    kept = store.objects(prefix_of(proxied, run_id))
    assert kept == {"dir/big.bin": digest(b"".join(contents))}

    dropped = parts.send("create", num_parts=1).json()
    put_part(dropped["credentials"][0], b"x")
    assert parts.send("abort", upload_id=dropped["upload_id"]).status_code == 200
    assert store.unfinished_uploads() == []


def test_an_upload_that_cannot_end_says_why(ours, store):
    _, run_id = new_run(ours)
    parts = Parts(ours, run_id)
    upload = parts.send("create", num_parts=2).json()
    upload_id = upload["upload_id"]
    first = put_part(upload["credentials"][0], b"small")
    last = put_part(upload["credentials"][1], b"tail")

    def refusal(**body) -> tuple[int, str]:
        answer = parts.send("complete", **body)
        return answer.status_code, answer.json()["message"]

    status, message = refusal(upload_id=upload_id, parts=[first, {**last, "etag": "0" * 32}])
    assert (status, "'parts'" in message) == (400, True), message
    status, message = refusal(upload_id=upload_id, parts=[first, {**last, "part_number": 3}])
    assert (status, "without gaps" in message) == (400, True), message
    status, message = refusal(upload_id="a" * 32, parts=[first, last])
    assert (status, message.startswith("No such multipart upload")) == (404, True), message
    route = f"part/0/{run_id}/artifacts/dir/big.bin?upload_id={upload_id}&part_number=1"
    answer = requests.put(f"{ours.url}{FILES}/mpu/{route}", data=b"x", timeout=60)
    assert (answer.status_code, "signed URLs" in answer.json()["message"]) == (501, True)
    assert parts.send("abort", upload_id=upload_id).status_code == 200
    # It is over already.
    assert parts.send("abort", upload_id=upload_id).status_code == 200
    assert store.objects(prefix_of(ours, run_id)) == {}


def test_a_download_is_served_as_from_a_disk(ours):
    client, run_id = new_run(ours)
    client.log_text(run_id, "<html>", "a.html")
    url = f"{ours.url}{FILES}/artifacts/0/{run_id}/artifacts/a.html"
    whole = requests.get(url, timeout=60)
    assert whole.headers["content-type"] == "text/plain"
    assert whole.headers["content-disposition"] == "attachment; filename=a.html"
    assert whole.headers["x-content-type-options"] == "nosniff"
    for asked, status, content in [
        ("bytes=1-2", 206, b"ht"),
        ("bytes=-2", 206, b"l>"),
        ("bytes=4-", 206, b"l>"),
        ("bytes=6-", 416, b""),
    ]:
        part = requests.get(url, headers={"range": asked}, timeout=60)
        assert (part.status_code, part.content) == (status, content), asked
    known = requests.get(url, headers={"if-none-match": whole.headers["etag"]}, timeout=60)
    assert (known.status_code, known.content) == (304, b"")
    for path in ["missing", "a.html/below"]:
        missing = requests.get(url.replace("a.html", path), timeout=60)
        assert missing.status_code == 404, missing.text
        assert missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_cut_upload_leaves_nothing(ours, store):
    _, run_id = new_run(ours)
    path = f"{FILES}/artifacts/0/{run_id}/artifacts/cut.bin"
    head = f"PUT {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(LARGE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ours.port), timeout=60) as connection:
        connection.sendall(head.encode() + LARGE[: 33 * MEBIBYTE])
        deadline = time.monotonic() + 60
        while not store.unfinished_uploads() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert store.unfinished_uploads(), "no part has reached the store"
    deadline = time.monotonic() + 60
    while store.unfinished_uploads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert store.unfinished_uploads() == []
    assert store.objects(prefix_of(ours, run_id)) == {}


def test_clients_reach_the_bucket_themselves(direct, store, as_clients, tmp_path):
    client, run_id = new_run(direct)
    root = f"s3://{BUCKET}/{prefix_of(direct, run_id)}"
    assert client.get_run(run_id).info.artifact_uri == root
    client.log_text(run_id, "text", "dir/a.txt")
    assert store.objects(prefix_of(direct, run_id)) == {"dir/a.txt": digest(b"text")}
    # The server reads it for those who cannot.
    files = requests.get(
        f"{direct.url}{API}/artifacts/list", params={"run_id": run_id, "path": "dir"}, timeout=60
    ).json()
    expected = [{"path": "dir/a.txt", "is_dir": False, "file_size": 4}]
    assert files == {"root_uri": root, "files": expected}
    params = {"run_id": run_id, "path": "dir/a.txt"}
    assert requests.get(f"{direct.url}/get-artifact", params=params, timeout=60).text == "text"


def presigned(server, direction: str, **body) -> requests.Response:
    url = f"{server.url}{API}/artifacts/presigned-{direction}-url"
    return requests.post(url, json=body, timeout=60)


def test_signed_urls_of_a_run_and_a_model(direct, store):
    client, run_id = new_run(direct)
    model = client.create_logged_model("0")
    prefix = model.artifact_location.removeprefix(f"s3://{BUCKET}/")
    for owner, place in [
        ({"run_id": run_id}, prefix_of(direct, run_id)),
        ({"model_id": model.model_id}, prefix),
    ]:
        signed = presigned(direct, "upload", path="dir/m.bin", **owner).json()
        headers = signed["headers"]
        named = {name.lower(): value for name, value in headers.items()}
        assert named == {"content-type": "application/octet-stream"}
        answer = requests.put(signed["presigned_url"], data=b"123", headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        assert store.objects(place) == {"dir/m.bin": digest(b"123")}
    signed = presigned(direct, "download", run_id=run_id, path="dir/m.bin").json()
    assert (signed.get("headers", {}), int(signed["file_size"])) == ({}, 3)
    assert requests.get(signed["presigned_url"], timeout=60).content == b"123"
    other = signed["presigned_url"].replace("m.bin", "n.bin")
    assert requests.get(other, timeout=60).status_code == 403


def test_what_cannot_be_signed(direct):
    _, run_id = new_run(direct)
    for direction, body in [
        ("download", {"run_id": run_id, "path": "missing"}),
        ("download", {"run_id": "0" * 32, "path": "a"}),
        ("upload", {"run_id": "0" * 32, "path": "a"}),
    ]:
        answer = presigned(direct, direction, **body)
        got = (answer.status_code, answer.json()["error_code"])
        assert got == (404, "RESOURCE_DOES_NOT_EXIST"), body
    for direction, body in [
        ("download", {"run_id": run_id, "path": "a", "expiration": 0}),
        ("download", {"run_id": run_id, "path": "a", "expiration": 604_801}),
        ("download", {"run_id": run_id, "path": "../a"}),
        ("upload", {"run_id": run_id, "path": "../a"}),
        ("upload", {"path": "a"}),
    ]:
        answer = presigned(direct, direction, **body)
        got = (answer.status_code, answer.json()["error_code"])
        assert got == (400, "INVALID_PARAMETER_VALUE"), body


def test_a_signed_url_expires(direct):
    _, run_id = new_run(direct)
    signed = presigned(direct, "upload", run_id=run_id, path="a.bin", expiration=1).json()
    time.sleep(2.5)
    answer = requests.put(signed["presigned_url"], data=b"x", headers=signed["headers"], timeout=60)
    assert answer.status_code == 403


def test_only_what_lies_below_the_root_is_read(our_direct, store):
    """The server's credentials reach more than its clients may."""
    secret = store.buckets / BUCKET / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "a.txt").write_text("secret")
    for number, location in enumerate(
        [
            f"s3://{BUCKET}/secret",
            f"s3://{BUCKET}/{our_direct.prefix_in_bucket}2",
            "s3://other/secret",
        ]
    ):
        client = MlflowClient(tracking_uri=our_direct.url)
        experiment = client.create_experiment(f"outside-{number}", artifact_location=location)
        run_id = client.create_run(experiment).info.run_id
        params = {"run_id": run_id, "path": "a.txt"}
        assert (
            requests.get(f"{our_direct.url}/get-artifact", params=params, timeout=60).status_code
            == 501
        )
        for direction in ["upload", "download"]:
            answer = presigned(our_direct, direction, **params)
            assert answer.status_code == 501, answer.text


@pytest.fixture
def start(store, tmp_path):
    """Starts a server with a part of the bucket of its own, and other variables than usual."""
    servers = []

    def start(**variables) -> MlflowServer:
        prefix = f"other/{tmp_path.name}"
        arguments = ["--artifacts-destination", f"s3://{BUCKET}/{prefix}"]
        server = MlflowServer("ferroflow", tmp_path, arguments, store.variables | variables)
        server.prefix_in_bucket = prefix
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


def test_a_store_that_is_not_there_is_said_to_be_so(start):
    server = start(MLFLOW_S3_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}")
    url = f"{server.url}{FILES}/artifacts/a.txt"
    for answer in [requests.get(url, timeout=120), requests.put(url, data=b"x", timeout=120)]:
        assert answer.status_code == 503, answer.text
        assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"


def test_the_servers_own_troubles_with_the_store_stay_in_its_log(start):
    server = start(AWS_SECRET_ACCESS_KEY="wrong")
    url = f"{server.url}{FILES}/artifacts"
    for answer in [
        requests.get(f"{url}/a.txt", timeout=60),
        requests.put(f"{url}/a.txt", data=b"x", timeout=60),
        requests.get(url, timeout=60),
        requests.delete(f"{url}/a.txt", timeout=60),
    ]:
        assert answer.status_code == 500, answer.text
        assert answer.json()["error_code"] == "INTERNAL_ERROR"
        assert "ignature" not in answer.text
        assert "other" not in answer.text
    assert "SignatureDoesNotMatch" in server.log


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({"SSL_CERT_FILE": "{authority}"}, 200),
        ({"MLFLOW_S3_IGNORE_TLS": "true"}, 200),
        ({}, 503),
    ],
)
def test_a_store_that_encrypts_is_trusted_only_with_reason(
    start, store, tmp_path, variables, status
):
    authority = new_certificate(tmp_path, "authority")
    certificate = new_certificate(tmp_path, "store", authority)
    known = str(authority.certificate)
    variables = {name: text.format(authority=known) for name, text in variables.items()}
    with EncryptedLine(store.port, certificate) as line:
        server = start(MLFLOW_S3_ENDPOINT_URL=line.url, **variables)
        url = f"{server.url}{FILES}/artifacts/encrypted.txt"
        assert requests.put(url, data=b"text", timeout=120).status_code == status
        answer = requests.get(url, timeout=120)
        assert (answer.status_code, answer.text == "text") == (status, status == 200)


def test_without_credentials_nothing_is_signed(start):
    """As for a bucket that anybody may read."""
    server = start(AWS_SKIP_SIGNATURE="true")
    capabilities = info(server)
    assert capabilities["multipart_uploads_enabled"] is False
    assert capabilities["multipart_downloads_enabled"] is False
    body = {"path": "a.bin", "num_parts": 1}
    begun = requests.post(f"{server.url}{FILES}/mpu/create/dir", json=body, timeout=60)
    unsupported = "is not supported for the current artifact repository"
    got = (begun.status_code, begun.json()["message"])
    assert got == (501, f"Multipart upload {unsupported}")
    signed = requests.get(f"{server.url}{FILES}/presigned/a.bin", timeout=60)
    got = (signed.status_code, signed.json()["message"])
    assert got == (501, f"Multipart download {unsupported}")


def test_a_tenant_has_its_own_part_of_the_bucket(start, store):
    server = start()
    tenant = f"{server.url}/20260430/aiDataPlatforms/p1/workspaces/w1/mlops"
    client = MlflowClient(tracking_uri=tenant)
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "text", "a.txt")
    assert [file.path for file in client.list_artifacts(run_id)] == ["a.txt"]
    kept = store.objects(server.prefix_in_bucket)
    assert kept == {f".ferroflow-tenants/p1/w1/0/{run_id}/artifacts/a.txt": digest(b"text")}
    others = MlflowClient(tracking_uri=server.url)
    assert others.list_artifacts(others.create_run("0").info.run_id) == []
    hidden = requests.get(f"{server.url}{FILES}/artifacts", timeout=60)
    assert ".ferroflow" not in hidden.text
    path = f".ferroflow-tenants/p1/w1/0/{run_id}/artifacts/a.txt"
    answer = requests.get(f"{server.url}{FILES}/presigned/{path}", timeout=60)
    assert answer.status_code == 400, answer.text
