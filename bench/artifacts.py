"""Measures what artifacts cost Ferroflow and `mlflow server`: one large file and many small ones.

The client sends and receives with as little work as it can, so that the figures are the server's.
"""

import http.client
import os
import tempfile
import time
from collections.abc import Callable

from processes import cpu_seconds, resident_mebibytes, wait_until_quiet
from targets import Target

MEBIBYTE = 1024 * 1024
LARGE_BYTES = 256 * MEBIBYTE
LARGE_TIMES = 4
SMALL_BYTES = 4096
SMALL_COUNT = 2000
PATH = "/api/2.0/mlflow-artifacts/artifacts/bench"


class Client:
    """One kept-alive connection."""

    def __init__(self, target: Target):
        self.target = target
        self.http = http.client.HTTPConnection("127.0.0.1", target.port, timeout=600)
        self.buffer = bytearray(MEBIBYTE)

    def upload_file(self, name: str, file) -> None:
        """Hands the file to the kernel, as a client in C would."""
        self.http.putrequest("PUT", f"{PATH}/{name}")
        self.http.putheader("content-length", str(os.fstat(file.fileno()).st_size))
        self.http.endheaders()
        file.seek(0)
        self.http.sock.sendfile(file)
        self.finish()

    def upload(self, name: str, content: bytes) -> None:
        self.http.request("PUT", f"{PATH}/{name}", content)
        self.finish()

    def download(self, name: str) -> None:
        self.http.request("GET", f"{PATH}/{name}")
        self.finish()

    def finish(self) -> None:
        answer = self.http.getresponse()
        assert answer.status == 200, answer.read()
        while answer.readinto(self.buffer):
            pass


def measure(client: Client, work: Callable[[], None], count: int, size: int) -> dict:
    """Runs `work`, in which the client moves `count` files of `size` bytes."""
    target = client.target
    wait_until_quiet(target.process.pid)
    # The server may have hung up on the idle connection; the next request opens another.
    client.http.close()
    before, started = cpu_seconds(target.process.pid), time.perf_counter()
    work()
    elapsed = time.perf_counter() - started
    wait_until_quiet(target.process.pid)
    spent = cpu_seconds(target.process.pid) - before
    return {
        "files_per_second": count / elapsed,
        "megabytes_per_second": count * size / elapsed / 1e6,
        "cpu_ms_per_file": spent / count * 1000,
        "cpu_s_per_gigabyte": spent / (count * size) * 1e9,
    }


def measure_large(target: Target) -> dict:
    client = Client(target)
    names = [f"large-{index}" for index in range(LARGE_TIMES)]
    with tempfile.TemporaryFile() as file:
        block = os.urandom(MEBIBYTE)
        for _ in range(LARGE_BYTES // MEBIBYTE):
            file.write(block)
        file.flush()
        client.upload_file("warm-up", file)

        def upload() -> None:
            for name in names:
                client.upload_file(name, file)

        up = measure(client, upload, LARGE_TIMES, LARGE_BYTES)

    def download() -> None:
        for name in names:
            client.download(name)

    down = measure(client, download, LARGE_TIMES, LARGE_BYTES)
    return {"upload of 256 MiB": up, "download of 256 MiB": down}


def measure_small(target: Target) -> dict:
    client = Client(target)
    content = os.urandom(SMALL_BYTES)
    names = [f"small/{index}" for index in range(SMALL_COUNT)]
    client.upload("small/warm-up", content)

    def upload() -> None:
        for name in names:
            client.upload(name, content)

    def download() -> None:
        for name in names:
            client.download(name)

    up = measure(client, upload, SMALL_COUNT, SMALL_BYTES)
    down = measure(client, download, SMALL_COUNT, SMALL_BYTES)
    return {"upload of 4 KiB": up, "download of 4 KiB": down}


def measure_artifacts(target: Target) -> dict:
    try:
        target.start()
        rows = measure_large(target) | measure_small(target)
        memory = resident_mebibytes(target.process.pid)
        return {"rows": rows, "memory_mib": memory}
    finally:
        if target.process:
            target.stop()
        target.remove()


def artifact_table(results: dict[str, dict]) -> str:
    lines = [
        "| operation | server | files/s | MB/s | CPU ms/file | CPU s/GB |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    labels = dict.fromkeys(label for result in results.values() for label in result["rows"])
    for label in labels:
        for name, result in results.items():
            cell = result["rows"][label]
            files, rate = cell["files_per_second"], cell["megabytes_per_second"]
            per_file, per_gigabyte = cell["cpu_ms_per_file"], cell["cpu_s_per_gigabyte"]
            lines.append(
                f"| {label} | {name} | {files:.1f} | {rate:.1f} "
                f"| {per_file:.3f} | {per_gigabyte:.2f} |"
            )
    for name, result in results.items():
        lines.append(f"\nAfter it, {name} had {result['memory_mib']:.0f} MiB of memory.")
    return "\n".join(lines)
