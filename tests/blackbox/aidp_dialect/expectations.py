"""What an error of this dialect looks like."""

import re

import requests

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


def assert_error(answer: requests.Response, status: int, code: str, *mentions: str) -> None:
    """The answer is this error, in Oracle's shape, and its message names what is wrong."""
    assert (answer.status_code, answer.text) == (status, answer.text)
    body = answer.json()
    assert set(body) == {"code", "message"}
    assert body["code"] == code, body
    for mention in mentions:
        assert mention in body["message"], body
    assert answer.headers["content-type"].startswith("application/json")
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])
