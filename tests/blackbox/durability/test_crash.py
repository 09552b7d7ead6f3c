"""kill -9 in the middle of a write load: what was acknowledged is there afterwards."""

import random
import shutil
import sqlite3
import time
from collections import defaultdict
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

from support.load import Clients, Connection
from support.servers import Server
from support.waiting import wait_until

from .paths import AIDP, MLFLOW

ROUNDS = 20
WRITERS = 16
BATCH_SIZE = 50


class Acknowledged:
    """What the server said it has written in one round, and what it left unanswered."""

    def __init__(self, name: str, run_id: str):
        self.name = name
        self.run_id = run_id
        self.versions: dict[int, str] = {}
        self.unanswered: list[int] = []
        self.steps: set[int] = set()
        self.batches: set[int] = set()

    def create_version(self, connection: Connection, number: int) -> None:
        """Creates a version; the retry token makes it safe to ask again after the crash."""
        body = {"name": self.name, "source": f"s3://{number}"}
        headers = {"opc-retry-token": f"{self.name}-{number}"}
        self.unanswered.append(number)
        status, answer = connection.post(f"{AIDP}/model-versions/create", body, headers)
        assert status == 200, answer
        version = answer["model_version"]
        assert version["source"] == body["source"]
        self.versions[int(version["version"])] = version["source"]
        self.unanswered.remove(number)


def write_until_killed(server: Server, written: Acknowledged, writer: int) -> None:
    """Writes versions, points and batches in turn until the connection breaks."""
    connection = Connection(server.port)
    number = writer
    try:
        while True:
            number += WRITERS
            written.create_version(connection, number)

            point = {"run_id": written.run_id, "key": "m", "value": 1, "timestamp": 1}
            status, answer = connection.post(f"{MLFLOW}/runs/log-metric", {**point, "step": number})
            assert status == 200, answer
            written.steps.add(number)

            metrics = [
                {"key": "batch", "value": index, "timestamp": 1, "step": number}
                for index in range(BATCH_SIZE)
            ]
            status, answer = connection.post(
                f"{MLFLOW}/runs/log-batch", {"run_id": written.run_id, "metrics": metrics}
            )
            assert status == 200, answer
            written.batches.add(number)
    except (OSError, HTTPException, ValueError):
        # The kill: refused, reset, or an answer cut short.
        connection.close()


def begin_round(server: Server, number: int) -> Acknowledged:
    connection = Connection(server.port)
    name = f"model-{number}"
    status, answer = connection.post(f"{MLFLOW}/registered-models/create", {"name": name})
    assert status == 200, answer
    status, answer = connection.post(f"{MLFLOW}/runs/create", {"experiment_id": "0"})
    assert status == 200, answer
    connection.close()
    return Acknowledged(name, answer["run"]["info"]["run_id"])


def resend_unanswered(server: Server, written: Acknowledged) -> None:
    """What a careful client does after a crash: it sends again what it has no answer to."""
    connection = Connection(server.port)
    for number in list(written.unanswered):
        written.unanswered.remove(number)
        written.create_version(connection, number)
    connection.close()


def check_round(server: Server, written: Acknowledged) -> None:
    """There is exactly what was acknowledged, and what is there is whole."""
    connection = Connection(server.port)
    found = stored_versions(connection, written.name)
    assert found == written.versions
    assert sorted(found) == list(range(1, len(found) + 1))
    assert written.steps <= {point["step"] for point in history(connection, written, "m")}
    batches = defaultdict(set)
    for point in history(connection, written, "batch"):
        batches[point["step"]].add(point["value"])
    assert written.batches <= set(batches)
    assert {len(values) for values in batches.values()} <= {BATCH_SIZE}
    connection.close()


def stored_versions(connection: Connection, name: str) -> dict[int, str]:
    condition = quote(f"name = '{name}'")
    status, answer = connection.get(
        f"{MLFLOW}/model-versions/search?filter={condition}&max_results=200000"
    )
    assert status == 200, answer
    assert "next_page_token" not in answer
    versions = answer.get("model_versions", [])
    return {int(version["version"]): version["source"] for version in versions}


def history(connection: Connection, written: Acknowledged, key: str) -> list[dict]:
    status, answer = connection.get(
        f"{MLFLOW}/metrics/get-history?run_id={written.run_id}&metric_key={key}"
    )
    assert status == 200, answer
    return answer.get("metrics", [])


def check_integrity(database: Path, scratch: Path) -> None:
    """Looks at a copy, so that recovering the file stays the server's own work."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for part in database.parent.glob(f"{database.name}*"):
        shutil.copy(part, scratch)
    copy = sqlite3.connect(scratch / database.name)
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
    copy.close()


def test_twenty_kills_lose_nothing(tmp_path):
    database = tmp_path / "ferroflow.db"
    server = Server(tmp_path, f"sqlite:{database}").start()
    rounds = []
    delays = random.Random(26)
    try:
        for number in range(ROUNDS):
            written = begin_round(server, number)
            rounds.append(written)
            clients = Clients(
                WRITERS, lambda index, w=written: write_until_killed(server, w, index)
            ).start()
            # A load that never got going would prove nothing.
            wait_until(lambda w=written: min(len(w.versions), len(w.batches)) > 20)
            time.sleep(delays.uniform(0, 0.3))
            server.kill()
            clients.join()
            check_integrity(database, tmp_path / "copy")
            server.start()
            resend_unanswered(server, written)
            check_round(server, written)
        for written in rounds:
            check_round(server, written)
        assert server.stop() == 0
        check_integrity(database, tmp_path / "copy")
    finally:
        if server.is_running():
            server.kill()
