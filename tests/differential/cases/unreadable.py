"""What the reference cannot read, and drops with all that comes after it; what it keeps of a
refused request; what is absent though it matters. The servers then store different things, so that
nothing here is read again."""

from differential.case import patch, post, posts
from differential.cases.experiments import created
from differential.cases.logged_models import new_model
from differential.cases.runs import new_run

ARGUMENTS = [
    created("unreadable", "e"),
    new_run(),
    *posts(
        "runs/create",
        {"start_time": 5.7},
        {"start_time": 1e30},
        {"start_time": True},
        {"start_time": 1, "user_id": 5},
        {"start_time": 1, "tags": "x"},
        {"start_time": 1, "tags": [5]},
        {"start_time": 1, "tags": [{"key": "k", "value": 5}]},
        experiment_id="${e}",
        run_name="unreadable",
    ),
    *posts(
        "runs/log-metric",
        {"value": "nan", "timestamp": 13},
        {"value": 1, "timestamp": 1.5},
        {"value": 1, "timestamp": 1, "step": 1.5},
        {"value": 1, "timestamp": 1, "step": True},
        {"value": 1, "timestamp": 1, "step": 2**63},
        run_id="${run}",
        key="m",
    ),
    *posts(
        "runs/log-batch",
        {"params": [{"key": "w", "value": 5}]},
        {"params": [{"key": "w", "value": ["x"]}]},
        {"metrics": [{"key": "a", "value": "x", "timestamp": 1}]},
        {"metrics": [{"key": "a", "value": 1, "timestamp": "x"}]},
        {"metrics": [{"key": "a", "value": 1, "timestamp": 7.5}]},
        {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": "x"}]},
        {"tags": [{"key": "w", "value": 5}]},
        run_id="${run}",
    ),
    new_model(),
    patch("logged-models/${model}/tags", {"tags": [5]}),
]

ABSENT = [
    created("absent", "e"),
    post("runs/create", {"experiment_id": "${e}", "run_name": "n"}),
    post("runs/create", {"experiment_id": "${e}", "run_name": "n", "start_time": None}),
    *posts("runs/create", {"experiment_id": ""}, {"experiment_id": None}, {}, start_time=1),
]

NUL = [
    created("nul", "e"),
    new_run(),
    post("runs/log-parameter", {"run_id": "${run}", "key": "nul", "value": "a\u0000b"}),
    post("runs/set-tag", {"run_id": "${run}", "key": "nul", "value": "a\u0000b"}),
]

# The reference logs the metric to the run before it finds that the logged model is not there.
HALF_LOGGED = [
    created("half-logged", "e"),
    new_run(),
    *posts(
        "runs/log-batch",
        {"metrics": [{"key": "lm", "value": 1, "timestamp": 1, "model_id": "m-nope"}]},
        run_id="${run}",
    ),
]

GROUPS = {"half_logged": HALF_LOGGED, "arguments": ARGUMENTS, "absent": ABSENT, "nul": NUL}
