"""Ports on the loopback interface."""

import random
import socket

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
