"""Filters, orders and pages that are refused, and odd ones that are accepted.

Each entity is asked the same shapes of filters, with its own names in them, and then what only it
has. Nothing that is searched matches, so answers are empty lists or errors.
"""

from collections.abc import Iterable

from differential.case import Case, get, posts
from differential.cases.experiments import created

BLANKS = (" ", "\t \n", "\n")

# `{name}` is a text attribute of the entity, `{tag}` a tag.
BROKEN = (
    "{name}", "{name} =", "{name} = ", "= 'a'", "= 5", "'a'", "5", "*", "{name} 'a'", "=", "'",
    '"', "{name} = 'a", "{name} = a'", '{name} = "a', "{name} = 'a''", "{name} = 'a' 'b'",
    "{name} = ''a'", "{name} = 'a' AND", "AND {name} = 'a'", "AND",
    "{name} = 'a' AND AND {name} = 'b'", "{name} = 'a' {name} = 'b'", "{name} = 'a', {name} = 'b'",
    "{name} = 'a' {tag} = 'b'", "{name} = 'a'; {name} = 'b'", "{name} = 'a';", ";", ";;",
    "{name} = 'a'; ", "{name} = 'a';;", "({name} = 'a'", "{name} = 'a')", "()", "(", ")", "NOT",
    "OR", "NOT NOT", "{name} = 'a' OR", "OR {name} = 'a'", "{name} = 'a' OR OR {name} = 'b'",
    "{name} = 'a' NOT", "NOT {name}", "{name} = 'a' XOR {name} = 'b'",
    "{name} = 'a' & {name} = 'b'", "{name} = 'a' && {name} = 'b'", "{name} = 'a' -- b",
    "{name} = 'a' /* b */", "/* b */ {name} = 'a'", "{name} = 'a' # b", "SELECT 1",
    "DROP TABLE runs", "{name} = (SELECT 1)", "{name} = 'a' LIMIT 1", "1 = 1", "'a' = 'a'",
    "{name} = 'a' = 'b'", "{name} = {name}", "'a' = {name}", "{name} = 'a' ORDER BY {name}",
)  # fmt: skip

OPERATORS = (
    "{name} == 'a'", "{name} <> 'a'", "{name} =! 'a'", "{name} => 'a'", "{name} ~ 'a'",
    "{name} ! 'a'", "{name} > 'a'", "{name} >= 'a'", "{name} < 'a'", "{name} <= 'a'",
    "{name} + 'a'", "{name} <=> 'a'", "{name} RLIKE 'a'", "{name} REGEXP 'a'",
    "{name} NOT LIKE 'a'", "{name} NOT ILIKE 'a'", "{name} BETWEEN 'a' AND 'b'", "{name} NOT 'a'",
    "{name} LIKE", "{name} IS 'a'", "{name} IS", "{name} IS NULL", "{name} IS NOT NULL",
    "{name} IS NOT", "{name} ISNULL", "{name} CONTAINS 'a'", "{tag} == 'a'", "{tag} <> 'a'",
    "{tag} > 'a'", "{tag} >= 'a'", "{tag} RLIKE 'a'", "{tag} > 5", "{tag} NOT LIKE 'a'",
    "{tag} IS 'a'", "{tag} IN", "{tag} IN 'a'", "{tag} IN ()", "{tag} IS",
    "{tag} BETWEEN 'a' AND 'b'", "{tag} is null", "{tag} IS  NOT  NULL", "{tag} not like 'a'",
)  # fmt: skip

VALUES = (
    "{name} = 5", "{name} = 1.5", "{name} = -5", "{name} = 1e5", "{name} = a", "{name} = true",
    "{name} = NULL", "{name} = `a`", "{name} = ('a')", "{name} = ()", "{name} = a.b",
    "{name} LIKE 5", "{name} LIKE a", "{name} != 5", "{name} = @a", "{name} = ?", "{name} = 'a'b",
    "{name} = é", "{name} IN", "{name} IN 'a'", "{name} IN ()", "{name} IN (5)",
    "{name} IN ('a', 5)", "{name} IN ('a'", "{name} IN (a)", "{name} IN ('a' 'b')",
    "{name} IN (,)", "{name} NOT IN 'a'", "{name} NOT IN ()", "{name} IN (('a'))", "{name} IN [5]",
    "{name} IN ('a'; 'b')", "{name} IN (NULL)", "{name} NOT IN (5)", "{tag} = 5", "{tag} = 1.5",
    "{tag} = a", "{tag} = true", "{tag} = NULL", "{tag} = `a`", "{tag} = ('a')", "{tag} = ()",
    "{tag} LIKE 5", "{tag} LIKE a", "{tag}", "{tag} =", "{tag} != 5",
)  # fmt: skip

NAMES = (
    "nonsense = 'b'", "nonsense.a = 'b'", "attribute.nonsense = 'b'", "attributes.nonsense = 'b'",
    "attr.{name} = 'b'", "run.{name} = 'b'", "model.{name} = 'b'", "attributes.{name} = 'b'",
    "Attribute.{name} = 'b'", "TAGS.a = 'b'", "tags = 'b'", "tags. = 'b'", ".a = 'b'", "tags.",
    ".", "tags.'a' = 'b'", "tags.a b = 'c'", "tags . a = 'b'", "tags .a = 'b'", "tags. a = 'b'",
    "tags.`a = 'b'", "`tags`.a = 'b'", "`tags.a` = 'b'", "tags.a.`b` = 'c'", "tags..a = 'b'",
    "tags.a-b = 'c'", "tags.a/b = 'c'", "tags.a:b = 'c'", "tags.1 = 'b'", "tags.é = 'b'",
    "tags.a? = 'b'", "tags.order = 'b'", "tags.select = 'b'", "tags.key = 'b'", "tags.a() = 'b'",
    "tags[a] = 'b'", "tags.\"a b\" = 'c'", "`{name}` = 'b'", "\"{name}\" = 'b'", "'{name}' = 'b'",
    "{name}.a = 'b'", "metrics.a = 1", "metrics.a = 'b'", "params.a = 'b'", "param.a = 5",
    "dataset.name = 'b'", "datasets.nonsense = 'b'", "nonsense > 5", "nonsense.a > 5",
    "nonsense IS NULL", "nonsense.a IS NULL", "nonsense IN ('b')", "{name}() = 'b'", "order = 'b'",
    "select = 'b'", "timestamp = 5",
)  # fmt: skip

# The numeric attribute `{time}`.
NUMBERS = (
    "{time} = 'a'", "{time} = '5'", "{time} = a", "{time} = 1.5", "{time} > 1.5", "{time} = 5.0",
    "{time} = -5", "{time} = +5", "{time} = 1e3", "{time} > 1e30", "{time} = 99999999999999999999",
    "{time} LIKE '5'", "{time} LIKE 5", "{time} ILIKE 5", "{time} IN (5)", "{time} IN ('5')",
    "{time} IN 5", "{time} IN ()", "{time} NOT IN (5)", "{time} IS NULL", "{time} IS NOT NULL",
    "{time} = NULL", "{time} == 5", "{time} <> 5", "{time} = 0x10", "{time} = .5", "{time} = 5.",
    "{time} = - 5", "{time} = (5)", "{time} = ()", "{time} = nan", "{time} = inf", "{time}",
    "{time} >", "5 < {time}", "{time} BETWEEN 1 AND 5", "{time} = 5 AND", "{time} > 5 {time} < 6",
    "{time} = 5 5", "{time} = '", "{time} =5", "{time}=5", "{time}>-5",
)  # fmt: skip

SHAPES = (*BLANKS, *BROKEN, *OPERATORS, *VALUES, *NAMES)

ORDERS = (
    "", " ", "nonsense", "nonsense DESC", "nonsense.a", "attribute.nonsense", "tags.a",
    "{name} UP", "{name} ASC DESC", "{name} DESC NULLS LAST", "{name}, {time}", "{name};", "DESC",
    "ASC", "5", "'{name}'", '"{name}"', "`{name}`", "{name} asc", "{name} dEsC", "  {name}  DESC ",
    "{name} = 'a'", "({name})", "*", "{name} DESC,", ",", "metrics.a", "params.a", "dataset.name",
    "attr.{name}", "run.{name}", "attributes.{name}", "{name}\tDESC", "{name}\nASC", "timestamp",
    "timestamp DESC", "metrics.`a b", "tags.'a'", "-{name}",
)  # fmt: skip
DUPLICATES = (("{name}", "{name}"), ("{name}", "{name} DESC"), ("{time}", "{name}", "{time} DESC"))

TOKENS = (
    "x",
    "abc",
    "abcd",
    "e30=",
    "e30",
    "eyJvZmZzZXQiOiAwfQ==",
    "bnVsbA==",
    "!!!",
    "é",
    "W10=",
    " ",
)
SIZES = (0, -1, -5, 1, "x", "1.5", 1.5, 1_000_000, 2**31, "")


def filled(shapes: Iterable[str], **names: str) -> list[str]:
    return [shape.format(**names) for shape in shapes]


def filtered(path: str, filters: Iterable[str], **common: object) -> list[Case]:
    return posts(path, *({"filter": text} for text in filters), **common)


def paged(path: str, **common: object) -> list[Case]:
    tokens = ({"page_token": token, "max_results": 5} for token in TOKENS)
    sizes = ({"max_results": size} for size in SIZES)
    return posts(path, *tokens, *sizes, **common)


def ordered(path: str, names: dict[str, str], **common: object) -> list[Case]:
    orders = [[order] for order in filled(ORDERS, **names)]
    orders += [filled(clauses, **names) for clauses in DUPLICATES]
    return posts(path, *({"order_by": order} for order in orders), **common)


def asked(path: str, filters: Iterable[str]) -> list[Case]:
    """The searches of the registry are GETs."""
    return [get(path, filter=text) for text in filters]


def of_none(filters: Iterable[str]) -> list[str]:
    """The same of a model that there is not: others find what other groups have left."""
    return [f"name = 'refused-none' AND {text}" for text in filters]


def asked_in_order(path: str, names: dict[str, str]) -> list[Case]:
    orders = [[order] for order in filled(ORDERS, **names)]
    orders += [filled(clauses, **names) for clauses in DUPLICATES]
    return [get(path, filter="name = 'refused-none'", order_by=order) for order in orders]


def asked_by_page(path: str) -> list[Case]:
    tokens = [get(path, filter="name = 'refused-none'", page_token=token) for token in TOKENS]
    sizes = [get(path, filter="name = 'refused-none'", max_results=size) for size in SIZES]
    return tokens + sizes


RUN = {"name": "run_name", "tag": "tags.a", "time": "start_time"}
OF_RUNS = (
    "metrics.a = 'b'", "metrics.a", "metrics.a >", "metrics.a > b", "metrics.a = nan",
    "metrics.a < -inf", "metrics.a = '5'", "metrics.a LIKE 5", "metrics.a LIKE '5'",
    "metrics.a IN (5)", "metrics.a IN ()", "metrics.a IS NULL", "metrics.a IS NOT NULL",
    "metrics.a == 5", "metrics.a <> 5", "metrics.a = 0x1", "metrics.a = 1.2.3", "metrics.a = -1",
    "metrics.a = - 1", "metrics.a = +1", "metrics.a = .5", "metrics.a = 5.", "metrics.a = 1e999",
    "metrics.a = 1E+2", "metrics.a = 1e", "metrics.a BETWEEN 1 AND 2", "metrics.a = (1)",
    "metrics.a = NULL", "metrics.a ILIKE 1", "metric.a =! 1", "5 < metrics.a",
    "metrics.a > 1 metrics.b > 2", "metrics.a > 1,", "metrics.a > 1 AND params.b", "metrics. = 1",
    "params.a = 5", "params.a = b", "params.a > 'b'", "params.a < 5", "params.a IN ('b')",
    "params.a IN ()", "params.a", "params.a =", "params.a = `b`", "parameters.a == 'b'",
    "params.a IS 5", "parameter.a = 1.5", "dataset.name = 5", "dataset.name = b",
    "dataset.name > 'b'", "dataset.name", "dataset.nonsense = 'b'", "dataset.name IN ()",
    "dataset.name IN (5)", "dataset.name IN 'b'", "dataset.name IS NULL", "dataset.name == 'b'",
    "dataset.name = ('b')", "datasets.context LIKE 5", "dataset = 'b'", "run_id IN (5)",
    "run_id IN ('a', 5)", "run_id IN ()", "run_id IN ('a' 'b')", "run_id IN 'a'",
    "run_id IN ('a',)", "run_id IN (a)", "run_id NOT IN ()", "run_id = 5", "run_id > 'a'",
    "run_id == 'a'", "run_id IS NULL", "run_id IN (1.5)", "run_id IN (NULL)", "run_id IN ('a''b')",
    "run_id IN (\"a\")", "run_id IN ('a', ('b'))", "run_id IN ('a\n')", "run_id = ('a')",
    "run_id = ('a', 'b')", "run_id LIKE ('a')", "status = 5", "status > 'FINISHED'",
    "status IN ('FINISHED')", "status = FINISHED", "status = 'NONSENSE'", "run name = 'a'",
    "Run Name = 'a'", "attribute.`run name` > 'a'", "created = 'a'", "Created LIKE 5",
    "end_time = 'a'", "end_time IS NULL", "lifecycle_stage = 'active'", "experiment_id = '1'",
    "attributes.lifecycle_stage = 'active'", "user_id = 5", "artifact_uri > 'a'", "run_uuid = 'a'",
)  # fmt: skip

EXPERIMENT = {"name": "name", "tag": "tags.a", "time": "creation_time"}
OF_EXPERIMENTS = (
    "experiment_id = 'x'", "experiment_id = 5", "experiment_id = '5'", "experiment_id > 5",
    "experiment_id > '5'", "experiment_id LIKE '5'", "experiment_id LIKE 5",
    "experiment_id = '1.5'", "experiment_id = 1.5", "experiment_id IN ('x')",
    "experiment_id IN (5)", "experiment_id IN ('5', 'x')", "experiment_id IN ()",
    "experiment_id IN '5'", "experiment_id = ('5')", "experiment_id = ('5', '6')",
    "experiment_id IS NULL", "experiment_id = ''", "experiment_id = '-5'",
    "experiment_id = '99999999999999999999'", "experiment_id NOT IN ('x')", "experiment_id == '5'",
    "experiment_id = ' 5 '", "experiment_id = '5_0'", "last_update_time = 'a'",
    "last_update_time LIKE 5", "lifecycle_stage = 'active'", "artifact_location = 'a'",
    "name like 'a%'", "name ilike 'a%'", "tags.a like 'b%'", "name in ('a')", "name LiKe 'a'",
    "tags.a iLIKE 'b'",
)  # fmt: skip

REGISTERED_MODEL = {"name": "name", "tag": "tags.a", "time": "last_updated_timestamp"}
OF_REGISTERED_MODELS = (
    "name like 'refused%'", "name ilike 'refused%'", "name in ('refused')",
    "name not in ('refused') AND name = 'a'", "creation_timestamp > 5",
    "last_updated_timestamp > 5", "version_number = 1", "run_id = 'a'", "description = 'a'",
    "aliases.a = 'b'", "name IN ('a', \"b\")",
)  # fmt: skip

MODEL_VERSION = {"name": "name", "tag": "tags.a", "time": "version_number"}
OF_MODEL_VERSIONS = (
    "run_id IN (5)", "run_id IN ()", "run_id = 5", "run_id > 'a'", "source_path IN ('a')",
    "source_path = 5", "source_path > 'a'", "source_path IN ()", "source_path = ('a')",
    "version_number = 'x'", "version_number = '1.5'", "version_number = ''",
    "version_number = ' 1 '", "version_number > '0'", "version_number = ('1')",
    "version_number IN ('1')", "version_number LIKE '1'", "version = 1", "creation_timestamp > 5",
    "current_stage = 'None'", "stage = 'None'", "name = 'a' AND version_number = 'x'",
    "run_id NOT IN 'a'", "source = 'a'", "name LiKe 'refused'", "tags.a ilike 'b'",
    "user_id = 'a'",
)  # fmt: skip

LOGGED_MODEL = {"name": "name", "tag": "tags.a", "time": "creation_timestamp"}
OF_LOGGED_MODELS = (
    "metrics.a = 'b'", "metrics.a", "metrics.a >", "metrics.a > b", "metrics.a = nan",
    "metrics.a LIKE 5", "metrics.a LIKE '5'", "metrics.a IN (5)", "metrics.a IS NULL",
    "metrics.a IS NOT NULL", "metrics.a == 5", "metrics.a <> 5", "metrics.a = '5'",
    "metrics.a = 1.2.3", "metrics.a BETWEEN 1 AND 2", "metric.a = 5", "params.a = 5",
    "params.a = b", "params.a > 'b'", "params.a < 5", "params.a IN ('b')", "params.a IN ()",
    "params.a IN 5", "params.a", "params.a IS NULL", "params.a IN ('b', 5)", "param.a = 'b'",
    "parameters.a = 'b'", "tag.a = 'b'", "attribute.name = 'a'", "dataset.name = 'a'",
    "status = 'READY'", "status = 'NONSENSE'", "status = 5", "status > 'READY'",
    "status LIKE 'READY'", "status IN ('READY')", "model_type > 'a'", "model_type = ''",
    "source_run_id IS NULL", "creation_time = 'a'", "creation_timestamp_ms > 5",
    "last_updated_timestamp_ms > 'a'", "last_updated_timestamp = 1.5", "last_updated_time > 5",
    "model_id > 'a'", "experiment_id = '5'", "artifact_location = 'a'",
    "lifecycle_stage = 'active'", "status_message = 'a'", "model_type != 'a'", "name = \"a\"",
    "name = 'it''s'", "run_id = 'a'", "attributes.`name` = 'a'", "metrics.`a b` = 5",
    "metrics.\"a b\" = 5", "params.a LIKE 5", "params.a ilike b", "metrics.a like 5",
)  # fmt: skip
OF_LOGGED_MODEL_ORDERS = (
    {"field_name": "nonsense"}, {"field_name": ""}, {"field_name": "params.a"},
    {"field_name": "tags.a"}, {"field_name": "metrics."}, {"field_name": "attributes.name"},
    {"field_name": "attribute.name"}, {}, {"field_name": "name DESC"}, {"field_name": "`name`"},
    {"field_name": 5}, {"field_name": None}, {"field_name": "metrics.a", "dataset_name": "d"},
    {"field_name": "metrics.a", "dataset_digest": "d"}, {"field_name": "creation_time"},
    {"field_name": "model_type"}, {"ascending": False}, {"field_name": "name", "ascending": "x"},
    {"field_name": "name", "ascending": None}, "name", 5, None, {"field_name": "metric.a"},
    {"field_name": "status"}, {"field_name": "experiment_id"},
)  # fmt: skip

RUNS = "runs/search"
EXPERIMENTS = "experiments/search"
MODELS = "registered-models/search"
VERSIONS = "model-versions/search"
LOGGED = "logged-models/search"
IN_EXPERIMENT = {"experiment_ids": ["${e}"]}

GROUPS = {
    "runs": [
        created("refused-runs", "e"),
        *filtered(RUNS, filled(SHAPES, **RUN), **IN_EXPERIMENT),
        *filtered(RUNS, filled(NUMBERS, **RUN), **IN_EXPERIMENT),
        *filtered(RUNS, OF_RUNS, **IN_EXPERIMENT),
        *ordered(RUNS, RUN, **IN_EXPERIMENT),
        *paged(RUNS, **IN_EXPERIMENT),
    ],
    "experiments": [
        *filtered(
            EXPERIMENTS, filled(SHAPES, **EXPERIMENT), max_results=1, order_by=["experiment_id"]
        ),
        *filtered(
            EXPERIMENTS, filled(NUMBERS, **EXPERIMENT), max_results=1, order_by=["experiment_id"]
        ),
        *filtered(EXPERIMENTS, OF_EXPERIMENTS, max_results=1, order_by=["experiment_id"]),
        *ordered(EXPERIMENTS, EXPERIMENT, max_results=1, filter="name = 'refused-none'"),
        *paged(EXPERIMENTS, filter="name = 'refused-none'"),
    ],
    "registered models": [
        *asked(MODELS, filled(SHAPES, **REGISTERED_MODEL)),
        *asked(MODELS, OF_REGISTERED_MODELS),
        *asked_in_order(MODELS, REGISTERED_MODEL),
        *asked_by_page(MODELS),
    ],
    "model versions": [
        *asked(VERSIONS, filled(SHAPES, **MODEL_VERSION)),
        *asked(VERSIONS, of_none(filled(NUMBERS, **MODEL_VERSION))),
        *asked(VERSIONS, of_none(OF_MODEL_VERSIONS)),
        *asked_in_order(VERSIONS, MODEL_VERSION),
        *asked_by_page(VERSIONS),
    ],
    "logged models": [
        created("refused-logged-models", "e"),
        *filtered(LOGGED, filled(SHAPES, **LOGGED_MODEL), **IN_EXPERIMENT),
        *filtered(LOGGED, filled(NUMBERS, **LOGGED_MODEL), **IN_EXPERIMENT),
        *filtered(LOGGED, OF_LOGGED_MODELS, **IN_EXPERIMENT),
        *posts(
            LOGGED, *({"order_by": [order]} for order in OF_LOGGED_MODEL_ORDERS), **IN_EXPERIMENT
        ),
        *posts(LOGGED, {"order_by": [{"field_name": "name"}] * 2}, **IN_EXPERIMENT),
        *posts(
            LOGGED, {"datasets": [{}]}, {"datasets": [{"dataset_digest": "d"}]}, **IN_EXPERIMENT
        ),
        *paged(LOGGED, **IN_EXPERIMENT),
    ],
}
