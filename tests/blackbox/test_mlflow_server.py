"""`ferroflow server` beside `mlflow server`, started with the same arguments."""

import re
import shutil
import uuid

import pytest
import requests
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, list_artifacts
from support.databases import engines, new_database, query
from support.mlflow_server import PROGRAMS, MlflowServer

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts"
MODES = {
    "default": [],
    "no-serve": ["--no-serve-artifacts"],
    "artifacts-only": ["--artifacts-only"],
    "prefix": ["--static-prefix", "/team/ml", "--x-frame-options", "deny"],
    "local-root": ["--default-artifact-root", "files", "--expose-prometheus", "counters"],
    "open": ["--disable-security-middleware", "--default-artifact-root", "file://{directory}/uri"],
}


def start(program: str, directory, arguments=(), variables=None) -> MlflowServer:
    directory.mkdir(parents=True, exist_ok=True)
    arguments = [argument.format(directory=directory) for argument in arguments]
    return MlflowServer(program, directory, arguments, variables).start()


in_each_mode_that_tracks = pytest.mark.parametrize(
    "both",
    [mode for mode, flags in MODES.items() if "--artifacts-only" not in flags],
    indirect=True,
)


@pytest.fixture(scope="module", params=MODES)
def both(request, tmp_path_factory):
    """The two programs, in the same mode."""
    directory = tmp_path_factory.mktemp(request.param)
    servers = [start(program, directory / program, MODES[request.param]) for program in PROGRAMS]
    yield servers
    for server in servers:
        server.stop()


def facts(server: MlflowServer, method: str, path: str, **options) -> dict:
    """What a client sees of an answer, but for what differs from server to server."""
    answer = requests.request(method, server.url + path, timeout=30, **options)
    frame, sniff = (answer.headers.get(f"x-{name}-options") for name in ("frame", "content-type"))
    if answer.status_code == 403:
        # Ours has the headers on refusals too.
        return {"status": 403, "text": answer.text}
    facts = {"status": answer.status_code, "frame": frame, "sniff": sniff}
    if answer.status_code == 503:
        # Each spells the parameters of a path in its own way.
        facts["text"] = re.sub(r"Endpoint: \S+", "Endpoint:", answer.text)
    elif "experiments/get" in path and answer.ok:
        location = answer.json()["experiment"]["artifact_location"]
        facts["location"] = location.replace(str(server.directory), "")
    elif path.endswith("server-info"):
        facts["store"] = answer.json()["store_type"]
    return facts


QUESTIONS = [
    ("GET", "/health", {}),
    ("GET", "/version", {}),
    ("GET", "/version", {"headers": {"host": "evil.example"}}),
    ("GET", f"{API}/experiments/get?experiment_id=0", {}),
    ("GET", f"{API}/experiments/get?experiment_id=0", {"headers": {"host": "10.1.2.3:80"}}),
    ("GET", f"{API}/experiments/get?experiment_id=0", {"headers": {"host": "evil.example"}}),
    ("POST", f"{API}/experiments/search", {"json": {"max_results": 1}}),
    (
        "POST",
        f"{API}/experiments/search",
        {"json": {"max_results": 1}, "headers": {"origin": "http://evil.example"}},
    ),
    ("GET", f"{API}/runs/get?run_id={'0' * 32}", {}),
    ("GET", f"/get-artifact?run_id={'0' * 32}&path=a", {}),
    ("GET", "/model-versions/get-artifact?name=n&version=1&path=a", {}),
    ("GET", "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=a", {}),
    ("GET", f"{API}/registered-models/search", {}),
    ("GET", f"{FILES}/artifacts", {}),
    ("PUT", f"{FILES}/artifacts/a/b.txt", {"data": b"text"}),
    ("GET", f"{FILES}/artifacts/a/b.txt", {}),
    ("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts/a/b.txt", {}),
    ("GET", f"{FILES}/artifacts?path=a", {}),
    ("DELETE", f"{FILES}/artifacts/a/b.txt", {}),
    ("GET", f"{FILES}/artifacts/a/b.txt", {}),
    ("GET", f"{FILES}/presigned/a", {}),
    ("GET", "/api/3.0/mlflow/server-info", {}),
    ("GET", "/api/3.0/mlflow/workspaces", {}),
]


def test_clients_see_the_same(both):
    is_open = "--disable-security-middleware" in both[0].arguments
    for method, path, options in QUESTIONS:
        ours, theirs = (facts(server, method, path, **options) for server in both)
        if is_open:
            # Ours never lets a browser guess what an artifact is.
            assert ours.pop("sniff") == "nosniff"
            assert theirs.pop("sniff") in (None, "nosniff")
        if path.endswith("workspaces"):
            ours.pop("text"), theirs.pop("text")
        assert ours == theirs, (method, path, options)


def test_the_same_paths_are_there_without_the_prefix(both):
    for path in ["/health", "/version", "/metrics", f"{API}/experiments/get?experiment_id=0"]:
        found = []
        for server in both:
            root = server.url.removesuffix(server.prefix)
            found.append(requests.get(root + path, timeout=30).status_code)
        assert found[0] == found[1], path
    for server in both:
        root = server.url.removesuffix(server.prefix)
        url = f"{root}{FILES}/artifacts/unprefixed.txt"
        written = requests.put(url, data=b"text", timeout=30).status_code
        assert written == (503 if "--no-serve-artifacts" in server.arguments else 200)
        if written == 200:
            assert requests.get(url, timeout=30).text == "text"


def log_and_read(server: MlflowServer) -> dict:
    """A stock client's run with an artifact; answers where its bytes are below the directory."""
    client = MlflowClient(tracking_uri=server.url, registry_uri=server.url)
    run = client.create_run("0", run_name="first")
    client.log_metric(run.info.run_id, "accuracy", 0.5)
    content = uuid.uuid4().hex
    client.log_text(run.info.run_id, content, "notes/a.txt")
    client.set_terminated(run.info.run_id)
    assert client.get_run(run.info.run_id).data.metrics == {"accuracy": 0.5}
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["notes"]
    found = list_artifacts(artifact_uri=f"{run.info.artifact_uri}/notes", tracking_uri=server.url)
    assert [file.path.split("/")[-1] for file in found] == ["a.txt"]
    path = download_artifacts(
        run_id=run.info.run_id, artifact_path="notes/a.txt", tracking_uri=server.url
    )
    with open(path) as file:
        assert file.read() == content
    places = [
        path.relative_to(server.directory).as_posix()
        for path in server.directory.rglob("a.txt")
        if path.read_text() == content
    ]
    return {
        "places": [place.replace(run.info.run_id, "RUN") for place in places],
        "uri": run.info.artifact_uri.replace(run.info.run_id, "RUN").replace(
            str(server.directory), ""
        ),
    }


def read_through_server(server: MlflowServer, run_id: str) -> dict:
    listed = requests.get(
        f"{server.url}{API}/artifacts/list", params={"run_id": run_id, "path": "notes"}, timeout=30
    ).json()
    read = requests.get(
        f"{server.url}/get-artifact", params={"run_id": run_id, "path": "notes/a.txt"}, timeout=30
    )
    return {"files": listed["files"], "status": read.status_code, "length": len(read.content)}


@in_each_mode_that_tracks
def test_a_stock_client_logs_a_run_and_an_artifact(both):
    ours, theirs = (log_and_read(server) for server in both)
    assert ours == theirs
    assert len(ours["places"]) == 1


@in_each_mode_that_tracks
def test_the_server_reads_what_clients_wrote_to_its_root(both):
    seen = []
    for server in both:
        client = MlflowClient(tracking_uri=server.url, registry_uri=server.url)
        run = client.create_run("0")
        run_id = run.info.run_id
        client.log_text(run_id, "0123456789", "notes/a.txt")
        seen.append(read_through_server(server, run_id))
        # From a page, to wherever the run keeps its artifacts.
        uploaded = requests.post(
            f"{server.url}/ajax-api/2.0/mlflow/upload-artifact",
            params={"run_uuid": run_id, "path": "page/b.txt"},
            data=b"text",
            timeout=30,
        )
        assert uploaded.status_code == 200, uploaded.text
        assert [file.path for file in client.list_artifacts(run_id, "page")] == ["page/b.txt"]
        version = client.create_registered_model(f"model-{run_id}")
        version = client.create_model_version(
            version.name, f"{run.info.artifact_uri}/notes", run_id=run_id
        )
        read = requests.get(
            f"{server.url}/model-versions/get-artifact",
            params={"name": version.name, "version": "1", "path": "a.txt"},
            timeout=30,
        )
        assert read.text == "0123456789"
        model = client.create_logged_model("0", name="m", source_run_id=run_id)
        assert model.artifact_location.endswith(f"models/{model.model_id}/artifacts")
    assert seen[0] == seen[1]
    assert seen[0]["status"] == 200


@in_each_mode_that_tracks
def test_nothing_outside_of_the_root_is_read(both, tmp_path):
    """Where the reference reads any file of its machine for whoever asks."""
    server = both[0]
    (tmp_path / "secret.txt").write_text("secret")
    client = MlflowClient(tracking_uri=server.url)
    name = uuid.uuid4().hex
    experiment = client.create_experiment(name, artifact_location=str(tmp_path))
    run = client.create_run(experiment)
    for path in ["secret.txt", "../../secret.txt"]:
        params = {"run_id": run.info.run_id, "path": path}
        read = requests.get(f"{server.url}/get-artifact", params=params, timeout=30)
        assert read.status_code in (400, 501), read.text
        assert "secret" not in read.text.replace(path, "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_server_tracks_and_another_keeps_the_artifacts(program, tmp_path):
    artifacts = start(program, tmp_path / "artifacts", ["--artifacts-only"])
    root = artifacts.url.replace("http://", "mlflow-artifacts://")
    arguments = ["--no-serve-artifacts", "--default-artifact-root", f"{root}/shared"]
    tracking = start(program, tmp_path / "tracking", arguments)
    try:
        client = MlflowClient(tracking_uri=tracking.url)
        run = client.create_run("0")
        assert run.info.artifact_uri == f"{root}/shared/0/{run.info.run_id}/artifacts"
        client.log_text(run.info.run_id, "text", "a.txt")
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["a.txt"]
        path = f"mlartifacts/shared/0/{run.info.run_id}/artifacts/a.txt"
        assert (artifacts.directory / path).read_text() == "text"
    finally:
        tracking.stop()
        artifacts.stop()


def test_variables_say_what_flags_say(tmp_path):
    variables = {
        "MLFLOW_STATIC_PREFIX": "/v",
        "MLFLOW_SERVE_ARTIFACTS": "false",
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": "kept",
        "MLFLOW_BACKEND_STORE_URI": "sqlite:///kept.db",
        "MLFLOW_WORKERS": "1",
    }
    seen = []
    for program in PROGRAMS:
        server = start(program, tmp_path / program, [], variables)
        try:
            path = f"{server.url}{API}/experiments/get?experiment_id=0"
            experiment = requests.get(path, timeout=30).json()["experiment"]
            location = experiment["artifact_location"].replace(str(server.directory), "")
            files = requests.get(f"{server.url}{FILES}/artifacts", timeout=30).status_code
            seen.append((location, files, (server.directory / "kept.db").exists()))
        finally:
            server.stop()
    assert seen[0] == seen[1] == ("/kept/0", 503, True)


@pytest.mark.parametrize("both", ["default"], indirect=True)
def test_a_location_keeps_its_query_at_the_end(both):
    for server in both:
        client = MlflowClient(server.url, server.url)
        experiment = client.create_experiment("queried", "mlflow-artifacts:/queried?x=1")
        run_id = client.create_run(experiment).info.run_id
        run = client.get_run(run_id)
        assert run.info.artifact_uri == f"mlflow-artifacts:/queried/{run_id}/artifacts?x=1"
        client.log_text(run_id, "text", "notes/a.txt")
        url = f"{server.url}{API}/artifacts/list"
        listed = requests.get(url, params={"run_id": run_id, "path": "notes"}, timeout=30).json()
        assert [file["path"] for file in listed["files"]] == ["notes/a.txt"]
        if server.program == "mlflow":
            # It does not find its own address behind the source of a version.
            continue
        client.create_registered_model("queried")
        client.create_model_version("queried", f"runs:/{run_id}/notes", run_id=run_id)
        url = f"{server.url}/model-versions/get-artifact"
        params = {"name": "queried", "version": "1", "path": "a.txt"}
        assert requests.get(url, params=params, timeout=30).text == "text"


def test_sources_of_versions_match_what_the_operator_says(tmp_path):
    variables = {
        "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": r"^s3://(\w+-)?models/|^models:/m/\d",
    }
    prompt = {"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    bodies = [
        {"source": "s3://models/a"},
        {"source": "s3://my-models/a"},
        {"source": "s3://others/s3://models/"},
        {"source": "S3://models/a"},
        {"source": "models:/m/1"},
        {"source": "models:/m@champion"},
        {"source": "dummy-source", **prompt},
        {"source": "file:///etc"},
        {"source": ""},
        {},
    ]
    seen = []
    for program in PROGRAMS:
        server = start(program, tmp_path / program, [], variables)
        try:
            client = MlflowClient(server.url, server.url)
            client.create_registered_model("m")
            url = f"{server.url}{API}/model-versions/create"
            answers = [
                requests.post(url, json={"name": "m", **body}, timeout=30) for body in bodies
            ]
            seen.append([(answer.status_code, answer.json().get("message")) for answer in answers])
            if program == "ferroflow":
                url = url.replace("/api/", "/20260430/aiDataPlatforms/default/mlops/api/")
                oracle = [
                    requests.post(url, json={"name": "m", "source": source}, timeout=30)
                    for source in ("s3://models/b", "s3://others/b")
                ]
        finally:
            server.stop()
    assert seen[0] == seen[1]
    assert [status for status, _ in seen[0][:4]] == [200, 200, 400, 400]
    assert [answer.status_code for answer in oracle] == [200, 400]
    assert "Invalid model version source" in oracle[1].text


@pytest.mark.parametrize("both", ["prefix"], indirect=True)
def test_a_database_of_mlflow_is_refused_and_left_as_it_is(both, tmp_path):
    """The file of a real `mlflow server`, by its default name and by a flag."""
    copy = tmp_path / "mlflow.db"
    shutil.copy(both[1].directory / "mlflow.db", copy)
    before = copy.read_bytes()
    for arguments in [[], ["--backend-store-uri", "sqlite:///mlflow.db"]]:
        server = MlflowServer("ferroflow", tmp_path, arguments)
        assert server.spawn().wait(60) == 1
        assert "MLflow" in server.log.splitlines()[-1]
        assert copy.read_bytes() == before
        left = {path.name for path in tmp_path.iterdir()} - {"server.log"}
        assert left <= {"mlflow.db"}, left


@pytest.mark.parametrize("engine", sorted(set(engines()) - {"sqlite"}), indirect=True)
def test_a_postgres_database_of_mlflow_is_refused(engine, tmp_path):
    url = new_database(engine, tmp_path)
    query(url, "CREATE TABLE alembic_version (version_num text); CREATE TABLE experiments (id int)")
    uri = url.replace("postgres://", "postgresql+psycopg2://")
    server = MlflowServer("ferroflow", tmp_path, ["--backend-store-uri", uri])
    assert server.spawn().wait(60) == 1
    assert "was made by MLflow" in server.log
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert query(url, tables) == "2"
