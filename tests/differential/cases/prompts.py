"""Prompts: registered models and versions with tags of their own."""

from differential.case import get, patch, post, tagged
from differential.cases.model_versions import PROMPT, version
from differential.cases.registered_models import model, read

IS_PROMPT = "mlflow.prompt.is_prompt"
TEXT = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
LONG_TEXT = {**TEXT, "value": "v" * 100_001}
TYPE = {"key": "_mlflow_prompt_type", "value": "text"}


def search(filter_string: str):
    return get("registered-models/search", filter=filter_string)


PROMPTS = [
    model("prompt", **PROMPT),
    model("prompt"),
    model("prompt", **PROMPT),
    model("no-prompt"),
    model("no-prompt", **PROMPT),
    model("prompt-false", **tagged(IS_PROMPT, "false")),
    model("prompt-upper", **tagged(IS_PROMPT, "TRUE")),
    read("prompt"),
    version("prompt", source="dummy-source", tags=[*PROMPT["tags"], TEXT, TYPE]),
    version("prompt", source="dummy-source", tags=[*PROMPT["tags"], LONG_TEXT]),
    version("prompt", source="dummy-source", tags=[TEXT]),
    get("model-versions/get", name="prompt", version=1),
    get("model-versions/get-download-uri", name="prompt", version=1),
    get("model-versions/search", filter="name = 'prompt'"),
    get("model-versions/search", filter=f"name = 'prompt' AND tags.`{IS_PROMPT}` = 'true'"),
    search("name LIKE 'prompt%'"),
    search("name LIKE '%prompt%'"),
    search(f"name LIKE 'prompt%' AND tags.`{IS_PROMPT}` = 'true'"),
    search(f"name LIKE 'prompt%' AND tags.`{IS_PROMPT}` = 'false'"),
    search(f"name LIKE 'prompt%' AND tags.`{IS_PROMPT}` != 'true'"),
    search(f"name LIKE 'prompt%' AND tags.`{IS_PROMPT}` LIKE 'tr%'"),
    post("registered-models/alias", {"name": "prompt", "alias": "production", "version": "1"}),
    get("registered-models/alias", name="prompt", alias="production"),
    patch("model-versions/update", {"name": "prompt", "version": "1", "description": "c"}),
    post("registered-models/rename", {"name": "prompt", "new_name": "prompt-renamed"}),
    post("model-versions/transition-stage", {"name": "prompt", "version": "1", "stage": "Staging"}),
    version("no-prompt", source="models:/prompt/1"),
    version("no-prompt", source="models:/prompt-renamed/1"),
]  # fmt: skip

GROUPS = {"prompts": PROMPTS}
