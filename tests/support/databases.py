"""Fresh databases for one server each, on both engines."""

import os
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit

POSTGRES_VARIABLE = "FERROFLOW_TEST_POSTGRES"


def engines() -> list[str]:
    """The engines that can be tested here."""
    return ["sqlite", "postgres"] if os.environ.get(POSTGRES_VARIABLE) else ["sqlite"]


def new_database(engine: str, directory: Path) -> str:
    """The value of `--database` for a database that nobody has used yet."""
    if engine == "sqlite":
        return f"sqlite:{directory / 'ferroflow.db'}"
    administration = os.environ[POSTGRES_VARIABLE]
    name = f"blackbox_{uuid.uuid4().hex}"
    query(administration, f"CREATE DATABASE {name}")
    return urlsplit(administration)._replace(path=f"/{name}").geturl()


def query(postgres_url: str, sql: str) -> str:
    """Runs SQL through psql and returns what it prints, unadorned."""
    finished = subprocess.run(
        ["psql", postgres_url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql],
        check=True,
        capture_output=True,
        text=True,
    )
    return finished.stdout.strip()
