//! Every size has a limit. Lengths are in characters (Unicode scalar values) unless they say bytes.

/// Platform ids and workspace keys (AIDP, path parameters).
pub const TENANT_KEY_CHARACTERS: usize = 500;
/// `opc-retry-token` (AIDP).
pub const RETRY_TOKEN_CHARACTERS: usize = 64;
/// How long a retry token is remembered, in milliseconds: 24 hours (AIDP).
pub const RETRY_TOKEN_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// `opc-request-id` (AIDP).
pub const REQUEST_ID_CHARACTERS: usize = 255;
/// Names of experiments (MLflow).
pub const EXPERIMENT_NAME_CHARACTERS: usize = 500;
/// Keys of metrics, params and tags (MLflow, AIDP).
pub const ENTITY_KEY_CHARACTERS: usize = 250;
/// Values of params (MLflow).
pub const PARAM_VALUE_CHARACTERS: usize = 6000;
/// Values of tags of runs (MLflow).
pub const RUN_TAG_VALUE_CHARACTERS: usize = 8000;
/// Values of tags of experiments (MLflow).
pub const EXPERIMENT_TAG_VALUE_CHARACTERS: usize = 20_000;
/// Values of tags of registered models and their versions (MLflow).
pub const REGISTRY_TAG_VALUE_CHARACTERS: usize = 100_000;
/// Artifact locations and model sources (MLflow).
pub const ARTIFACT_LOCATION_CHARACTERS: usize = 2048;
/// Metrics in one batch (MLflow).
pub const BATCH_METRICS: usize = 1000;
/// Params in one batch (MLflow).
pub const BATCH_PARAMS: usize = 100;
/// Tags in one batch (MLflow).
pub const BATCH_TAGS: usize = 100;
/// Metrics, params and tags in one batch together (MLflow).
pub const BATCH_ENTITIES: usize = 1000;
/// Alias names (MLflow).
pub const ALIAS_CHARACTERS: usize = 255;
/// Names of registered models (AIDP; MLflow's column has 256).
pub const MODEL_NAME_CHARACTERS: usize = 256;
