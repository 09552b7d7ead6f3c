"""A real object store on this machine, which checks signatures: nanio, with a bucket of ours."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from support.network import free_port

BUCKET = "artifacts"
ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
START_TIMEOUT_SECONDS = 60


class ObjectStore:
    """One process over one directory, in which buckets are directories and objects are files."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.port = free_port()
        self.log_path = directory / "store.log"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """By these a server reaches the store."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            # No files of whoever runs the tests.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def start(self) -> "ObjectStore":
        (self.buckets / BUCKET).mkdir(parents=True)
        command = [str(Path(sys.executable).parent / "nanio"), "serve", "--no-access-log"]
        command += ["--data-dir", str(self.buckets), "--host", "127.0.0.1"]
        command += ["--port", str(self.port)]
        keys = {"NANIO_ACCESS_KEY": ACCESS_KEY, "NANIO_SECRET_KEY": SECRET_KEY}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | keys
            )
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(self.url, timeout=5)
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError(f"the object store did not start:\n{self.log_path.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def buckets(self) -> Path:
        return self.directory / "buckets"

    def objects(self, prefix: str) -> dict[str, str]:
        """The keys below a prefix of the bucket, and the digest of each object."""
        root = self.buckets / BUCKET / prefix
        files = (path for path in root.rglob("*") if path.is_file())
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    def unfinished_uploads(self) -> list[str]:
        """What the store keeps of uploads in parts that are not over."""
        kept = self.buckets.glob("**/.nanio/multipart/**/*")
        return sorted(str(path.relative_to(self.buckets)) for path in kept if path.is_file())
