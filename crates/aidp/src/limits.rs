//! The limits of this dialect, in characters unless they say otherwise. Oracle states those of
//! creating a model version and the sizes of some pages; the others are ours, listed in
//! `docs/aidp.md`.

use std::ops::RangeInclusive;

/// How many characters a text may have.
pub(crate) type Length = RangeInclusive<usize>;

/// Texts that only have to be there: ids and names that are looked up.
pub(crate) const LOOKUP: Length = 1..=500;
/// Names of registered models.
pub(crate) const MODEL_NAME: Length = 1..=255;
/// Names of experiments.
pub(crate) const EXPERIMENT_NAME: Length = 1..=ferroflow_model::limits::EXPERIMENT_NAME_CHARACTERS;
/// Names of runs; an empty one means a random one.
pub(crate) const RUN_NAME: Length = 0..=255;
/// Descriptions of registered models and versions.
pub(crate) const DESCRIPTION: Length = 0..=5000;
/// The source of a version.
pub(crate) const SOURCE: Length = 1..=500;
/// The run that made a version.
pub(crate) const RUN_ID: Length = 1..=32;
/// The number of a version, as text.
pub(crate) const VERSION: Length = 1..=64;
/// A link to that run.
pub(crate) const RUN_LINK: Length = 0..=500;
/// The logged model that a version was made from.
pub(crate) const MODEL_ID: Length = 0..=36;
/// The deployment job of a registered model.
pub(crate) const DEPLOYMENT_JOB_ID: Length = 0..=255;
/// Artifact locations of experiments.
pub(crate) const ARTIFACT_LOCATION: Length =
    0..=ferroflow_model::limits::ARTIFACT_LOCATION_CHARACTERS;
/// Keys of tags, params and metrics.
pub(crate) const KEY: Length = 1..=ferroflow_model::limits::ENTITY_KEY_CHARACTERS;
/// Values of tags.
pub(crate) const TAG_VALUE: Length = 0..=8000;
/// Values of params.
pub(crate) const PARAM_VALUE: Length = 0..=ferroflow_model::limits::PARAM_VALUE_CHARACTERS;
/// The description of a model that a run logs, as JSON text.
pub(crate) const MODEL_JSON: Length = 1..=1_000_000;
/// A page token.
pub(crate) const PAGE_TOKEN: Length = 0..=4096;
/// A path among artifacts.
pub(crate) const ARTIFACT_PATH: Length = 0..=2048;
/// A catalog or schema.
pub(crate) const CATALOG: Length = 1..=255;
/// The text of a filter, or of one `order_by`; the grammar has its own, smaller limit.
pub(crate) const FILTER: Length = 0..=65_536;

/// Fields of a dataset.
pub(crate) const DATASET_NAME: Length = 1..=500;
/// Fields of a dataset.
pub(crate) const DATASET_DIGEST: Length = 1..=36;
/// Fields of a dataset.
pub(crate) const DATASET_SOURCE_TYPE: Length = 1..=36;
/// Fields of a dataset.
pub(crate) const DATASET_SOURCE: Length = 1..=65_535;
/// Fields of a dataset.
pub(crate) const DATASET_SCHEMA: Length = 0..=1_048_575;
/// Fields of a dataset.
pub(crate) const DATASET_PROFILE: Length = 0..=16_777_215;
/// Keys of the tags of a dataset input.
pub(crate) const INPUT_TAG_KEY: Length = 1..=255;
/// Values of the tags of a dataset input.
pub(crate) const INPUT_TAG_VALUE: Length = 0..=500;

/// Tags of a new version.
pub(crate) const VERSION_TAGS: usize = 20;
/// Tags in any other request.
pub(crate) const TAGS: usize = ferroflow_model::limits::BATCH_TAGS;
/// Datasets in one request.
pub(crate) const DATASET_INPUTS: usize = 1000;
/// Experiments that one search looks at.
pub(crate) const EXPERIMENT_IDS: usize = 10_000;
/// Clauses of one `order_by`.
pub(crate) const ORDER_BY_CLAUSES: usize = 100;
