"""Starts and stops the real `mlflow server`, the reference of the MLflow dialect."""

import os
import subprocess
import sys
from pathlib import Path

from support.servers import Server

VARIABLES = {
    # No request of the tests is a job, and what would run jobs takes seconds of the processor.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # What MLflow itself requires. Its server would take `httptools` where some other package has
    # brought that along, which reads headers in another way.
    "UVICORN_HTTP": "h11",
    "UVICORN_LOOP": "asyncio",
    "PYTHONWARNINGS": "ignore",
}


class Reference(Server):
    """One `mlflow server` on SQLite with one worker; all that it writes is in `directory`."""

    def command(self) -> list[str]:
        program = Path(sys.executable).parent / "mlflow"
        command = [str(program), "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", f"sqlite:///{self.directory / 'reference.db'}"]
        command += ["--artifacts-destination", str(self.directory / "artifacts")]
        return [*command, "--workers", "1", *self.arguments]

    def environment(self) -> dict[str, str]:
        # A fixed seed, as some of its messages print sets, whose order depends on it.
        return {**super().environment(), **VARIABLES, "PYTHONHASHSEED": "0"}

    def spawn(self) -> subprocess.Popen:
        os.makedirs(self.directory / "artifacts", exist_ok=True)
        return super().spawn()
