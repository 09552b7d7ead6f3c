"""The server speaks HTTPS: handshakes, certificates and their renewal, mistakes at the start."""

import http.client
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import mlflow
import pytest
import requests
from cryptography import x509
from support.certificates import Certificate, new_certificate
from support.databases import new_database
from support.servers import BINARY, STOP_TIMEOUT_SECONDS, Server
from support.waiting import wait_until

PATIENCE_SECONDS = 2
HANDSHAKES = [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00"]
WITHOUT_ENCRYPTION = [b"G", b"GET / HT"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def server(engine, certificate, tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    database = new_database(engine, directory)
    patience = ("--idle-timeout-seconds", str(PATIENCE_SECONDS))
    running = Server(directory, database, patience, certificate).start()
    yield running
    running.stop()


def test_a_client_that_trusts_the_certificate_is_served(server, certificate):
    assert f"listens on {server.url}" in server.log
    assert server.url.startswith("https://")
    trust = {"timeout": 30, "verify": str(certificate.certificate)}
    api = f"{server.url}/api/2.0/mlflow/experiments"
    made = requests.post(f"{api}/create", json={"name": "kept"}, **trust)
    found = requests.get(f"{api}/get", params=made.json(), **trust)
    assert found.json()["experiment"]["name"] == "kept"


def test_a_client_that_does_not_trust_it_is_not(server):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.url}/health", timeout=30)


def test_the_stock_mlflow_client(server, certificate, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate.certificate))
    client = mlflow.MlflowClient(server.url, server.url)
    run = client.create_run(client.create_experiment("over tls"))
    client.log_metric(run.info.run_id, "loss", 0.5)
    (tmp_path / "file.txt").write_text("content")
    client.log_artifact(run.info.run_id, str(tmp_path / "file.txt"))
    client.create_registered_model("encrypted")
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
    fetched = client.download_artifacts(run.info.run_id, "file.txt", str(tmp_path / "fetched"))
    assert Path(fetched).read_text() == "content"


def test_parts_of_uploads_are_sent_encrypted(server, certificate, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate.certificate))
    # Parts are sent without the client's own settings, so its environment has to trust the server.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    client = mlflow.MlflowClient(server.url, server.url)
    run = client.create_run(client.create_experiment("parts over tls"))
    (tmp_path / "file.txt").write_text("content")
    client.log_artifact(run.info.run_id, str(tmp_path / "file.txt"))
    metrics = requests.get(f"{server.url}/metrics", timeout=30, verify=str(certificate.certificate))
    assert 'operation="uploadPart",status="200"' in metrics.text
    assert client.list_artifacts(run.info.run_id)[0].file_size == len("content")


def test_tls_1_2_and_1_3_and_http_1_1(server, certificate):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=certificate.certificate)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2", "http/1.1"])
        with connect(server, context) as stream:
            assert stream.selected_alpn_protocol() == "http/1.1"
            assert ask(stream).startswith(b"HTTP/1.1 200")


def test_a_request_without_encryption_is_refused_in_words(server):
    plain = f"http://127.0.0.1:{server.port}"
    answer = requests.get(f"{plain}/health", timeout=30)
    assert (answer.status_code, answer.text) == (400, "This port speaks HTTPS only.\n")
    assert answer.headers["connection"] == "close"
    answer = requests.post(
        f"{plain}/api/2.0/mlflow/experiments/create", json={"name": "plain"}, timeout=30
    )
    assert answer.status_code == 400
    assert server.is_healthy()


def begin(server: Server, beginnings: list[bytes]) -> list[socket.socket]:
    """Several clients for each beginning, who say that and fall silent."""
    silent = []
    for said in beginnings * 5:
        silent.append(socket.create_connection(("127.0.0.1", server.port)))
        silent[-1].sendall(said)
    return silent


def test_a_slow_handshake_comes_to_an_end(server):
    silent = begin(server, HANDSHAKES + WITHOUT_ENCRYPTION)
    assert server.is_healthy()
    for stream in silent:
        stream.settimeout(60)
        while stream.recv(1000):
            pass
        stream.close()


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x00\x05hello", b"\x16" * 20000, b"\x00" * 500])
def test_a_broken_handshake_hurts_nobody(server, said):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as stream:
        try:
            stream.sendall(said)
            while stream.recv(1000):
                pass
        except ConnectionError:
            pass
    assert server.is_healthy()
    assert "panicked" not in server.log


def test_slow_handshakes_block_nobody_and_no_stop(certificate, tmp_path):
    # The server would wait longer for them than the test waits for the server.
    seconds = str(10 * STOP_TIMEOUT_SECONDS)
    patience = ("--idle-timeout-seconds", seconds, "--shutdown-grace-seconds", seconds)
    server = Server(tmp_path, arguments=patience, certificate=certificate).start()
    streams = begin(server, HANDSHAKES)
    assert server.is_healthy()
    assert server.stop() == 0
    for stream in streams:
        stream.close()


def test_requests_in_flight_are_answered_before_it_stops(certificate, tmp_path):
    server = Server(tmp_path, certificate=certificate).start()
    context = ssl.create_default_context(cafile=certificate.certificate)
    body = b'{"name": "in flight"}'
    client = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
    client.putrequest("POST", "/api/2.0/mlflow/experiments/create")
    client.putheader("content-type", "application/json")
    client.putheader("content-length", str(len(body)))
    client.endheaders(body[:5])
    server.wait_for_a_request()
    server.ask_to_stop()
    client.send(body[5:])
    assert client.getresponse().status == 200
    assert server.process.wait(STOP_TIMEOUT_SECONDS) == 0


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path):
    certificate = new_certificate(tmp_path)
    server = Server(tmp_path, certificate=certificate).start()
    first = certificate.serial_number
    trusting_first = ssl.create_default_context(cafile=certificate.certificate)
    with connect(server, trusting_first) as kept:
        assert serial_number(server) == first
        # One of two files is not a pair.
        renewed = new_certificate(tmp_path, "renewed")
        shutil.copy(renewed.certificate, certificate.certificate)
        wait_until(lambda: "still shown the old certificate" in server.log)
        assert serial_number(server) == first
        shutil.copy(renewed.key, certificate.key)
        wait_until(lambda: serial_number(server) == renewed.serial_number)
        wait_until(lambda: "new certificate" in server.log)
        assert server.is_healthy()
        assert ask(kept).startswith(b"HTTP/1.1 200")
    assert server.stop() == 0


def broken(certificate: Certificate, directory) -> dict[str, tuple[tuple, list[str]]]:
    """Arguments that cannot work, with what must be said of each."""
    pem, key = str(certificate.certificate), str(certificate.key)
    other = str(new_certificate(directory, "other").key)
    absent, garbage = str(directory / "absent.pem"), str(directory / "garbage.pem")
    (directory / "garbage.pem").write_text("not PEM at all")
    cut = str(directory / "cut.pem")
    (directory / "cut.pem").write_text(certificate.key.read_text().splitlines()[0] + "\nTUlH\n")
    odd = str(directory / "odd.pem")
    (directory / "odd.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    )
    odd_key = str(directory / "odd.key")
    (directory / "odd.key").write_text(
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    )

    def both(certificate: str, key: str) -> tuple:
        return ("--tls-cert", certificate, "--tls-key", key)

    return {
        "only the certificate": (("--tls-cert", pem), ["tls-cert", "tls-key", "both"]),
        "only the key": (("--tls-key", key), ["tls-cert", "tls-key", "both"]),
        "no certificate": (both(absent, key), [f"cannot read {absent}"]),
        "no key": (both(pem, absent), [f"cannot read {absent}"]),
        "a directory": (both(str(directory), key), [f"cannot read {directory}"]),
        "garbage as certificate": (both(garbage, key), [f"{garbage} holds no certificate in PEM"]),
        "the key as certificate": (both(key, key), [f"{key} holds no certificate in PEM"]),
        "garbage as key": (both(pem, garbage), [f"{garbage} holds no unencrypted private key"]),
        "the certificate as key": (both(pem, pem), [f"{pem} holds no unencrypted private key"]),
        "half a key": (both(pem, cut), [f"{cut} holds no unencrypted", "has no end"]),
        "an odd certificate": (both(odd, key), [f"{odd} holds a certificate that cannot be used"]),
        "an odd key": (both(pem, odd_key), [f"{odd_key} holds a private key that cannot be used"]),
        "another key": (both(pem, other), [other, "is not that of the certificate in", pem]),
    }


def test_a_start_that_cannot_work_names_the_file_and_the_mistake(certificate, tmp_path):
    for case, (arguments, wanted) in broken(certificate, tmp_path).items():
        finished = subprocess.run(
            [str(BINARY), "serve", "--port", "0", "--data-dir", str(tmp_path / "data"), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert finished.returncode == 1, case
        for text in wanted:
            assert text in finished.stderr, (case, finished.stderr)
        assert "PRIVATE KEY-" not in finished.stderr, case
        # Nothing was made for a server that never was.
        assert not (tmp_path / "data").exists(), case


def test_the_files_can_be_named_in_the_environment_and_in_the_file(certificate, tmp_path):
    command = [str(BINARY), "config"]
    environment = {
        "FERROFLOW_TLS_CERT": str(certificate.certificate),
        "FERROFLOW_TLS_KEY": str(certificate.key),
    }
    printed = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert f'tls-cert = "{certificate.certificate}"  # environment' in printed.stdout
    (tmp_path / "ferroflow.toml").write_text(printed.stdout)
    printed = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={}, check=True
    )
    assert f'tls-key = "{certificate.key}"  # ferroflow.toml' in printed.stdout


def connect(server: Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def ask(stream: ssl.SSLSocket) -> bytes:
    stream.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return stream.recv(1000)


def serial_number(server: Server) -> int:
    shown = ssl.get_server_certificate(("127.0.0.1", server.port), timeout=30)
    return x509.load_pem_x509_certificate(shown.encode()).serial_number
