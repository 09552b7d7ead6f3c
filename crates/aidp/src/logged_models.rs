//! The search over logged models.

use std::sync::Arc;

use ferroflow_model::logged_models::{LoggedModel, LoggedModelOrder, SearchLoggedModels};
use ferroflow_model::metrics::ModelMetric;
use ferroflow_model::{Context, Error, Permission, Resource, Result, RunId};
use ferroflow_service::Service;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::fields::{Integer, Object, Text, list, required_text};
use crate::filter::filter;
use crate::limits;
use crate::metrics::MetricBody;
use crate::operation::{Operations, workspace};
use crate::page::PageSize;
use crate::runs::experiment_ids;
use crate::tags::{KeyValueBody, bodies};

const PAGE_SIZE: PageSize = PageSize {
    default: 100,
    maximum: 1000,
};

/// Declares the operation on logged models.
pub(crate) fn declare(operations: &mut Operations) {
    const READ: Permission = Permission::read(Resource::LoggedModels);
    let path = workspace("mlflow/logged-models/search");
    operations.search(path, "listLoggedModels", READ, search);
}

#[derive(Deserialize, Serialize)]
struct Search {
    experiment_ids: Option<Vec<Text>>,
    max_results: Option<Integer>,
    page_token: Option<Text>,
    filter: Option<Text>,
    order_by: Option<Vec<Object<Order>>>,
}

#[derive(Deserialize, Serialize)]
struct Order {
    field_name: Option<Text>,
    ascending: Option<bool>,
}

#[derive(Serialize)]
struct Collection {
    models: Vec<ModelBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize)]
struct ModelBody {
    info: InfoBody,
    data: DataBody,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
struct DataBody {
    params: Vec<KeyValueBody>,
    metrics: Vec<ModelMetricBody>,
}

#[derive(Serialize)]
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
            filter: filter(input.filter)?,
            datasets: Vec::new(),
            order_by: list("order_by", input.order_by, limits::ORDER_BY_CLAUSES, order)?,
            page: PAGE_SIZE.parse(input.max_results, input.page_token)?,
        })
    }
}

/// Oracle's one name for a key, `creation_time`, is beside those of MLflow.
fn order(index: usize, Object(order): Object<Order>) -> Result<LoggedModelOrder> {
    let place = format_args!("order_by[{index}].field_name");
    let field_name = required_text(place, order.field_name, limits::LOOKUP)?;
    let field_name = match field_name.as_str() {
        "creation_time" => "creation_timestamp".to_owned(),
        _ => field_name,
    };
    Ok(LoggedModelOrder {
        field_name,
        ascending: order.ascending.unwrap_or(true),
        dataset_name: None,
        dataset_digest: None,
    })
}

async fn search(
    service: Arc<Service>,
    context: Context,
    input: Search,
) -> Result<Answer<Collection>> {
    let page = service
        .search_logged_models(&context, input.try_into()?)
        .await?;
    let body = |models, next_page_token| Collection {
        models,
        next_page_token,
    };
    Ok(Answer::page(page, ModelBody::from, body))
}
