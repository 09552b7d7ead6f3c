"""Fresh databases for one server each, on both engines."""

import contextlib
import os
import sqlite3
import subprocess
import uuid
from pathlib import Path
from urllib.parse import quote, urlsplit

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


class RowCounts:
    """Tells, again and again, how many rows each table of a server's database holds."""

    def __init__(self, database: str):
        self.session = contextlib.ExitStack()
        if database.startswith("sqlite:"):
            path = quote(database.removeprefix("sqlite:"))
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            self.session.enter_context(contextlib.closing(connection))
            self.select = lambda sql: connection.execute(sql).fetchall()
            names = (
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        else:
            self.select = self.session.enter_context(Psql(database)).select
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        self.tables = [name for (name,) in self.select(names)]

    def now(self) -> dict[str, int]:
        each = (f"SELECT '{table}', count(*) FROM {table}" for table in self.tables)
        return {table: int(rows) for table, rows in self.select(" UNION ALL ".join(each))}

    def close(self) -> None:
        self.session.close()


class Psql(contextlib.AbstractContextManager):
    """One session of psql: starting it costs more than most statements."""

    END = "end of rows"

    def __init__(self, postgres_url: str):
        self.process = subprocess.Popen(
            ["psql", postgres_url, "--no-psqlrc", "--tuples-only", "--no-align", "--quiet"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def select(self, sql: str) -> list[list[str]]:
        self.process.stdin.write(f"{sql};\n\\echo {self.END}\n")
        self.process.stdin.flush()
        lines = iter(self.process.stdout.readline, f"{self.END}\n")
        return [line.rstrip("\n").split("|") for line in lines]

    def __exit__(self, *_) -> None:
        self.process.communicate(timeout=10)
