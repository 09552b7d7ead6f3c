-- Tenants. A platform owns a registry, a workspace in it owns tracking. To clients of MLflow a
-- platform is a workspace, if its id is a name for one; what they set for it stands here too.
CREATE TABLE platforms (
    platform_pk {pk},
    platform_id {text} NOT NULL,
    created_ms BIGINT NOT NULL,
    is_workspace BOOLEAN NOT NULL,
    description {text},
    default_artifact_root {text},
    trace_archival_location {text},
    trace_archival_retention {text},
    -- A deleted platform cannot be found, and its id is free; its rows are purged bit by bit.
    deleted_ms BIGINT
);

CREATE UNIQUE INDEX platforms_by_id ON platforms (platform_id) WHERE deleted_ms IS NULL;
CREATE INDEX platforms_deleted ON platforms (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX platforms_by_workspace ON platforms (platform_id)
    WHERE is_workspace AND deleted_ms IS NULL;

CREATE TABLE workspaces (
    workspace_pk {pk},
    platform_pk BIGINT NOT NULL,
    workspace_key {text} NOT NULL,
    created_ms BIGINT NOT NULL,
    next_experiment BIGINT NOT NULL,
    UNIQUE (platform_pk, workspace_key)
);

-- The interned keys of metrics, params and tags: written once, never changed or deleted, so that
-- every server may remember them.
CREATE TABLE entity_keys (
    key_id {pk},
    name {text} NOT NULL UNIQUE
);

-- Experiments, numbered within their workspace.
CREATE TABLE experiments (
    experiment_pk {pk},
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    number BIGINT NOT NULL,
    name {text} NOT NULL,
    artifact_location {text} NOT NULL,
    lifecycle {text} NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (workspace_pk, number),
    UNIQUE (workspace_pk, name)
);

-- The default order of a search.
CREATE INDEX experiments_by_creation
    ON experiments (workspace_pk, lifecycle, created_ms DESC, number);

CREATE TABLE experiment_tags (
    experiment_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (experiment_pk, key_id)
){clustered};

CREATE TABLE runs (
    run_pk {pk},
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    run_id {text} NOT NULL,
    name {text} NOT NULL,
    user_id {text} NOT NULL,
    status {text} NOT NULL,
    start_ms BIGINT NOT NULL,
    end_ms BIGINT,
    artifact_uri {text} NOT NULL,
    lifecycle {text} NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (platform_pk, run_id)
);

-- The default order of a search; the lifecycle stage is nearly always one of two.
CREATE INDEX runs_by_start ON runs (experiment_pk, lifecycle, start_ms DESC, run_id);

CREATE TABLE run_params (
    run_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    value {text} NOT NULL,
    {head}
    PRIMARY KEY (run_pk, key_id)
){clustered};

-- Searches find runs by these indexes, and take the order from them.
CREATE INDEX run_params_by_value ON run_params (experiment_pk, key_id, {indexed value}, run_pk);

CREATE TABLE run_tags (
    run_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    value {text} NOT NULL,
    {head}
    PRIMARY KEY (run_pk, key_id)
){clustered};

CREATE INDEX run_tags_by_value ON run_tags (experiment_pk, key_id, {indexed value}, run_pk);

-- The latest point of each series of a run.
CREATE TABLE run_metrics (
    run_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    step BIGINT NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BOOLEAN NOT NULL,
    -- Whether time never goes back while steps go on.
    is_in_time BOOLEAN NOT NULL,
    PRIMARY KEY (run_pk, key_id)
){clustered};

CREATE INDEX run_metrics_by_value ON run_metrics (experiment_pk, key_id, is_nan, value, run_pk);

-- The points of each series, packed into blocks in the order of step, time and value. The block
-- that goes on is apart from the full ones, so that those of a run are neighbours: a batch over
-- many series writes few pages. A series of one point has none.
CREATE TABLE metric_tails (
    run_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    point_count BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (run_pk, key_id)
){rewritten};

-- Full blocks, known by their last points.
CREATE TABLE metric_blocks (
    experiment_pk BIGINT NOT NULL,
    run_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    last_timestamp_ms BIGINT NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    last_is_nan BOOLEAN NOT NULL,
    first_step BIGINT NOT NULL,
    point_count BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (experiment_pk, run_pk, key_id, last_step, last_timestamp_ms, last_value, last_is_nan)
){clustered};

-- Datasets, shared within an experiment; the first description of a name and digest wins.
CREATE TABLE datasets (
    dataset_pk {pk},
    experiment_pk BIGINT NOT NULL,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    source_type {text} NOT NULL,
    source {text} NOT NULL,
    schema_json {text},
    profile_json {text},
    UNIQUE (experiment_pk, name, digest)
);

CREATE TABLE run_dataset_inputs (
    run_pk BIGINT NOT NULL,
    dataset_pk BIGINT NOT NULL,
    -- The tag of that name, where there is one: datasets are listed with the contexts of all runs.
    context {text},
    PRIMARY KEY (run_pk, dataset_pk)
){clustered};

CREATE INDEX run_dataset_inputs_by_dataset ON run_dataset_inputs (dataset_pk, context);

CREATE TABLE run_dataset_input_tags (
    run_pk BIGINT NOT NULL,
    dataset_pk BIGINT NOT NULL,
    name {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (run_pk, dataset_pk, name)
){clustered};

CREATE TABLE run_model_inputs (
    run_pk BIGINT NOT NULL,
    model_id {text} NOT NULL,
    PRIMARY KEY (run_pk, model_id)
){clustered};

CREATE TABLE run_model_outputs (
    run_pk BIGINT NOT NULL,
    model_id {text} NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run_pk, model_id)
){clustered};

CREATE TABLE logged_models (
    logged_model_pk {pk},
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    model_id {text} NOT NULL,
    name {text} NOT NULL,
    artifact_uri {text} NOT NULL,
    status BIGINT NOT NULL,
    status_message {text},
    model_type {text},
    source_run_id {text},
    lifecycle {text} NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (platform_pk, model_id)
);

CREATE INDEX logged_models_by_creation
    ON logged_models (experiment_pk, lifecycle, created_ms DESC, model_id);

CREATE TABLE logged_model_params (
    logged_model_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (logged_model_pk, key_id)
){clustered};

CREATE TABLE logged_model_tags (
    logged_model_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    experiment_pk BIGINT NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (logged_model_pk, key_id)
){clustered};

-- Points of a logged model; an empty dataset name and digest mean none.
CREATE TABLE logged_model_metrics (
    logged_model_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id {text} NOT NULL,
    experiment_pk BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BOOLEAN NOT NULL,
    dataset_name {text} NOT NULL,
    dataset_digest {text} NOT NULL,
    PRIMARY KEY (logged_model_pk, key_id, timestamp_ms, step, run_id, dataset_name, dataset_digest)
){clustered};

-- The latest point of each series of a logged model: that of the latest time, then of the highest
-- step, then of the first run in the order of ids.
CREATE TABLE logged_model_latest_metrics (
    logged_model_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id {text} NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BOOLEAN NOT NULL,
    PRIMARY KEY (logged_model_pk, key_id)
){clustered};

-- The registry. `last_version` counts up only, so that a number is never used again.
CREATE TABLE registered_models (
    model_pk {pk},
    platform_pk BIGINT NOT NULL,
    name {text} NOT NULL,
    description {text} NOT NULL,
    deployment_job_id {text},
    is_prompt BOOLEAN NOT NULL,
    last_version BIGINT NOT NULL,
    version_count BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (platform_pk, name)
);

CREATE INDEX registered_models_by_update ON registered_models (platform_pk, updated_ms, name);

CREATE TABLE registered_model_tags (
    model_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    value {text} NOT NULL,
    {head}
    PRIMARY KEY (model_pk, key_id)
){clustered};

CREATE INDEX registered_model_tags_by_value
    ON registered_model_tags (key_id, {indexed value}, model_pk);

CREATE TABLE registered_model_aliases (
    model_pk BIGINT NOT NULL,
    alias {text} NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (model_pk, alias)
){clustered};

CREATE INDEX registered_model_aliases_by_version
    ON registered_model_aliases (model_pk, version);

-- One among a hundred thousand versions of a model is found by `UNIQUE (model_pk, version)`.
CREATE TABLE model_versions (
    version_pk {pk},
    model_pk BIGINT NOT NULL,
    version BIGINT NOT NULL,
    platform_pk BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    user_id {text} NOT NULL,
    stage {text} NOT NULL,
    description {text},
    source {text} NOT NULL,
    storage_location {text},
    run_id {text},
    run_link {text} NOT NULL,
    status {text} NOT NULL,
    status_message {text} NOT NULL,
    model_id {text},
    -- The logged model that was found under that id when the version was made.
    logged_model_pk BIGINT,
    revision BIGINT NOT NULL,
    UNIQUE (model_pk, version)
);

CREATE INDEX model_versions_by_stage ON model_versions (model_pk, stage, version DESC);
CREATE INDEX model_versions_by_update ON model_versions (model_pk, updated_ms DESC, version DESC);
CREATE INDEX model_versions_by_creation ON model_versions (model_pk, created_ms DESC, version DESC);
CREATE INDEX model_versions_by_platform ON model_versions (platform_pk, updated_ms DESC);
CREATE INDEX model_versions_of_platform_by_creation ON model_versions (platform_pk, created_ms DESC);
CREATE INDEX model_versions_by_run ON model_versions (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE model_version_tags (
    version_pk BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    value {text} NOT NULL,
    {head}
    PRIMARY KEY (version_pk, key_id)
){clustered};

CREATE INDEX model_version_tags_by_value
    ON model_version_tags (key_id, {indexed value}, version_pk);

-- What every write carries beside its effect.
CREATE TABLE retry_tokens (
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    principal {text} NOT NULL,
    operation {text} NOT NULL,
    token {text} NOT NULL,
    fingerprint_high BIGINT NOT NULL,
    fingerprint_low BIGINT NOT NULL,
    result_row BIGINT NOT NULL,
    result_part BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (platform_pk, workspace_pk, principal, operation, token)
){clustered};

CREATE INDEX retry_tokens_by_age ON retry_tokens (created_ms);

CREATE TABLE audit_events (
    event_pk {row},
    at_ms BIGINT NOT NULL,
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    principal {text} NOT NULL,
    request_id {text} NOT NULL,
    operation {text} NOT NULL,
    entity {text} NOT NULL,
    entity_key {text} NOT NULL,
    before_json {text},
    after_json {text}
);

CREATE TABLE outbox_events (
    event_pk {pk},
    at_ms BIGINT NOT NULL,
    platform_pk BIGINT NOT NULL,
    workspace_pk BIGINT NOT NULL,
    operation {text} NOT NULL,
    entity {text} NOT NULL,
    entity_key {text} NOT NULL,
    after_json {text}
);
