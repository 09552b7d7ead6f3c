"""Ports on the loopback interface."""

import random
import socket

# Below the range from which Linux takes the ports of outgoing connections, so that a port that was
# free a moment ago is not taken by a client of some other test.
PORTS = range(21000, 32000)


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on."""
    for port in random.sample(PORTS, k=100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1")
