"""Requests with two faults: both servers name the same one."""

from collections.abc import Callable, Iterator
from itertools import combinations, product
from urllib.parse import urlencode

from differential.case import Case, delete, get, patch, post, put, tagged
from differential.cases.experiments import created
from differential.cases.logged_models import PATH as MODELS
from differential.cases.logged_models import new_model
from differential.cases.metric_histories import BULK, INTERVAL
from differential.cases.model_versions import version
from differential.cases.registered_models import model
from differential.cases.runs import RUN_NAME, new_run

LONG = "v" * 9000
# Only a hundred thousand characters are too long for the registry.
LONGEST = "v" * 100_001
BAD_TAGS = ([{"key": "a?", "value": "v"}], [{"key": "", "value": "v"}], [{"key": "k" * 300}])
BAD_TEXTS = ({"key": "a?"}, {"value": "1"}, {"key": "k" * 300})
BAD_FILTERS = ("nonsense", "a = ")
BAD_ORDERS = (["nonsense.a"], [""])
BAD_TOKENS = ("nonsense",)
BAD_SIZES = (0, -1, 10**7, "x")
KEYS = ("", "a?", "k" * 300)
RUNS = ("", "nope", "${gone}")


def paired(
    send: Callable[..., Case], target: str, fine: dict, /, **faults: tuple
) -> Iterator[Case]:
    """A request for each two faults, each in a field of its own, that is fine otherwise."""
    for (one, firsts), (other, seconds) in combinations(faults.items(), 2):
        for first, second in product(firsts, seconds):
            yield send(target, {**fine, one: first, other: second})


def asked(path: str, query: dict, /) -> Case:
    text = urlencode(query, doseq=True, safe="${}")
    return Case("GET", path, text)


def with_runs(name: str) -> list[Case]:
    """An experiment with a run and a deleted run, and a deleted experiment."""
    return [
        created(name, "e"),
        created(f"{name}-gone", "gone_e"),
        post("experiments/delete", {"experiment_id": "${gone_e}"}),
        new_run("gone"),
        post("runs/delete", {"run_id": "${gone}"}),
        new_run(),
    ]


EXPERIMENTS = [
    *with_runs("faults-experiments"),
    *paired(
        post, "experiments/create", {"name": "faults-new"},
        name=("", 5, "faults-experiments", "faults-experiments-gone", "n" * 501),
        artifact_location=(5, "http://h/a?x#y"),
        tags=(*BAD_TAGS, "x"),
    ),
    *paired(
        post, "experiments/update", {},
        experiment_id=("", "nope", "999999", "${gone_e}"),
        new_name=("", 5, "faults-experiments", "n" * 501),
    ),
    *paired(
        post, "experiments/set-experiment-tag", {"value": "v"},
        experiment_id=("", "nope", "999999", "${gone_e}"),
        key=("", "a?", "k" * 300, 5),
        value=(LONG, 5),
    ),
    *paired(
        post, "experiments/delete-experiment-tag", {},
        experiment_id=("", "nope", "999999", "${gone_e}"),
        key=("", "a?", 5),
    ),
    *paired(
        post, "experiments/search", {"max_results": 5},
        max_results=BAD_SIZES, filter=BAD_FILTERS, order_by=BAD_ORDERS, page_token=BAD_TOKENS,
        view_type=("BOGUS",),
    ),
]  # fmt: skip

RUNS_THEMSELVES = [
    *with_runs("faults-runs"),
    *paired(
        post, "runs/create", {},
        experiment_id=("nope", "999999", "${gone_e}"),
        tags=(*BAD_TAGS, [{"key": "a", "value": LONG}], [{"key": "a"}, {"key": "a"}]),
        start_time=("x",),
        run_name=(5,),
    ),
    *(
        post("runs/create", {"experiment_id": e, "run_name": "a", **tagged(RUN_NAME, "b")})
        for e in ("${e}", "999999", "${gone_e}")
    ),
    *paired(
        post, "runs/update", {},
        run_id=RUNS, status=("BOGUS", 99), end_time=("x",), run_name=(5,),
    ),
    *paired(post, "runs/log-parameter", {"value": "1"}, run_id=RUNS, key=KEYS, value=(LONG, 5)),
    *paired(post, "runs/set-tag", {"value": "1"}, run_id=RUNS, key=KEYS, value=(LONG, 5)),
    *paired(post, "runs/delete-tag", {}, run_id=RUNS, key=("", "a?", "none", 5)),
    *paired(
        post, "runs/search", {"experiment_ids": ["${e}"]},
        experiment_ids=(["nope"], ["999999"], "x"), filter=BAD_FILTERS, order_by=BAD_ORDERS,
        max_results=BAD_SIZES, page_token=BAD_TOKENS, run_view_type=("BOGUS",),
    ),
]  # fmt: skip

LOGGING = [
    *with_runs("faults-logging"),
    post("runs/log-parameter", {"run_id": "${run}", "key": "p", "value": "1"}),
    *paired(
        post, "runs/log-metric", {"value": 1, "timestamp": 1},
        run_id=RUNS, key=KEYS, value=("x", None), timestamp=(-1, "x", None),
        step=("x", 2**63), model_id=("m-nope",), dataset_name=(5,),
    ),
    *paired(
        post, "runs/log-batch", {"run_id": "${run}"},
        run_id=("", "nope", "-bad", "${gone}"),
        metrics=(
            [{"key": "a?", "value": 1, "timestamp": 1}],
            [{"key": "a", "value": 1, "timestamp": -1}],
            [{"key": "a", "value": 1}],
            [{"key": f"k{i}", "value": 1, "timestamp": 1} for i in range(1001)],
        ),
        params=(
            [{"key": "a?", "value": "1"}],
            [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
            [{"key": "p", "value": "2"}],
            [{"value": "2"}],
            [{"key": f"k{i}", "value": "1"} for i in range(101)],
        ),
        tags=(
            [{"key": "a?", "value": "1"}],
            [{"value": "1"}],
            [{"key": f"k{i}"} for i in range(101)],
        ),
    ),
    *(
        post("runs/log-batch", {"run_id": "${run}", field: [one, other]})
        for field, faults in (
            ("metrics", (
                {"key": "a?", "value": 1, "timestamp": 1},
                {"key": "a", "value": 1, "timestamp": -1},
                {"key": "a", "timestamp": 1},
                {"value": 1, "timestamp": 1},
                {"key": "k" * 300, "value": 1, "timestamp": 1},
            )),
            ("params", (*BAD_TEXTS, {"key": "p", "value": "2"})),
            ("tags", (*BAD_TEXTS, {"key": "..", "value": "x"})),
        )
        for one, other in combinations(faults, 2)
    ),
    *paired(post, "runs/log-model", {}, run_id=RUNS, model_json=("", "x", "{}", '{"run_id": "r"}')),
    *paired(
        post, "runs/log-inputs", {},
        run_id=RUNS,
        datasets=(
            [{"dataset": {"name": "d"}}],
            [{"dataset": {"name": "n" * 501, "digest": "d", "source_type": "s", "source": "s"}}],
            [{"tags": [{"key": "a", "value": "b"}]}],
            "x",
        ),
        models=([{"model_id": "m-nope"}], "x"),
    ),
    *paired(
        post, "runs/outputs", {},
        run_id=RUNS, models=([{"model_id": "m-nope", "step": 0}], [{}], "x"),
    ),
]  # fmt: skip

READING = [
    *with_runs("faults-reading"),
    *paired(
        asked, "metrics/get-history", {},
        run_id=RUNS, metric_key=("", "a?"), max_results=BAD_SIZES, page_token=BAD_TOKENS,
    ),
    *paired(
        asked, BULK, {"run_id": "${run}", "metric_key": "m"},
        run_id=("", "nope", ["nope"] * 101), metric_key=("",), max_results=(0,),
    ),
    *paired(
        asked, INTERVAL, {"run_ids": "${run}", "metric_key": "m"},
        run_ids=("", "nope", ["nope"] * 101), metric_key=("",), max_results=BAD_SIZES,
        start_step=("x", 5), end_step=("x", 1),
    ),
    *paired(asked, "artifacts/list", {}, run_id=RUNS, path=("..", "/a"), page_token=BAD_TOKENS),
    *paired(asked, "/get-artifact", {}, run_id=("nope",), path=("..", "none")),
    *paired(
        asked, "/model-versions/get-artifact", {"name": "nope", "version": "1", "path": "a"},
        name=("", "a/b"), version=("", "x", "7"), path=("..", "a/../b"),
    ),
]  # fmt: skip

FILES = "/ajax-api/2.0/mlflow/logged-models/{}/artifacts/files"

LOGGED_MODELS = [
    *with_runs("faults-models"),
    new_model(),
    *paired(
        post, MODELS, {"experiment_id": "${e}", "name": "m"},
        experiment_id=("", "nope", "999999", "${gone_e}", 5),
        name=("a/b", "n" * 300, 5),
        model_type=(5,),
        source_run_id=("nope", 5),
        params=([{"key": "a?", "value": "1"}], [{"value": "1"}], "x"),
        tags=([{"key": "a?", "value": "1"}], [{"value": "1"}], "x"),
    ),
    *(
        case
        for id in ("m-nope", "${model}")
        for case in (
            *paired(patch, f"{MODELS}/{id}", {}, model_id=("", 5, "other"), status=("",)),
            patch(f"{MODELS}/{id}/tags", {"tags": [{"key": "a?", "value": "1"}]}),
            patch(f"{MODELS}/{id}/tags", {"tags": "x"}),
            patch(f"{MODELS}/{id}/tags", {"tags": [{"key": "a?"}, {"key": "a", "value": LONG}]}),
            post(f"{MODELS}/{id}/params", {"params": [{"key": "a?", "value": "1"}]}),
            post(f"{MODELS}/{id}/params", {"params": [{"key": "a", "value": LONG}, {"key": "b?"}]}),
            delete(f"{MODELS}/{id}/tags/a%3F"),
            get(f"{MODELS}/{id}/artifacts/directories", artifact_directory_path=".."),
            get(FILES.format(id), artifact_file_path=".."),
            get(FILES.format(id)),
        )
    ),
    *paired(
        post, f"{MODELS}/search", {"experiment_ids": ["${e}"]},
        experiment_ids=("x",),
        filter=BAD_FILTERS,
        datasets=([{"dataset_digest": "d"}], "x"),
        max_results=("x",),
        order_by=([{"field_name": ""}], [{"field_name": "nonsense"}], "x"),
    ),
]  # fmt: skip

REGISTERED = "registered-models"
NAMES = ("", "nope", 5, "a/b")
NUMBERS = ("", "x", "7", "0")
ALIASES = ("", "a?", "v1", "latest", "a" * 300, 5)

REGISTRY = [
    model("faults"),
    model("faults-other"),
    version("faults"),
    *paired(
        post, f"{REGISTERED}/create", {},
        name=("", 5, "a/b", "faults"),
        tags=(*BAD_TAGS, [{"key": "a", "value": LONGEST}], "x"),
        description=(5,),
    ),
    *paired(post, f"{REGISTERED}/rename", {}, name=NAMES, new_name=("", 5, "a/b", "faults-other")),
    *paired(patch, f"{REGISTERED}/update", {}, name=NAMES, description=(5,)),
    *paired(
        post, f"{REGISTERED}/get-latest-versions", {},
        name=NAMES, stages=(["nonsense"], "x", [5]),
    ),
    *paired(
        post, f"{REGISTERED}/set-tag", {"value": "v"},
        name=NAMES, key=KEYS, value=(5, LONGEST),
    ),
    *paired(delete, f"{REGISTERED}/delete-tag", {}, name=NAMES, key=KEYS),
    *paired(
        post, f"{REGISTERED}/alias", {"version": "1"},
        name=NAMES, alias=ALIASES, version=NUMBERS,
    ),
    *paired(delete, f"{REGISTERED}/alias", {}, name=NAMES, alias=ALIASES),
    *paired(asked, f"{REGISTERED}/alias", {}, name=NAMES, alias=ALIASES),
    *paired(
        asked, f"{REGISTERED}/search", {},
        filter=BAD_FILTERS, order_by=([""], ["name up"]), max_results=(10**7, "x"),
        page_token=BAD_TOKENS,
    ),
]  # fmt: skip

VERSIONS = [
    *with_runs("faults-versions"),
    model("faulty"),
    version("faulty"),
    *paired(
        post, "model-versions/create", {"name": "faulty", "source": "s3://b/p"},
        name=NAMES,
        source=("", "/etc", "file:///etc", "runs:/nope/m", "models:/m-nope", "s3://b/../p", 5),
        run_id=("nope", "${gone}", 5),
        model_id=("m-nope", 5),
        tags=(*BAD_TAGS, "x"),
    ),
    *paired(patch, "model-versions/update", {}, name=NAMES, version=NUMBERS, description=(5,)),
    *paired(
        post, "model-versions/transition-stage", {"version": "1", "stage": "Staging"},
        name=NAMES, version=NUMBERS, stage=("", "nonsense", 5),
        archive_existing_versions=(True, "x", None),
    ),
    *paired(asked, "model-versions/get", {}, name=NAMES, version=NUMBERS),
    *paired(asked, "model-versions/get-download-uri", {}, name=NAMES, version=NUMBERS),
    *paired(delete, "model-versions/delete", {}, name=NAMES, version=NUMBERS),
    *paired(
        post, "model-versions/set-tag", {"version": "1", "value": "v"},
        name=NAMES, version=NUMBERS, key=KEYS, value=(5, LONGEST),
    ),
    *paired(
        delete, "model-versions/delete-tag", {"version": "1"},
        name=NAMES, version=NUMBERS, key=KEYS,
    ),
    *paired(
        asked, "model-versions/search", {},
        filter=BAD_FILTERS, order_by=BAD_ORDERS, max_results=BAD_SIZES, page_token=BAD_TOKENS,
    ),
]  # fmt: skip

UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
ARTIFACTS = [
    *with_runs("faults-artifacts"),
    *(
        Case(
            "POST",
            UPLOAD,
            f"run_uuid={run}&path={path}",
            body=body,
            label=f"{run}, {path}, {len(body)} bytes",
        )
        for run in ("", "nope", "${run}")
        for path in ("", "..", "a.txt")
        for body in (b"", b"x")
    ),
    *(
        put(f"/api/2.0/mlflow-artifacts/artifacts/{path}", b"")
        for path in ("../a/", "a//b/", "..%2F", "a/..")
    ),
]

GROUPS = {
    "experiments": EXPERIMENTS,
    "runs": RUNS_THEMSELVES,
    "logging": LOGGING,
    "reading": READING,
    "logged-models": LOGGED_MODELS,
    "registered-models": REGISTRY,
    "model-versions": VERSIONS,
    "artifacts": ARTIFACTS,
}
