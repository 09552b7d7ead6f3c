"""A line to a server on which requests and answers get lost when a test wants it."""

import http.client
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.http import TIMEOUT_SECONDS

# What belongs to one connection is not passed on to the other.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Fault(Enum):
    """What happens to a request on its way, or to its answer."""

    REQUEST_LOST = "the server never sees the request"
    ANSWER_LOST = "the server has done its work, and the client hears nothing of it"
    ANSWER_CUT = "the client hears half of the answer's body"


@dataclass
class Exchange:
    """A request as the client sent it, and what the server answered, whether it arrived or not."""

    path: str
    headers: dict[str, str]
    fault: Fault | None
    status: int | None = None
    answer_headers: dict[str, str] | None = None
    answer: bytes = b""


class Proxy:
    """Passes requests on to a port of this machine; the next ones can be told to fail."""

    def __init__(self, port: int):
        self.port = port
        self.faults: deque[Fault] = deque()
        self.exchanges: list[Exchange] = []
        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.listener.daemon_threads = True
        self.thread = threading.Thread(target=self.listener.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.server_port}"

    def __enter__(self) -> "Proxy":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.shutdown()
        self.listener.server_close()

    def fail_next(self, *faults: Fault) -> None:
        """The next requests meet these faults, one each; those after them none."""
        self.exchanges.clear()
        self.faults = deque(faults)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = TIMEOUT_SECONDS

            def do_GET(self) -> None:
                proxy._serve(self)

            do_POST = do_GET

            def log_message(self, *_) -> None:
                """Nobody reads it."""

        return Handler

    def _serve(self, client: BaseHTTPRequestHandler) -> None:
        body = client.rfile.read(int(client.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in client.headers.items()}
        fault = self.faults.popleft() if self.faults else None
        exchange = Exchange(client.path, headers, fault)
        self.exchanges.append(exchange)
        if fault is not Fault.REQUEST_LOST:
            self._forward(client.command, exchange, body)
        self._answer(client, exchange)

    def _forward(self, method: str, exchange: Exchange, body: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        headers = {k: v for k, v in exchange.headers.items() if k not in HOP_BY_HOP}
        connection.request(method, exchange.path, body or None, headers)
        answer = connection.getresponse()
        exchange.status, exchange.answer = answer.status, answer.read()
        exchange.answer_headers = {name.lower(): value for name, value in answer.getheaders()}
        connection.close()

    def _answer(self, client: BaseHTTPRequestHandler, exchange: Exchange) -> None:
        if exchange.fault:
            client.close_connection = True
        if exchange.fault in (Fault.REQUEST_LOST, Fault.ANSWER_LOST):
            return
        client.send_response_only(exchange.status)
        for name, value in exchange.answer_headers.items():
            if name not in HOP_BY_HOP:
                client.send_header(name, value)
        client.send_header("content-length", str(len(exchange.answer)))
        client.end_headers()
        whole = len(exchange.answer)
        client.wfile.write(exchange.answer[: whole // 2 if exchange.fault else whole])
