"""Ports on the loopback interface."""

import contextlib
import random
import socket
import ssl
import threading

from support.certificates import Certificate

# Below the range from which Linux takes the ports of outgoing connections, so that a port that was
# free a moment ago is not taken by a client of some other test.
PORTS = range(21000, 32000)
# Sockets that keep the ports which this process has given out from all others that ask here, also
# while the server that has the port is not there yet, or is being started again.
claims: list[socket.socket] = []


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, and that nobody else is given."""
    for port in random.sample(PORTS, k=100):
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            # Ports of datagrams are others than those of streams, and of no use to a server here.
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        claims.append(claim)
        return port
    raise RuntimeError("no free port on 127.0.0.1")


class EncryptedLine:
    """A port that takes TLS off what it hears, and passes it on to a port that knows none."""

    def __init__(self, port: int, certificate: Certificate):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> "EncryptedLine":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that does not trust the certificate goes away.
        with contextlib.suppress(OSError), self.context.wrap_socket(connection, True) as client:
            client.settimeout(60)
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                answers = threading.Thread(target=pump, args=[server, client], daemon=True)
                answers.start()
                pump(client, server)
                answers.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Passes on what comes until there is no more."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
