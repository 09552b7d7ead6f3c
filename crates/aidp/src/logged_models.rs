//! The search over logged models.

use std::sync::Arc;

use ferroflow_model::logged_models::{LoggedModel, LoggedModelOrder, SearchLoggedModels};
use ferroflow_model::metrics::ModelMetric;
use ferroflow_model::{Context, Error, Permission, Resource, Result, RunId};
use ferroflow_service::Service;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Listed;
use crate::fields::{Flag, List, Object, Required};
use crate::limits;
use crate::metrics::MetricBody;
use crate::operation::{Operations, workspace};
use crate::page::{PageSize, page};
use crate::runs::{ExperimentIds, experiment_ids};
use crate::tags::{KeyValueBody, bodies};

/// Declares the operation on logged models.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::LoggedModels);
    let path = workspace("mlflow/logged-models/search");
    operations.search(path, "listLoggedModels", READ, search);
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    experiment_ids: ExperimentIds,
    max_results: Option<PageSize<100, 1000>>,
    page_token: Option<limits::PageToken>,
    filter: Option<limits::Expression>,
    order_by: Option<List<Object<Order>, { limits::ORDER_BY_CLAUSES }>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "LoggedModelOrder")]
struct Order {
    field_name: Required<limits::Lookup>,
    ascending: Option<Flag<true>>,
}

#[derive(Serialize, JsonSchema)]
struct Collection {
    models: Vec<ModelBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoggedModel")]
struct ModelBody {
    info: InfoBody,
    data: DataBody,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoggedModelInfo")]
struct InfoBody {
    model_id: String,
    experiment_id: String,
    name: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_run_id: Option<String>,
    tags: Vec<KeyValueBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoggedModelData")]
struct DataBody {
    params: Vec<KeyValueBody>,
    metrics: Vec<ModelMetricBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoggedModelMetric")]
struct ModelMetricBody {
    #[serde(flatten)]
    point: MetricBody,
    run_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_digest: Option<String>,
}

impl From<LoggedModel> for ModelBody {
    fn from(model: LoggedModel) -> Self {
        Self {
            info: InfoBody {
                model_id: model.model_id.into_string(),
                experiment_id: model.experiment_id.to_string(),
                name: model.name,
                creation_timestamp_ms: model.created_ms,
                last_updated_timestamp_ms: model.updated_ms,
                artifact_uri: model.artifact_uri,
                status: model.status.as_str(),
                model_type: model.model_type,
                source_run_id: model.source_run_id.map(RunId::into_string),
                tags: bodies(model.tags),
            },
            data: DataBody {
                params: bodies(model.params),
                metrics: model.metrics.into_iter().map(Into::into).collect(),
            },
        }
    }
}

impl From<ModelMetric> for ModelMetricBody {
    fn from(metric: ModelMetric) -> Self {
        let (dataset_name, dataset_digest) = match metric.dataset {
            Some(dataset) => (Some(dataset.name), Some(dataset.digest)),
            None => (None, None),
        };
        Self {
            point: metric.metric.into(),
            run_id: metric.run_id.into_string(),
            dataset_name,
            dataset_digest,
        }
    }
}

impl TryFrom<Search> for SearchLoggedModels {
    type Error = Error;

    fn try_from(input: Search) -> Result<Self> {
        Ok(Self {
            experiment_ids: experiment_ids(input.experiment_ids)?,
            filter: input.filter.map(String::from),
            datasets: Vec::new(),
            order_by: input.order_by.unwrap_or_default().parse(order)?,
            page: page(input.max_results, input.page_token),
        })
    }
}

/// Oracle's one name for a key, `creation_time`, is beside those of MLflow.
fn order(index: usize, Object(order): Object<Order>) -> Result<LoggedModelOrder> {
    let field_name = (order.field_name).text(format_args!("order_by[{index}].field_name"))?;
    let field_name = match field_name.as_str() {
        "creation_time" => "creation_timestamp".to_owned(),
        _ => field_name,
    };
    Ok(LoggedModelOrder {
        field_name,
        ascending: order.ascending.unwrap_or_default().0,
        dataset_name: None,
        dataset_digest: None,
    })
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Listed<Collection>> {
    let page = service
        .search_logged_models(&context, input.try_into()?)
        .await?;
    let body = |models, next_page_token| Collection {
        models,
        next_page_token,
    };
    Ok(Listed::new(page, ModelBody::from, body))
}

#[cfg(test)]
mod tests {
    use ferroflow_model::logged_models::LoggedModelStatus;
    use ferroflow_model::metrics::{Metric, MetricDataset};
    use ferroflow_model::{Etag, ExperimentId, ModelId, Param};
    use serde_json::json;

    use super::*;
    use crate::decode::decode;

    #[test]
    fn oracle_s_name_of_an_order_is_known() {
        let body = br#"{"order_by": [
            {"field_name": "creation_time", "ascending": false}, {"field_name": "metrics.loss"}
        ]}"#;
        let search = SearchLoggedModels::try_from(decode::<Search>(body).unwrap()).unwrap();
        let order: Vec<_> = search
            .order_by
            .iter()
            .map(|order| (order.field_name.as_str(), order.ascending))
            .collect();
        assert_eq!(
            order,
            [("creation_timestamp", false), ("metrics.loss", true)]
        );
        assert_eq!(search.page.max_results, 100);
        let keyless = decode::<Search>(br#"{"order_by": [{}]}"#).unwrap();
        let error = SearchLoggedModels::try_from(keyless).unwrap_err();
        assert!(
            error.message().contains("'order_by[0].field_name'"),
            "{error}"
        );
    }

    #[test]
    fn an_answer_shows_what_a_model_is_and_holds() {
        let metric = |dataset| ModelMetric {
            metric: Metric {
                key: "loss".to_owned(),
                value: f64::NAN,
                timestamp_ms: 5,
                step: 1,
            },
            run_id: RunId::new("r"),
            dataset,
        };
        let dataset = MetricDataset {
            name: "iris".to_owned(),
            digest: "abc".to_owned(),
        };
        let model = LoggedModel {
            model_id: ModelId::new("m-1"),
            experiment_id: ExperimentId::new(3),
            name: "n".to_owned(),
            artifact_uri: "a".to_owned(),
            status: LoggedModelStatus::Ready,
            status_message: None,
            model_type: None,
            source_run_id: Some(RunId::new("r")),
            created_ms: 1,
            updated_ms: 2,
            is_deleted: false,
            tags: Vec::new(),
            params: vec![Param {
                key: "depth".to_owned(),
                value: "3".to_owned(),
            }],
            metrics: vec![metric(None), metric(Some(dataset))],
            etag: Etag {
                row: 1,
                revision: 1,
            },
        };
        let expected = json!({
            "info": {
                "model_id": "m-1", "experiment_id": "3", "name": "n",
                "creation_timestamp_ms": 1, "last_updated_timestamp_ms": 2,
                "artifact_uri": "a", "status": "LOGGED_MODEL_READY", "source_run_id": "r", "tags": [],
            },
            "data": {
                "params": [{"key": "depth", "value": "3"}],
                "metrics": [
                    {"key": "loss", "value": "NaN", "timestamp": 5, "step": 1, "run_id": "r"},
                    {
                        "key": "loss", "value": "NaN", "timestamp": 5, "step": 1, "run_id": "r",
                        "dataset_name": "iris", "dataset_digest": "abc",
                    },
                ],
            },
        });
        assert_eq!(
            serde_json::to_value(ModelBody::from(model)).unwrap(),
            expected
        );
    }
}
