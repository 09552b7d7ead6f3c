"""Running the server: its own pages, its checks of requests, its command line."""

import os
import sqlite3
import subprocess
import time

import pytest
import requests
from support.databases import POSTGRES_VARIABLE, new_database, query
from support.servers import BINARY, Server


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(BINARY), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
    )


def test_health_and_version(server):
    assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
    version = requests.get(f"{server.url}/version", timeout=30)
    assert version.status_code == 200
    assert version.text.strip()


def test_metrics_count_requests_and_transactions(server):
    requests.post(
        f"{server.url}/api/2.0/mlflow/experiments/create", json={"name": "counted"}, timeout=30
    )
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    assert "experiments/create" in text
    assert 'status="200"' in text
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert any("transaction" in line for line in lines)


def test_a_foreign_host_is_refused(server):
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0",
        headers={"host": "evil.example"},
        timeout=30,
    )
    assert answer.status_code == 403


def test_a_foreign_origin_may_not_write(server):
    def create(origin: str) -> int:
        return requests.post(
            f"{server.url}/api/2.0/mlflow/experiments/create",
            json={"name": f"from {origin}"},
            headers={"origin": origin},
            timeout=30,
        ).status_code

    assert create("https://evil.example") == 403
    assert create(server.url) == 200


def test_answers_forbid_sniffing_and_framing(server):
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_the_start_line_tells_where_and_how(server):
    assert server.url in server.log


def test_two_servers_do_not_share_a_sqlite_file(tmp_path):
    database = f"sqlite:{tmp_path / 'shared.db'}"
    first = Server(tmp_path, database).start()
    (tmp_path / "second").mkdir()
    second = Server(tmp_path / "second", database)
    try:
        code = second.spawn().wait(60)
        assert code != 0
        assert "shared.db" in second.log
        assert "panicked" not in second.log
        assert first.is_healthy()
    finally:
        if second.is_running():
            second.kill()
        first.stop()
    # The first one gone, the file is free.
    second.start()
    assert second.stop() == 0


def test_a_newer_schema_is_refused(tmp_path):
    database = tmp_path / "ferroflow.db"
    server = Server(tmp_path, f"sqlite:{database}").start()
    assert server.stop() == 0
    with sqlite3.connect(database) as connection:
        connection.execute(
            "INSERT INTO ferroflow_migrations (version, name, checksum, applied_ms)"
            " VALUES (999999, 'from the future', 'x', 0)"
        )
    assert server.spawn().wait(60) != 0
    assert "newer" in server.log


def test_the_file_of_another_program_is_left_untouched(tmp_path):
    database = tmp_path / "other.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    before = database.read_bytes()
    server = Server(tmp_path, f"sqlite:{database}")
    assert server.spawn().wait(60) != 0
    assert "another program" in server.log
    assert database.read_bytes() == before


def test_data_is_there_after_a_restart(engine, tmp_path):
    server = Server(tmp_path, new_database(engine, tmp_path)).start()
    api = f"{server.url}/api/2.0/mlflow"
    made = requests.post(f"{api}/experiments/create", json={"name": "kept"}, timeout=30).json()
    assert server.stop() == 0
    server.start()
    found = requests.get(f"{api}/experiments/get", params=made, timeout=30).json()
    assert found["experiment"]["name"] == "kept"
    assert server.stop() == 0


def test_everything_lives_in_the_data_directory_by_default(tmp_path):
    server = Server(tmp_path).start()
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/dir/file.txt"
    assert requests.put(address, data=b"content", timeout=30).status_code == 200
    assert server.stop() == 0
    stored = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert any(path.read_bytes() == b"content" for path in stored)
    assert any(path.read_bytes().startswith(b"SQLite format 3") for path in stored)


def test_an_unreachable_database_is_told_without_its_password(tmp_path):
    server = Server(tmp_path, "postgres://somebody:secretword@127.0.0.1:1/db")
    assert server.spawn().wait(60) != 0
    assert "127.0.0.1" in server.log
    assert "secretword" not in server.log
    assert "panicked" not in server.log


def test_health_asks_the_database(engine, tmp_path):
    if engine != "postgres":
        # SQLite lives in the server's own process: make its file unusable instead.
        server = Server(tmp_path, new_database(engine, tmp_path)).start()
        assert server.is_healthy()
        assert server.stop() == 0
        connection = sqlite3.connect(tmp_path / "ferroflow.db")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()
        return
    database = new_database(engine, tmp_path)
    server = Server(tmp_path, database).start()
    name = database.rsplit("/", 1)[1]
    query(os.environ[POSTGRES_VARIABLE], f"DROP DATABASE {name} WITH (FORCE)")
    deadline = time.monotonic() + 60
    while server.is_healthy() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not server.is_healthy()
    assert server.is_running()
    server.stop()


def test_help_and_version_of_the_command():
    assert "serve" in run("--help").stdout
    serve = run("serve", "--help").stdout
    for flag in ("--host", "--port", "--data-dir", "--database", "--artifacts"):
        assert flag in serve
    assert run("--version").stdout.startswith("ferroflow ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "not-a-port"),
        ("serve", "--nonsense"),
        ("nonsense",),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(arguments, tmp_path):
    finished = run(*arguments)
    assert finished.returncode != 0
    assert arguments[-1] in finished.stderr
    assert "panicked" not in finished.stderr


def test_a_refused_database_is_not_repeated_with_its_password():
    finished = run("serve", "--database", "mysql://somebody:secretword@db.example/x")
    assert finished.returncode != 0
    assert "sqlite:" in finished.stderr
    assert "postgres://" in finished.stderr
    assert "secretword" not in finished.stderr


def test_a_public_address_without_authentication_is_refused(tmp_path):
    finished = run("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path))
    assert finished.returncode != 0
    assert "0.0.0.0" in finished.stderr + finished.stdout


def test_config_prints_what_is_in_force_without_secrets():
    database = "postgres://somebody:secretword@db.example/ferroflow"
    finished = run("config", "--database", database)
    assert finished.returncode == 0, finished.stderr
    assert "db.example" in finished.stdout
    assert "secretword" not in finished.stdout


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(tmp_path):
    file = tmp_path / "ferroflow.toml"
    file.write_text("port = 6001\n")
    assert "6001" in run("config", "--config", str(file)).stdout
    assert "6002" in run("config", "--config", str(file), FERROFLOW_PORT="6002").stdout
    strongest = run("config", "--config", str(file), "--port", "6003", FERROFLOW_PORT="6002").stdout
    assert "6003" in strongest
    assert "6001" not in strongest
    assert "6002" not in strongest
