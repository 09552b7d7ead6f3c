"""Many clients at once, without the cost of a client library."""

import http.client
import json
import threading
from collections.abc import Callable

JSON = {"content-type": "application/json"}


class Connection:
    """One keep-alive connection that sends JSON and reads whole answers."""

    def __init__(self, port: int, timeout_seconds: float = 120):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)

    def post(self, path: str, body: dict, headers: dict | None = None) -> tuple[int, dict]:
        self.http.request("POST", path, json.dumps(body), {**JSON, **(headers or {})})
        return self.read()

    def get(self, path: str) -> tuple[int, dict]:
        self.http.request("GET", path)
        return self.read()

    def read(self) -> tuple[int, dict]:
        answer = self.http.getresponse()
        content = answer.read()
        return answer.status, json.loads(content)

    def post_and_hang_up(self, path: str, body: dict, headers: dict) -> None:
        """Sends a request and closes the connection without reading the answer."""
        self.http.request("POST", path, json.dumps(body), {**JSON, **headers})
        self.http.close()

    def close(self) -> None:
        self.http.close()


class Clients:
    """Threads that each run one function; what one of them raises is raised at the end."""

    def __init__(self, count: int, work: Callable[[int], None]):
        self.errors: list[BaseException] = []
        self.work = work
        self.threads = [
            threading.Thread(target=self._run, args=(index,), daemon=True) for index in range(count)
        ]

    def _run(self, index: int) -> None:
        try:
            self.work(index)
        except BaseException as error:
            self.errors.append(error)

    def start(self) -> "Clients":
        for thread in self.threads:
            thread.start()
        return self

    def join(self, timeout_seconds: float = 300) -> None:
        for thread in self.threads:
            thread.join(timeout_seconds)
            assert not thread.is_alive(), "a client did not come to an end"
        if self.errors:
            raise self.errors[0]
