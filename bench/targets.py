"""The servers that are measured."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_SECONDS = 120
RECOVERY_SECONDS = 300
ANSWER_SECONDS = 600

MLFLOW = "/api/2.0/mlflow/"
AIDP = "/20260430/aiDataPlatforms/default/mlops/api/2.0/mlflow/"

OPERATIONS = (
    "runs/create",
    "log-metric",
    "log-batch of 1000 metrics",
    "log-batch of 1000 keys",
    "runs/get",
    "model-versions/get",
)


class Connection:
    """One kept-alive connection to a server."""

    def __init__(self, port: int):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        path = path if path.startswith("/") else MLFLOW + path
        self.http.request(method, path, body, {"content-type": "application/json"})
        answer = self.http.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
        return content

    def post(self, operation: str, message: dict) -> dict:
        return json.loads(self.send("POST", operation, json.dumps(message).encode()))


class Target:
    """A server over an empty directory that is removed at the end."""

    name: str
    # Rows of the table: the row's label, the operation of load.lua, and the path before it.
    rows: tuple[tuple[str, str, str], ...]

    def __init__(self, port: int):
        self.port = port
        self.directory = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def database(self) -> Path:
        raise NotImplementedError

    def start(self) -> float:
        """Starts the server; returns the seconds until it answered."""
        with (self.directory / "server.log").open("ab") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            )
        while time.perf_counter() - started < START_TIMEOUT_SECONDS:
            if self.is_healthy():
                return time.perf_counter() - started
            if self.process.poll() is not None:
                break
            time.sleep(0.001)
        raise RuntimeError(f"{self.name} does not answer; see {self.directory}/server.log")

    def roots(self) -> list[int]:
        """The processes that all others of the server descend from."""
        return [self.process.pid]

    def settle(self) -> None:
        """Does after much was loaded what the server would do by itself, given time."""

    def is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Stops the server and every process that it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def post(self, operation: str, body: dict) -> dict:
        """Prepares a measurement. The reference needs minutes to recover from some loads."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            status, content = self.try_post(MLFLOW + operation, body)
            if status == 200:
                return json.loads(content)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {operation}: {status} {content!r}")
            time.sleep(1)

    def try_post(self, path: str, body: dict) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=RECOVERY_SECONDS)
        try:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Ferroflow(Target):
    name = "ferroflow"
    rows = (
        ("model-versions/create (AIDP)", "model-versions/create", AIDP),
        (
            "model-versions/create (AIDP, retry token)",
            "model-versions/create with retry token",
            AIDP,
        ),
        ("model-versions/create (MLflow)", "model-versions/create", MLFLOW),
        *((operation, operation, MLFLOW) for operation in OPERATIONS),
    )

    def command(self) -> list[str]:
        binary = ROOT / "target" / "release" / "ferroflow"
        data = str(self.directory / "data")
        return [str(binary), "serve", "--port", str(self.port), "--data-dir", data]

    def database(self) -> Path:
        return self.directory / "data" / "ferroflow.db"


class FerroflowOnPostgres(Ferroflow):
    """Ferroflow beside a PostgreSQL of its own, whose processes count too."""

    name = "ferroflow-postgres"

    def command(self) -> list[str]:
        binary = ROOT / "target" / "release" / "ferroflow"
        # What the surroundings use for tests is left alone.
        begin = ["env", "--unset", "FERROFLOW_TEST_POSTGRES", str(ROOT / "scripts/with-postgres")]
        serve = (
            'printf "%s %s" "$FERROFLOW_TEST_POSTGRES_PROCESS" "$FERROFLOW_TEST_POSTGRES" '
            f'>postgres; exec "$0" serve --port {self.port} --data-dir data '
            '--database "$FERROFLOW_TEST_POSTGRES"'
        )
        return [*begin, "sh", "-c", serve, str(binary)]

    def roots(self) -> list[int]:
        return [self.process.pid, int(self.postgres()[0])]

    def settle(self) -> None:
        statement = ["--command", "VACUUM (ANALYZE)"]
        subprocess.run(["psql", "--quiet", *statement, self.postgres()[1]], check=True)

    def postgres(self) -> list[str]:
        """The first process of the database, and its URL."""
        return (self.directory / "postgres").read_text().split()


class Reference(Target):
    name = "reference"
    rows = (
        ("model-versions/create (MLflow)", "model-versions/create", MLFLOW),
        *((operation, operation, MLFLOW) for operation in OPERATIONS),
    )

    def command(self) -> list[str]:
        """`mlflow server` on its defaults: SQLite and four workers."""
        program = Path(sys.executable).parent / "mlflow"
        return [str(program), "server", "--host", "127.0.0.1", "--port", str(self.port)]

    def database(self) -> Path:
        return self.directory / "mlflow.db"


TARGETS: dict[str, type[Target]] = {
    target.name: target for target in (Ferroflow, FerroflowOnPostgres, Reference)
}
