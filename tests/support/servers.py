"""Starts, watches and stops the built binary."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import requests

from support.certificates import Certificate
from support.network import free_port
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("FERROFLOW_BINARY", ROOT / "target" / "debug" / "ferroflow"))
STOP_TIMEOUT_SECONDS = 60


class Server:
    """One `ferroflow serve` over one database and one data directory; it can be started again."""

    start_timeout_seconds = 120

    def __init__(
        self,
        directory: Path,
        database: str | None = None,
        arguments: tuple = (),
        certificate: Certificate | None = None,
        static_prefix: str = "",
    ):
        self.directory = directory
        self.database = database
        self.arguments = arguments
        self.certificate = certificate
        self.static_prefix = static_prefix
        self.port = free_port()
        self.log_path = directory / "server.log"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}{self.static_prefix}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def command(self) -> list[str]:
        command = [str(BINARY), "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data-dir", str(self.directory / "data")]
        if self.database:
            command += ["--database", self.database]
        if self.certificate:
            command += self.certificate.arguments
        if self.static_prefix:
            command += ["--static-prefix", self.static_prefix]
        return [*command, *self.arguments]

    def environment(self) -> dict[str, str]:
        """What the process finds in its environment: nothing that configures the server."""
        return {k: v for k, v in os.environ.items() if not k.startswith("FERROFLOW_")}

    def spawn(self) -> subprocess.Popen:
        """Starts the process without waiting for it to answer."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment(),
            )
        return self.process

    def start(self) -> "Server":
        """Starts the process and waits until it answers."""
        process = self.spawn()
        deadline = time.monotonic() + self.start_timeout_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"the server exited with {process.returncode}:\n{self.log}")
            if self.is_healthy():
                return self
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"no answer in {self.start_timeout_seconds} s:\n{self.log}")

    def is_healthy(self) -> bool:
        verify = str(self.certificate.certificate) if self.certificate else True
        try:
            answer = requests.get(f"{self.url}/health", timeout=5, verify=verify)
            return answer.status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def wait_for_a_request(self) -> None:
        """Waits until a request is being worked on, which somebody has sent the half of."""
        wait_until(lambda: self._requests_in_flight() > 1, "no request has come")

    def _requests_in_flight(self) -> int:
        """How many there are, the one that asks for it among them."""
        verify = str(self.certificate.certificate) if self.certificate else True
        metrics = requests.get(f"{self.url}/metrics", timeout=30, verify=verify).text
        return int(re.search(r"^ferroflow_http_requests_in_flight (\d+)$", metrics, re.M)[1])

    def ask_to_stop(self) -> None:
        """Asks as a service manager would, and waits until it has been heard."""
        self.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not self.is_healthy(), "it still takes requests")

    def stop(self) -> int:
        """Asks the server to stop, as a service manager would, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends the process without giving it a chance to do anything (kill -9)."""
        self.process.kill()
        self.process.wait()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class ExternalServer:
    """A server that somebody else started, such as the reference to prove the tests against."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")
