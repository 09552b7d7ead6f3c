"""Fixtures of all black-box tests.

Each test file gets a server of its own for each engine. FERROFLOW_TEST_URL=http://host:port runs
the tests of the MLflow dialect against a server that is already there, `mlflow server` included.
"""

import os
import tempfile
from pathlib import Path

# Before the first import of mlflow: give up soon when a server misbehaves, but not because a busy
# machine is slow; and call nobody else.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "120")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from support.databases import POSTGRES_VARIABLE, engines, new_database
from support.servers import BINARY, ExternalServer, Server

EXTERNAL_URL = os.environ.get("FERROFLOW_TEST_URL")
ENGINES = ["external"] if EXTERNAL_URL else engines()


def pytest_report_header() -> list[str]:
    if EXTERNAL_URL:
        return [f"server under test: {EXTERNAL_URL} (MLflow dialect only)"]
    header = [f"binary under test: {BINARY}; engines: {', '.join(ENGINES)}"]
    if "postgres" not in ENGINES:
        header.append(f"PostgreSQL is NOT tested: {POSTGRES_VARIABLE} is not set; use `make test`")
    return header


def pytest_ignore_collect(collection_path) -> bool | None:
    """Of an external server only the MLflow dialect is known."""
    if EXTERNAL_URL and collection_path.name.startswith("test_"):
        return collection_path.parent.name != "mlflow_dialect"
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keeps the tests that share a server on one worker."""
    if item.path.parent.name == "differential":
        item.add_marker(pytest.mark.xdist_group("differential"))
        return
    engine = item.callspec.params.get("engine", "") if hasattr(item, "callspec") else ""
    file = item.path.relative_to(Path(__file__).parent).with_suffix("")
    item.add_marker(pytest.mark.xdist_group(f"{file}-{engine}"))


@pytest.fixture(scope="session", autouse=True)
def temporary_directory(tmp_path_factory: pytest.TempPathFactory):
    """What clients and servers leave in the temporary directory stays with the tests' files."""
    directory = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", directory)
        patch.setattr(tempfile, "tempdir", directory)
        yield


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine that the server under test uses."""
    return request.param


@pytest.fixture(scope="module")
def server(engine: str, tmp_path_factory: pytest.TempPathFactory):
    """A running server, shared by the tests of one file."""
    if EXTERNAL_URL:
        yield ExternalServer(EXTERNAL_URL)
        return
    directory = tmp_path_factory.mktemp("server")
    running = Server(directory, new_database(engine, directory)).start()
    yield running
    if running.is_running():
        running.stop()
