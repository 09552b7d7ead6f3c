"""Paths that no client should send, over the wire, to each operation that takes one."""

import http.client
import json
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest
from support.disk import files_below
from support.servers import ExternalServer

SECRET = b"known to nobody"
PROXY = "/api/2.0/mlflow-artifacts"
UPLOAD_ID = "0" * 32

# As a server reads them once HTTP is done; each is sent encoded one, two and three times as well.
TRICKS = [
    "..",
    "../outside/secret",
    "../../outside/secret",
    "../../../../../../../../etc/passwd",
    "a/..",
    "a/../b",
    "a/../../b",
    "..\\outside\\secret",
    "a\\b",
    "\\\\host\\share",
    "/etc/passwd",
    "//etc/passwd",
    "C:",
    "C:a",
    "C:/a",
    "c:\\a",
    "file:a",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "http://127.0.0.1/a",
    "s3://bucket/a",
    "a#b",
    "#",
    "a?b",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "a\x7fb",
    "./a",
    "a/./b",
    "a/.",
    "a//b",
    "...",
    "..../a",
    "a/.. /b",
    "a/. ",
    "..;/a",
    "a/..;x=1/b",
    ".;/a",
    ".ferroflow-uploads/multipart/x/path",
    ".FERROFLOW-uploads",
    "a/.ferroflow-tenants/p",
    "n" * 256,
    "é" * 128,
    "/".join(["long"] * 206),
    "x" * 17_000,
]
ROOTS = ["", ".", "/", "./", "//", "%2e", "%2f", "%252e", "%252f"]
# What a request line can carry as it is.
PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:;=@!$&'()*+,")


def spellings(trick: str, in_path: bool) -> list[str]:
    spelled = [quote(trick, safe="")]
    for _ in range(2):
        spelled.append(quote(spelled[-1], safe=""))
    if in_path and set(trick) <= PLAIN:
        spelled.append(trick)
    if "." in trick:
        spelled.append(spelled[0].replace(".", "%2e"))
        spelled.append(spelled[0].replace(".", "%252E"))
    return spelled


@pytest.fixture
def outside(server):
    """A directory beside the artifacts that no request may read or change."""
    if isinstance(server, ExternalServer):
        pytest.skip("needs a look at the server's disk")
    directory = server.directory / "data" / "outside"
    directory.mkdir(exist_ok=True)
    (directory / "secret").write_bytes(SECRET)
    return directory


@pytest.fixture
def root(server, outside) -> Path:
    return server.directory / "data" / "artifacts"


class Wire:
    """Sends paths exactly as they are spelled."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, method: str, target: str, body: object = None) -> tuple[int, bytes]:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        self.connection.putheader("content-type", "application/json")
        self.connection.putheader("content-length", str(len(content or b"")))
        self.connection.endheaders(content)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture
def wire(server) -> Wire:
    return Wire(server.port)


@pytest.fixture
def things(client, experiment, root):
    """A run, a version and a logged model that have files, as the parts of queries name them."""
    with mlflow.start_run() as run:
        mlflow.log_text("mine", "a/b")
        logged = mlflow.create_external_model("m")
        uri = run.info.artifact_uri
    name = f"paths-{run.info.run_id[:8]}"
    client.create_registered_model(name)
    version = client.create_model_version(name, uri, run.info.run_id).version
    return {"run": run.info.run_id, "name": name, "version": version, "model": logged.model_id}


def operations(things: dict) -> dict[str, tuple]:
    """Each with a target that lacks the path at its end."""
    run, model = f"run_id={things['run']}", things["model"]
    version = f"name={things['name']}&version={things['version']}"
    models = f"/2.0/mlflow/logged-models/{model}/artifacts"
    part = {"path": "f", "upload_id": UPLOAD_ID, "parts": [{"part_number": 1, "etag": "x"}]}
    uploading = f"?upload_id={UPLOAD_ID}&part_number=1"
    return {
        "get": ("GET", f"{PROXY}/artifacts/", None),
        "head": ("HEAD", f"{PROXY}/artifacts/", None),
        "put": ("PUT", f"{PROXY}/artifacts/", b"x"),
        "delete": ("DELETE", f"{PROXY}/artifacts/", None),
        "list": ("GET", f"{PROXY}/artifacts?path=", None),
        "create": ("POST", f"{PROXY}/mpu/create/", {"path": "f", "num_parts": 1}),
        "complete": ("POST", f"{PROXY}/mpu/complete/", part),
        "abort": ("POST", f"{PROXY}/mpu/abort/", {"path": "f", "upload_id": UPLOAD_ID}),
        "part": ("PUT", f"{PROXY}/mpu/part/", b"x", uploading),
        "presigned": ("GET", f"{PROXY}/presigned/", None),
        "of run": ("GET", f"/get-artifact?{run}&path=", None),
        "of version": ("GET", f"/model-versions/get-artifact?{version}&path=", None),
        "of model": ("GET", f"/ajax-api{models}/files?artifact_file_path=", None),
        "list run": ("GET", f"/api/2.0/mlflow/artifacts/list?{run}&path=", None),
        "list model": ("GET", f"/api{models}/directories?artifact_directory_path=", None),
        "upload": (
            "POST",
            f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={things['run']}&path=",
            b"x",
        ),
    }


def files(directory: Path) -> dict[str, bytes]:
    """What lies below a directory, but for what only the server sees."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in files_below(directory)
        if ".ferroflow-uploads" not in path.parts
    }


def test_no_operation_takes_a_trick(wire, things, root, outside):
    inside = files(root)
    for name, (method, target, body, *rest) in operations(things).items():
        in_path = "?" not in target
        for trick in TRICKS:
            for spelled in spellings(trick, in_path):
                status, answer = wire.send(method, target + spelled + "".join(rest), body)
                case = (name, trick[:40], spelled[:80], status, answer[:200])
                assert status == 400, case
                assert method == "HEAD" or b"path" in answer.lower(), case
                assert SECRET not in answer, case
    assert files(root) == inside
    assert files(outside) == {"secret": SECRET}


def test_the_root_is_never_meant(wire, things, root):
    """Neither deleted nor written, however it is spelled."""
    inside = files(root)
    assert inside
    for name, (method, target, body, *rest) in operations(things).items():
        if name.startswith("list"):
            continue
        for spelled in ROOTS:
            status, answer = wire.send(method, target + spelled + "".join(rest), body)
            assert status in (400, 404), (name, spelled, status, answer)
    # Without the slash this is the path of the list, which has no such method.
    assert wire.send("DELETE", f"{PROXY}/artifacts")[0] == 405
    assert wire.send("DELETE", f"{PROXY}/artifacts?path=")[0] == 405
    assert files(root) == inside


def test_the_local_path_of_an_upload_gives_its_name_only(wire, root):
    for local, status in [
        ("/etc/passwd", 200),
        ("../../up.bin", 200),
        (r"C:\Users\me\up.bin", 200),
        ("..", 400),
        ("a/..", 400),
        ("%2e%2e", 400),
        ("", 400),
        ("a/", 400),
        ("a#b", 400),
        ("a\0b", 400),
        ("n" * 256, 400),
    ]:
        body = {"path": local, "num_parts": 1}
        answer = wire.send("POST", f"{PROXY}/mpu/create/uploads", body)
        assert answer[0] == status, (local, answer)
        if status == 200:
            url = json.loads(answer[1])["credentials"][0]["url"]
            assert f"{PROXY}/mpu/part/uploads/" in url, local
    assert not (root / "uploads").exists()


def test_links_lead_nowhere_outside(wire, things, root, outside):
    directory = root / "links"
    directory.mkdir(exist_ok=True)
    for name, target in [
        ("absolute", outside),
        ("climbing", "../../outside"),
        ("file", outside / "secret"),
        ("loop", "loop"),
        ("up", ".."),
    ]:
        (directory / name).symlink_to(target)
    refused = (400, 404)
    for path in ("absolute/secret", "climbing/secret", "file", "loop", "loop/x"):
        status, answer = wire.send("GET", f"{PROXY}/artifacts/links/{path}")
        assert (status in refused, SECRET in answer) == (True, False), path
    for path in ("absolute/new", "climbing/new", "loop/new", "absolute/a/b/new"):
        assert wire.send("PUT", f"{PROXY}/artifacts/links/{path}", b"x")[0] in refused, path
    for path in ("absolute/secret", "climbing/secret"):
        wire.send("DELETE", f"{PROXY}/artifacts/links/{path}")
    for path in ("absolute", "climbing"):
        status, answer = wire.send("GET", f"{PROXY}/artifacts?path=links/{path}")
        assert b"secret" not in answer, path
    created = wire.send("POST", f"{PROXY}/mpu/create/links/absolute", {"path": "new"})
    upload = json.loads(created[1])
    part = {"path": "new", "upload_id": upload["upload_id"]}
    url = upload["credentials"][0]["url"]
    wire.send("PUT", url[url.index("/api/") :], b"x")
    part["parts"] = [{"part_number": 1, "etag": "x"}]
    assert wire.send("POST", f"{PROXY}/mpu/complete/links/absolute", part)[0] in refused
    # A file takes the place of a link, and a link can be deleted; what it led to stays.
    assert wire.send("PUT", f"{PROXY}/artifacts/links/file", b"new")[0] == 200
    assert wire.send("DELETE", f"{PROXY}/artifacts/links")[0] == 200
    assert not directory.exists()
    assert files(outside) == {"secret": SECRET}


@pytest.mark.parametrize(
    "name",
    ["a.", "a..", "..a", "a;b", "a b", "a+b", "100%25", "a%2520b", ".hidden", "at:noon", "é" * 127],
)
def test_what_is_merely_odd_is_kept(wire, root, name):
    target = f"{PROXY}/artifacts/odd/{quote(name, safe='%')}"
    assert wire.send("PUT", target, name.encode())[0] == 200
    assert wire.send("GET", target) == (200, name.encode())
    assert wire.send("DELETE", target)[0] == 200
    assert wire.send("GET", target)[0] == 404
