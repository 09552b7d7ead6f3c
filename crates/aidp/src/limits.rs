//! The limits of this dialect, as types of fields. Lengths are in characters. Oracle states those
//! of creating a model version and the sizes of some pages; the others are ours, listed in
//! `docs/aidp.md`.

use ferroflow_model::limits;
use ferroflow_search::{MAX_FILTER_CHARACTERS, MAX_ORDER_BY_CLAUSES};

use crate::fields::Text;

/// Texts that only have to be there: ids and names that are looked up.
pub(crate) type Lookup = Text<1, 500>;
/// Names of registered models.
pub(crate) type ModelName = Text<1, 255>;
/// Names of experiments.
pub(crate) type ExperimentName = Text<1, { limits::EXPERIMENT_NAME_CHARACTERS }>;
/// Names of runs; an empty one means a random one.
pub(crate) type RunName = Text<0, 255>;
/// Descriptions of registered models and versions.
pub(crate) type Description = Text<0, 5000>;
/// The source of a version.
pub(crate) type Source = Text<1, 500>;
/// The run that made a version.
pub(crate) type OriginRunId = Text<1, 32>;
/// The number of a version.
pub(crate) type Version = Text<1, 64>;
/// A link to the run that made a version.
pub(crate) type RunLink = Text<0, 500>;
/// The logged model that a version was made from.
pub(crate) type OriginModelId = Text<0, 36>;
/// The deployment job of a registered model.
pub(crate) type DeploymentJobId = Text<0, 255>;
/// Artifact locations of experiments.
pub(crate) type ArtifactLocation = Text<0, { limits::ARTIFACT_LOCATION_CHARACTERS }>;
/// Keys of tags, params and metrics.
pub(crate) type Key = Text<1, { limits::ENTITY_KEY_CHARACTERS }>;
/// Values of tags.
pub(crate) type TagValue = Text<0, 8000>;
/// Values of params.
pub(crate) type ParamValue = Text<0, { limits::PARAM_VALUE_CHARACTERS }>;
/// The description of a model that a run logs.
pub(crate) type ModelJson = Text<1, 1_000_000>;
/// A page token.
pub(crate) type PageToken = Text<0, 4096>;
/// A path among artifacts.
pub(crate) type ArtifactPath = Text<0, 2048>;
/// A catalog or schema.
pub(crate) type Catalog = Text<1, 255>;
/// The text of a filter, or of an order.
pub(crate) type Expression = Text<0, MAX_FILTER_CHARACTERS>;
/// One clause of an order.
pub(crate) type Clause = Text<1, MAX_FILTER_CHARACTERS>;

/// The name of a dataset.
pub(crate) type DatasetName = Text<1, 500>;
/// The digest of a dataset.
pub(crate) type DatasetDigest = Text<1, 36>;
/// The kind of a dataset's source.
pub(crate) type DatasetSourceType = Text<1, 36>;
/// The source of a dataset.
pub(crate) type DatasetSource = Text<1, 65_535>;
/// The schema of a dataset.
pub(crate) type DatasetSchema = Text<0, 1_048_575>;
/// The profile of a dataset.
pub(crate) type DatasetProfile = Text<0, 16_777_215>;
/// Keys of the tags of a dataset input.
pub(crate) type InputTagKey = Text<1, 255>;
/// Values of the tags of a dataset input.
pub(crate) type InputTagValue = Text<0, 500>;

/// Tags of a new version.
pub(crate) const VERSION_TAGS: usize = 20;
/// Tags in any other request.
pub(crate) const TAGS: usize = limits::BATCH_TAGS;
/// Datasets in one request.
pub(crate) const DATASET_INPUTS: usize = 1000;
/// Experiments that one search looks at.
pub(crate) const EXPERIMENT_IDS: usize = 10_000;
/// Clauses of one `order_by`.
pub(crate) const ORDER_BY_CLAUSES: usize = MAX_ORDER_BY_CLAUSES;
