"""Searches: each operator on each kind of key, orders, sizes of pages and their tokens.

What is searched has different names and times, and orders name them: two rows of the same
millisecond would come in an order of chance.
"""

from differential.case import Case, get, post, posts, saving
from differential.cases.experiments import created
from differential.cases.logged_models import new_model
from differential.cases.model_versions import version
from differential.cases.registered_models import model
from differential.cases.runs import new_run

NUMERIC = ("=", "!=", "<", "<=", ">", ">=")
START = 1_700_000_000_000


def pairs(**values: object) -> list[dict]:
    return [{"key": key.replace("_", " "), "value": value} for key, value in values.items()]


def searchable_run(index: int, metrics: dict, params: dict, tags: dict, **update: object):
    """A run with its data; times and names grow with the index."""
    variable = f"r{index}"
    run = {"run_id": f"${{{variable}}}"}
    points = [{**pair, "timestamp": 1, "step": 0} for pair in pairs(**metrics)]
    return [
        new_run(variable, start_time=START + index, user_id=f"user{index % 2}"),
        post(
            "runs/log-batch",
            {**run, "metrics": points, "params": pairs(**params), "tags": pairs(**tags)},
        ),
        post("runs/update", {**run, **update}),
    ]


def dataset(variable: str, name: str, digest: str, context: str) -> Case:
    tags = [{"key": "mlflow.data.context", "value": context}]
    known = {"name": name, "digest": digest, "source_type": "local", "source": "{}"}
    return post(
        "runs/log-inputs",
        {"run_id": f"${{{variable}}}", "datasets": [{"dataset": known, "tags": tags}]},
    )


def searchable_runs(name: str) -> list[Case]:
    return [
        created(name, "e"),
        *searchable_run(0, {"loss": 0.5}, {"lr": "0.1"}, {"kind": "red"}, status="FINISHED"),
        *searchable_run(1, {"loss": "NaN", "a_b": 1}, {"lr": "0.10"}, {"kind": "Red"}, end_time=5),
        *searchable_run(2, {"loss": -1e10}, {"lr": ""}, {"kind": "blue's"}, status="FAILED"),
        *searchable_run(3, {"a_b": 2}, {"a_b": "x"}, {"a_b": "%"}, end_time=7, status="KILLED"),
        *searchable_run(4, {"loss": 0.5, "a_b": 0}, {"lr": "10"}, {}, status="FINISHED"),
        dataset("r0", "iris", "d1", "train"),
        dataset("r1", "iris", "d2", "test"),
        dataset("r4", "wine", "d1", "train"),
    ]


def runs_by(*filters: str) -> list[Case]:
    return posts("runs/search", *({"filter": text} for text in filters), experiment_ids=["${e}"])


def ordered(*orders: object, **common: object) -> list[Case]:
    bodies = ({"order_by": list(order)} for order in orders)
    return posts("runs/search", *bodies, experiment_ids=["${e}"], **common)


RUN_FILTERS = [
    *searchable_runs("searches-filters"),
    *runs_by(*(f"metrics.loss {operator} 0.5" for operator in NUMERIC)),
    *runs_by(*(f"metrics.`a b` {operator} 1" for operator in NUMERIC)),
    *runs_by("metric.loss < 1", 'metrics."a b" > 0', "metrics.loss > -1e11", "metrics.none != 1"),
    *(
        case
        for entity in ("params.lr", "parameter.lr", "tags.kind", "tag.kind", "params.`a b`")
        for case in runs_by(
            f"{entity} = '0.1'",
            f"{entity} != 'red'",
            f'{entity} = "Red"',
            f"{entity} LIKE '%1%'",
            f"{entity} ILIKE 'RE_'",
            f"{entity} like 'r%'",
            f"{entity} IS NULL",
            f"{entity} IS NOT NULL",
            f"{entity} = ''",
        )
    ),
    *runs_by('tags.kind = "blue\'s"', "tags.`a b` = '%'", "tags.none = 'x'", "tags.none IS NULL"),
    *runs_by(*(f"attributes.status {operator} 'FINISHED'" for operator in ("=", "!=", "LIKE"))),
    *runs_by("status = 'failed'", "status ILIKE 'fin%'", "attr.status = 'KILLED'"),
    *runs_by(*(f"start_time {operator} {START + 2}" for operator in NUMERIC)),
    *runs_by("end_time = 5", "attributes.end_time > 5", f"created < {START + 1}"),
    *runs_by("run_name = 'r1'", "`run name` = 'r1'", "run_name LIKE 'r%'", "run_name ILIKE 'R2'"),
    *runs_by("user_id = 'user1'", "attributes.user_id != 'user1'", "user_id LIKE 'user_'"),
    *runs_by("run_id = '${r1}'", "run_id != '${r1}'", "run_id IN ('${r1}', '${r2}')"),
    *runs_by("attributes.run_id NOT IN ('${r1}', '${r2}')", "run_id IN ('nope')"),
    *runs_by("artifact_uri LIKE '%${r3}%'", "attributes.artifact_uri != 'x'"),
    *runs_by("dataset.name = 'iris'", "datasets.digest = 'd1'", "dataset.context != 'train'"),
    *runs_by("dataset.name LIKE '%i%'", "dataset.name ILIKE 'WINE'", "dataset.name IN ('iris')"),
    *runs_by("dataset.digest NOT IN ('d1')", "dataset.name = 'iris' AND dataset.context = 'train'"),
    *runs_by("metrics.loss = 0.5 AND params.lr = '10'", "metrics.loss > 0 and tags.kind = 'red'"),
    *runs_by("", "metrics.loss>0.1", "  metrics.loss  >  0.1  "),
]

RUN_ORDERS = [
    *searchable_runs("searches-orders"),
    *ordered(
        *(
            [f"{key}{direction}", "start_time"]
            for key in ("metrics.loss", "metrics.`a b`", "params.lr", "tags.kind", "status")
            for direction in ("", " ASC", " DESC")
        ),
        *([f"{key} DESC"] for key in ("start_time", "attributes.start_time", "created")),
        ["end_time", "start_time DESC"],
        ["end_time DESC", "start_time DESC"],
        ["run_name DESC"],
        ["attribute.run_name"],
        ["user_id", "start_time"],
        ["metrics.loss desc", "params.lr asc", "start_time"],
        [],
    ),
]

RUN_PAGES = [
    *searchable_runs("searches-pages"),
    saving(
        post("runs/search", {"experiment_ids": ["${e}"], "max_results": 2}), next="next_page_token"
    ),
    saving(
        post(
            "runs/search", {"experiment_ids": ["${e}"], "max_results": 2, "page_token": "${next}"}
        ),
        last="next_page_token",
    ),
    post("runs/search", {"experiment_ids": ["${e}"], "max_results": 2, "page_token": "${last}"}),
    *posts(
        "runs/search",
        {"max_results": 5},
        {"max_results": 1},
        {"max_results": 0},
        {"max_results": -1},
        {"max_results": 50_000},
        {"max_results": 50_001},
        {"max_results": "2"},
        {"page_token": ""},
        {"run_view_type": "ALL"},
        {"run_view_type": "DELETED_ONLY"},
        {"run_view_type": "ACTIVE_ONLY"},
        experiment_ids=["${e}"],
    ),
    post("runs/search", {"experiment_ids": ["999999"]}),
    post("runs/search", {"experiment_ids": []}),
    post("runs/search", {}),
]


def experiments_by(*filters: str) -> list[Case]:
    common = {"max_results": 10, "order_by": ["name"]}
    return posts("experiments/search", *({"filter": text} for text in filters), **common)


def within(condition: str) -> str:
    """Only of the experiments of this group."""
    return f"name LIKE 'searched-%' AND {condition}"


EXPERIMENTS = [
    created("searched-a", "a", tags=pairs(kind="red", a_b="1")),
    created("searched-b", "b", tags=pairs(kind="Red")),
    created("searched-c", "c"),
    *experiments_by(
        "name = 'searched-a'",
        "name LIKE 'searched-%'",
        "name ILIKE 'SEARCHED-_'",
        "attribute.name = 'searched-b'",
        within("name != 'searched-b'"),
        within("experiment_id = '${a}'"),
        within("experiment_id != '${a}'"),
        "experiment_id IN ('${a}', '${b}')",
        within("experiment_id NOT IN ('${a}', '${b}')"),
        within("creation_time > 0"),
        within("last_update_time <= 5"),
        within("tags.kind = 'red'"),
        within("tags.kind != 'red'"),
        within("tag.kind LIKE 'r%'"),
        within("tags.kind ILIKE 'R%'"),
        within("tags.`a b` = '1'"),
        within("tags.kind IS NULL"),
        within("tags.kind IS NOT NULL"),
        "name = 'searched-a' AND tags.kind = 'red'",
    ),
    *posts(
        "experiments/search",
        *({"order_by": [order]} for order in ("name", "name ASC", "name DESC")),
        {"order_by": ["experiment_id"]},
        {"order_by": ["experiment_id DESC"]},
        {"order_by": ["attribute.name DESC"]},
        {"view_type": "ALL", "order_by": ["name"]},
        {"view_type": "DELETED_ONLY", "order_by": ["name"]},
        filter="name LIKE 'searched-%'",
        max_results=10,
    ),
    saving(
        post(
            "experiments/search",
            {"filter": "name LIKE 'searched-%'", "max_results": 2, "order_by": ["name"]},
        ),
        next="next_page_token",
    ),
    post(
        "experiments/search",
        {
            "filter": "name LIKE 'searched-%'",
            "max_results": 2,
            "order_by": ["name"],
            "page_token": "${next}",
        },
    ),
]


def models_by(*filters: str, **query: object) -> list[Case]:
    return [get("registered-models/search", filter=text, **query) for text in filters]


REGISTERED_MODELS = [
    model("searched-one", tags=pairs(kind="red", a_b="1")),
    model("searched-two", tags=pairs(kind="Red")),
    model("Searched-three"),
    *models_by(
        "name = 'searched-one'",
        "name LIKE 'searched-%'",
        "name ILIKE 'SEARCHED-%'",
        "name IN ('searched-one', 'searched-two')",
        "name ILIKE 'searched-%' AND name NOT IN ('searched-one')",
        "name ILIKE 'searched-%' AND name != 'searched-one'",
        "name ILIKE 'searched-%' AND tags.kind = 'red'",
        "name ILIKE 'searched-%' AND tags.kind != 'red'",
        "name ILIKE 'searched-%' AND tag.kind LIKE 'R%'",
        "name ILIKE 'searched-%' AND tags.kind ILIKE 'R%'",
        "name ILIKE 'searched-%' AND tags.`a b` = '1'",
        "name = 'none'",
    ),
    *models_by("name ILIKE 'searched-%'", order_by="name DESC"),
    *models_by("name ILIKE 'searched-%'", order_by="name ASC"),
    *models_by("name ILIKE 'searched-%'", max_results=1000),
    *models_by("name ILIKE 'searched-%'", max_results=1001),
    saving(
        get("registered-models/search", filter="name ILIKE 'searched-%'", max_results=2),
        next="next_page_token",
    ),
    *models_by("name ILIKE 'searched-%'", max_results=2, page_token="${next}"),
]


def versions_by(*filters: str, **query: object) -> list[Case]:
    return [get("model-versions/search", filter=text, **query) for text in filters]


VERSIONS = "name = 'searched-versions'"
MODEL_VERSIONS = [
    created("searches-versions", "e"),
    new_run("run"),
    model("searched-versions"),
    version("searched-versions", tags=pairs(kind="red", a_b="1")),
    version("searched-versions", source="s3://b/q", tags=pairs(kind="Red")),
    version("searched-versions", run_id="${run}"),
    *versions_by(
        VERSIONS,
        "name LIKE 'searched-version_'",
        "name ILIKE 'SEARCHED-VERSIONS'",
        "name IN ('searched-versions', 'none')",
        "run_id = '${run}'",
        "run_id IN ('${run}')",
        "run_id NOT IN ('${run}') AND name = 'searched-versions'",
        "source_path = 's3://b/q'",
        f"{VERSIONS} AND source_path LIKE '%/p'",
        f"{VERSIONS} AND source_path != 's3://b/p'",
        *(f"{VERSIONS} AND version_number {operator} 2" for operator in NUMERIC),
        f"{VERSIONS} AND version_number = '2'",
        f"{VERSIONS} AND tags.kind = 'red'",
        f"{VERSIONS} AND tags.kind != 'red'",
        f"{VERSIONS} AND tag.kind ILIKE 'RED'",
        f"{VERSIONS} AND tags.`a b` LIKE '1'",
        "name = 'none'",
    ),
    *(
        case
        for order in ("version_number", "version_number DESC", "name", "name DESC")
        for case in versions_by(VERSIONS, order_by=order)
    ),
    *(case for size in (0, -1, 200_001) for case in versions_by(VERSIONS, max_results=size)),
    saving(
        get("model-versions/search", filter=VERSIONS, max_results=2, order_by="version_number"),
        next="next_page_token",
    ),
    *versions_by(VERSIONS, max_results=2, order_by="version_number", page_token="${next}"),
]


def logged_models_by(*filters: str, **body: object) -> list[Case]:
    common = {"experiment_ids": ["${e}"], "order_by": [{"field_name": "name"}]}
    bodies = ({"filter": text} for text in filters)
    return posts("logged-models/search", *bodies, **{**common, **body})


def model_metric(variable: str, value: float) -> Case:
    return post(
        "runs/log-metric",
        {
            "run_id": "${run}",
            "key": "loss",
            "value": value,
            "timestamp": 1,
            "model_id": f"${{{variable}}}",
        },
    )


LOGGED_MODELS = [
    created("searches-logged-models", "e"),
    new_run("run"),
    new_model("one", params=pairs(lr="0.1"), tags=pairs(kind="red"), model_type="tree"),
    new_model("two", params=pairs(lr="0.2"), tags=pairs(kind="Red"), source_run_id="${run}"),
    new_model("three", model_type="agent"),
    model_metric("one", 0.5),
    model_metric("two", 1.5),
    *logged_models_by(
        "name = 'one'",
        "name != 'one'",
        "name LIKE 't%'",
        "name ILIKE 'T%'",
        "name IN ('one', 'two')",
        "attributes.name NOT IN ('one', 'two')",
        "model_id = '${one}'",
        "model_id IN ('${one}', '${two}')",
        *(
            f"{key} {condition}"
            for key in ("model_type", "source_run_id")
            for condition in ("= ''", "!= ''", "!= 'x'", "NOT IN ('x')", "LIKE '%'", "IN ('')")
        ),
        "model_type = 'tree'",
        "model_type != 'tree'",
        "source_run_id = '${run}'",
        "source_run_id != '${run}'",
        "creation_timestamp > 0",
        "last_updated_timestamp <= 5",
        *(f"metrics.loss {operator} 0.5" for operator in NUMERIC),
        "params.lr = '0.1'",
        "params.lr LIKE '0._'",
        "tags.kind = 'red'",
        "tags.kind ILIKE 'RED'",
        "name = 'one' AND tags.kind = 'red'",
    ),
    *posts(
        "logged-models/search",
        {"order_by": [{"field_name": "name", "ascending": False}]},
        {"order_by": [{"field_name": "metrics.loss"}, {"field_name": "name"}]},
        {"order_by": [{"field_name": "metrics.loss", "ascending": False}, {"field_name": "name"}]},
        *(
            {"order_by": [{"field_name": key, "ascending": ascending}, {"field_name": "name"}]}
            for key in ("model_type", "source_run_id")
            for ascending in (True, False)
        ),
        experiment_ids=["${e}"],
    ),
    *posts("logged-models/search", {"experiment_ids": []}),
    saving(logged_models_by("", max_results=2)[0], next="next_page_token"),
    *logged_models_by("", max_results=2, page_token="${next}"),
]

GROUPS = {
    "run filters": RUN_FILTERS,
    "run orders": RUN_ORDERS,
    "run pages": RUN_PAGES,
    "experiments": EXPERIMENTS,
    "registered models": REGISTERED_MODELS,
    "model versions": MODEL_VERSIONS,
    "logged models": LOGGED_MODELS,
}
