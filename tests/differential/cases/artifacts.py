"""Artifacts: lists, downloads by each path, uploads, deletion, types, ranges, hostile paths."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

from differential.case import Case, delete, get, post, put
from differential.cases.experiments import created
from differential.cases.model_versions import version
from differential.cases.registered_models import model
from differential.cases.runs import new_run

PROXY = "/api/2.0/mlflow-artifacts"
FILES = f"{PROXY}/artifacts"
OF_RUN = f"{FILES}/${{e}}/${{run}}/artifacts"
UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
TEXT = b"0123456789"
NOWHERE = "00000000000000000000000000000000"


def stored(path: str, content: bytes = TEXT, root: str = OF_RUN) -> Case:
    return put(f"{root}/{quote(path)}", content, label=f"PUT {path}")


def fetched(path: str, root: str = OF_RUN, **headers: str) -> Case:
    return get(f"{root}/{quote(path)}", {"headers": headers})


def of_run(path: object, run: str = "${run}", **headers: str) -> Case:
    return get("/get-artifact", {"headers": headers}, run_uuid=run, path=path)


def populated(name: str, *files: str) -> list[Case]:
    """A run with these files."""
    return [created(name, "e"), new_run(), *(stored(file) for file in files)]


def listed(path: object = None, run: object = "${run}", **query: object) -> Case:
    return get("artifacts/list", run_id=run, path=path, **query)


TREE = ("a.txt", "dir/b.json", "dir/sub/c.bin", "dir/sub/d", "Z.txt", ".hidden", "a b.txt", "é.txt")
LISTED = (
    "", "dir", "dir/", "dir/sub", "dir/sub/", "a.txt", "dir/b.json", "nope", "nope/deep",
    "dir/nope", "a.txt/x", "DIR", " ", "dir//sub", "dir/./sub", "./dir", ".", "..", "dir/..",
    "../", "/", "/dir", "//dir", "dir%2Fsub", "dir%2fsub", "%2e%2e", "%252e%252e", "dir\\sub",
    "C:\\x", "C:/x", "C:x", "file:dir", "file:///dir", "file:/dir", "s3://b/x", "http://h/x", "#",
    "dir#x", "dir?x", "dir;x", "dir\n", "dir\x00", "\x7f", "a b.txt", "é.txt", "~", "x" * 300,
    "x/" * 600,
)  # fmt: skip

LISTS = [
    *populated("artifacts-lists"),
    listed(),
    get(FILES, path="${e}/${run}"),
    *(stored(file) for file in TREE),
    stored("empty.txt", b""),
    listed(),
    *(listed(path) for path in LISTED),
    *(listed(page_token=token) for token in ("", "x", "e30=")),
    *(listed(run=run) for run in (None, "", "nope", NOWHERE)),
    get("artifacts/list", run_uuid="${run}", path="dir"),
    get("artifacts/list", path="dir"),
    get(FILES, path="${e}/${run}/artifacts"),
    get(FILES, path="${e}/${run}/artifacts/"),
    *(get(FILES, path=f"${{e}}/${{run}}/artifacts/{path}") for path in LISTED if path),
    *(
        get(FILES, path=path)
        for path in ("nope", "..", "/", "//", ".", "/etc", "file:///etc", "%2e%2e/x")
    ),
    get(f"{FILES}/", path="${e}/${run}/artifacts"),
]

NAMES = (
    "a.txt", "a.TXT", "a.log", "a.md", "a.rst", "a.csv", "a.tsv", "a.json", "a.jsonl", "a.yaml",
    "a.yml", "a.toml", "a.ini", "a.cfg", "a.conf", "a.py", "a.ipynb", "a.js", "a.mjs", "a.ts",
    "a.css", "a.html", "a.htm", "a.xhtml", "a.xml", "a.svg", "a.png", "a.jpg", "a.jpeg", "a.gif",
    "a.webp", "a.bmp", "a.ico", "a.tiff", "a.mp3", "a.mp4", "a.wav", "a.webm", "a.pdf", "a.zip",
    "a.tar", "a.tar.gz", "a.tgz", "a.gz", "a.bz2", "a.csv.gz", "a.7z", "a.whl", "a.pkl",
    "a.pickle", "a.parquet", "a.npy", "a.npz", "a.pt", "a.pth", "a.onnx", "a.h5", "a.joblib",
    "a.bin", "a.safetensors", "a.sql", "a.sh", "a.r", "a.c", "a.java", "a.docx", "a.xlsx",
    "a.wasm", "a.unknown", "MLmodel", "MLproject", "Dockerfile", "noextension", ".hidden",
    ".hidden.txt", "a.", "a..txt", "a b.txt", "é.txt", "日本.txt", "quo'te.txt", 'dou"ble.txt',
    "semi;colon.txt", "com,ma.txt", "eq=ual.txt", "per%20cent.txt", "plus+.txt", "t~.txt",
    "(a).txt", "[a].txt", "{a}.txt", "a&b.txt", "a@b.txt", "a!b.txt", "a$b.txt", "a*b.txt",
    "a|b.txt", "a<b>.txt",
)  # fmt: skip

TYPES = [
    *populated("artifacts-types"),
    *(
        case
        for name in NAMES
        for case in (stored(f"t/{name}"), fetched(f"t/{name}"), of_run(f"t/{name}"))
    ),
    listed("t"),
]

RANGES = (
    "bytes=0-0", "bytes=0-3", "bytes=5-", "bytes=-3", "bytes=0-", "bytes=9-9", "bytes=9-100",
    "bytes=-10", "bytes=-100", "bytes=0-100", "bytes=10-", "bytes=100-200", "bytes=-0",
    "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "bytes", "bytes=0-1,4-5", "bytes=0-1, -2",
    "bytes=0-3,2-5", "items=0-1", "bytes = 0-1", "BYTES=0-1", "bytes=0-1 ", "0-1", "bytes=0--1",
    "bytes=+1-2", "bytes=1.5-2", "bytes=99999999999999999999-",
)  # fmt: skip
DATES = (
    "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 06 Nov 2099 08:49:37 GMT", "yesterday", "", "0",
)  # fmt: skip

BYTES = [
    *populated("artifacts-bytes", "a.txt", "dir/b.txt"),
    stored("empty.txt", b""),
    stored("bytes.bin", bytes(range(256))),
    *(fetch("bytes.bin") for fetch in (fetched, of_run)),
    *(fetch("a.txt", range=value) for fetch in (fetched, of_run) for value in RANGES),
    *(
        fetch("empty.txt", range=value)
        for fetch in (fetched, of_run)
        for value in ("bytes=0-", "bytes=-1")
    ),
    *(
        fetch("a.txt", **{header: value})
        for fetch in (fetched, of_run)
        for header in ("if-modified-since", "if-unmodified-since")
        for value in DATES
    ),
    *(
        fetch("a.txt", **{header: value})
        for fetch in (fetched, of_run)
        for header in ("if-none-match", "if-match")
        for value in ("*", '"x"', 'W/"x"', '"x", "y"', "x", "")
    ),
    *(
        fetch("a.txt", range="bytes=0-1", **{"if-range": value})
        for fetch in (fetched, of_run)
        for value in (*DATES, '"x"')
    ),
    *(
        replace(fetch(path), method="HEAD")
        for fetch in (fetched, of_run)
        for path in ("a.txt", "empty.txt", "nope", "dir")
    ),
    replace(fetched("a.txt", range="bytes=0-1"), method="HEAD"),
    *(fetched("a.txt", **{"accept-encoding": value}) for value in ("gzip", "identity", "*;q=0")),
]

MISSING = ("nope", "nope/deep", "dir", "dir/", "dir/nope", "a.txt/", "a.txt/x", "", "A.txt")
DOWNLOADS = [
    *populated("artifacts-downloads", "a.txt", "dir/b.txt"),
    stored("empty.txt", b""),
    *(fetch(path) for fetch in (fetched, of_run) for path in ("a.txt", "dir/b.txt", "empty.txt")),
    *(fetch(path) for fetch in (fetched, of_run) for path in MISSING),
    fetched("nope", root=FILES),
    fetched("", root=FILES),
    of_run(None),
    *(of_run("a.txt", run=run) for run in (None, "", "nope", NOWHERE)),
    get("/get-artifact"),
    get("/get-artifact", run_id="${run}", path="a.txt"),
    get("/get-artifact", run_id="", run_uuid="${run}", path="a.txt"),
    get("/get-artifact", run_id=NOWHERE, run_uuid="${run}", path="a.txt"),
    get("/api/2.0/mlflow/get-artifact", run_uuid="${run}", path="a.txt"),
    get("/ajax-api/2.0/mlflow/get-artifact", run_uuid="${run}", path="a.txt"),
    post("/get-artifact", {"run_uuid": "${run}", "path": "a.txt"}),
]

VERSIONED = "/model-versions/get-artifact"
VERSIONS = [
    *populated("artifacts-versions", "m/MLmodel", "m/data/x.bin", "a.txt"),
    model("artifacts-versions"),
    version("artifacts-versions", source="mlflow-artifacts:/${e}/${run}/artifacts/m"),
    version("artifacts-versions", source="runs:/${run}/m", run_id="${run}"),
    version("artifacts-versions", source="s3://b/p"),
    *(
        get(VERSIONED, name="artifacts-versions", version=number, path=path)
        for number in (1, 2)
        for path in ("MLmodel", "data/x.bin", "data", "nope", "", None, "../a.txt", "/etc/passwd")
    ),
    get(VERSIONED, name="artifacts-versions", version=4, path="MLmodel"),
    get(VERSIONED, name="nope", version=1, path="MLmodel"),
    get(VERSIONED, name="artifacts-versions", version="x", path="MLmodel"),
    get(VERSIONED, version=1, path="MLmodel"),
    get(VERSIONED, name="artifacts-versions", path="MLmodel"),
    get(VERSIONED, name="artifacts-versions", version="", path="MLmodel"),
    get(VERSIONED, name="", version=1, path="MLmodel"),
    get(
        VERSIONED,
        {"headers": {"range": "bytes=2-4"}},
        name="artifacts-versions",
        version=1,
        path="MLmodel",
    ),
    get(f"/ajax-api/2.0/mlflow{VERSIONED}", name="artifacts-versions", version=1, path="MLmodel"),
]


def uploaded(body: object, **query: object) -> Case:
    asked = get(UPLOAD, **query)
    label = None if not isinstance(body, bytes) or len(body) < 100 else f"{len(body)} bytes {query}"
    return replace(asked, method="POST", body=body, label=label or "")


UPLOADS = [
    *populated("artifacts-uploads"),
    uploaded(TEXT, run_uuid="${run}", path="a.txt"),
    of_run("a.txt"),
    uploaded(b"again", run_uuid="${run}", path="a.txt"),
    uploaded(TEXT, run_uuid="${run}", path="dir/sub/b.txt"),
    uploaded(b"\x00\xff", run_uuid="${run}", path="c.bin"),
    uploaded({"json": 1}, run_uuid="${run}", path="d.json"),
    of_run("d.json"),
    uploaded(b"", run_uuid="${run}", path="empty.txt"),
    *(uploaded(TEXT, run_uuid=run, path="a.txt") for run in (None, "", "nope", NOWHERE)),
    *(
        uploaded(TEXT, run_uuid="${run}", path=path)
        for path in (None, "", "dir", "dir/", "a.txt/x", "/x", "../x")
    ),
    uploaded(b"x" * (10 * 1024 * 1024), run_uuid="${run}", path="big"),
    uploaded(b"x" * (10 * 1024 * 1024 + 1), run_uuid="${run}", path="big"),
    get(UPLOAD, run_uuid="${run}", path="a.txt"),
    *(stored(path) for path in ("p.txt", "p.txt", "dir", "dir/", "p.txt/x", "deep/er/est.txt", "")),
    stored("p.txt", b"shorter"),
    fetched("p.txt"),
    put(f"{OF_RUN}/json", {"a": 1}),
    put(f"{OF_RUN}/none"),
    put(FILES, TEXT),
    post(f"{OF_RUN}/p.txt", TEXT),
    listed(),
]

DELETING = [
    *populated("artifacts-delete", "a.txt", "dir/b.txt", "dir/sub/c.txt", "keep.txt"),
    delete(f"{OF_RUN}/a.txt"),
    delete(f"{OF_RUN}/a.txt"),
    fetched("a.txt"),
    delete(f"{OF_RUN}/dir/sub"),
    listed("dir"),
    delete(f"{OF_RUN}/dir/"),
    listed(),
    *(
        delete(f"{OF_RUN}/{path}")
        for path in ("nope", "nope/deep", "keep.txt/x", "..", "%2e%2e", "%2Fetc", "x%23y")
    ),
    delete(FILES),
    delete(f"{FILES}/${{e}}/${{run}}"),
    listed(),
]

MULTIPART = [
    *populated("artifacts-multipart", "a.txt"),
    *(
        post(f"{PROXY}/mpu/{step}/${{e}}/${{run}}/artifacts/{path}", body)
        for step, bodies in (
            ("complete", ({}, {"path": "big.bin", "upload_id": "nope", "parts": []})),
            ("abort", ({}, {"path": "big.bin", "upload_id": "nope"})),
        )
        for path in ("big.bin", "%2e%2e/x")
        for body in bodies
    ),
    *(
        post(f"{PROXY}/mpu/create/${{e}}/${{run}}/artifacts/{path}", body)
        for path in ("big.bin", "%2e%2e/x")
        for body in (
            {},
            {"path": "big.bin"},
            {"path": "big.bin", "num_parts": 0},
            {"path": "x", "num_parts": "x"},
        )
    ),
    get(f"{PROXY}/mpu/create/x"),
    get(f"{PROXY}/presigned/${{e}}/${{run}}/artifacts/a.txt"),
    get(f"{PROXY}/presigned/%2e%2e/a.txt"),
]

# As they are decoded once: as parts of a path they are sent with what a URL cannot hold encoded.
HOSTILE = (
    "..", "../x", "x/..", "x/../y", "x/../../y", "../../../../etc/passwd", "%2e%2e", "%2e%2e/x",
    "%2E%2E%2Fx", "..%2fx", "%252e%252e%252fx", "%25252e%25252e%25252fx", "..%5cx", "%2e%2e%5cx",
    "..\\x", "x\\y", "\\x", "x\\..\\y", "C:", "C:x", "C:/x", "C:\\x", "c:/x", "\\\\host\\x", "/x",
    "//x", "/etc/passwd", "%2fx", "%252fx", "file:x", "file:/x", "file:///etc/passwd",
    "file://h/x", "FILE:///x", "s3://b/x", "http://h/x", "data:x", ".", "./x", "x/.", "x/./y",
    "x//y", "x/", "~", "~root", "$HOME", "#", "x#y", "%23", "x%23y", "x%2523y", "?", "x?y",
    "x%3Fy", "x;y", "x%3By", "x\ny", "x%0Ay", "x\ty", "x\x00y", "x%00y", "x%2500y", "\x7f", "\x01",
    "x\ry", " ", " x", "x ", "...", "....", "..x", "x..", "x" * 255, "x" * 256, "é" * 127,
    "é" * 128, "x/" * 500 + "x", "x/" * 511 + "xx", "x/" * 600 + "x", "con", "nul.txt",
    ".ferroflow-x", "x/.ferroflow-y", "%", "%zz", "x%", "%25", "100%25", "\u202e", "\ufeff",
    "a\u0301",
)  # fmt: skip


def in_path(text: str) -> str:
    """The text below a path, encoded once where it is no part of the attack."""
    return quote(text, safe="/%;:.~$")


def attacks(paths: Iterable[str]) -> list[Case]:
    return [
        case
        for path in paths
        for case in (
            put(f"{OF_RUN}/{in_path(path)}", TEXT),
            get(f"{OF_RUN}/{in_path(path)}"),
            of_run(path),
            uploaded(TEXT, run_uuid="${run}", path=path),
        )
    ]


GROUPS = {
    "list": LISTS,
    "types": TYPES,
    "bytes": BYTES,
    "download": DOWNLOADS,
    "versions": VERSIONS,
    "upload": UPLOADS,
    "delete": DELETING,
    "multipart": MULTIPART,
    "hostile": [*populated("artifacts-hostile", "x/z.txt"), *attacks(HOSTILE)],
}
