"""Aliases of registered models."""

from differential.case import delete, get, post, posts
from differential.cases.model_versions import read as read_version
from differential.cases.model_versions import version
from differential.cases.registered_models import model, read

PATH = "registered-models/alias"
NAMES = (
    "", None, 5, "a b", "a/b", "a.b", "é", "latest", "LATEST", "v1", "V20", "v", "v1x", "a" * 255,
    "a" * 256, "a-b_C9", "it's",
)  # fmt: skip

ALIASES = [
    model("aliased"),
    version("aliased"),
    version("aliased"),
    *posts(
        PATH,
        {"alias": "champion"},
        {"alias": "champion", "version": "2"},
        {"alias": "champion", "version": 1},
        *({"alias": name} for name in NAMES),
        {"alias": "x", "version": "99"},
        {"alias": "x", "version": "x"},
        {"alias": "x", "version": ""},
        {"alias": "x", "version": None},
        {"alias": "x", "name": "nope"},
        {"alias": "x", "name": ""},
        {},
        **{"name": "aliased", "version": "1"},
    ),
    post(PATH, {"name": "aliased", "alias": "x"}),
    *(get(PATH, name="aliased", alias=alias) for alias in ("champion", "CHAMPION", "nope", "a b")),
    *(get(PATH, name="aliased", alias=alias) for alias in ("latest", "LATEST", "v1", "")),
    get(PATH, name="aliased"),
    get(PATH, alias="champion"),
    get(PATH, name="nope", alias="champion"),
    get(PATH, name="nope", alias="latest"),
    get(PATH),
    read("aliased"),
    read_version("aliased", 1),
    read_version("aliased", 2),
    get("model-versions/search", filter="name = 'aliased'"),
    get("registered-models/search", filter="name = 'aliased'"),
    version("aliased", source="models:/aliased@champion"),
    *(
        delete(PATH, body)
        for body in (
            {"name": "aliased", "alias": "nope"},
            {"name": "aliased", "alias": "champion"},
            {"name": "aliased", "alias": "champion"},
            {"name": "aliased", "alias": "a b"},
            {"name": "nope", "alias": "champion"},
            {"name": "aliased"},
            {"alias": "champion"},
            {},
        )
    ),
    delete(f"{PATH}?name=aliased&alias=v1x"),
    read("aliased"),
]

NO_VERSIONS = [
    model("unversioned"),
    get(PATH, name="unversioned", alias="latest"),
    post("registered-models/get-latest-versions", {"name": "unversioned"}),
]

GROUPS = {"aliases": ALIASES, "no_versions": NO_VERSIONS}
