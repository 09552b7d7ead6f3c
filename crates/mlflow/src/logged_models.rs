//! Operations on logged models.

use ferroflow_model::logged_models::{
    LoggedModel, LoggedModelOrder, NewLoggedModel, SearchLoggedModels,
};
use ferroflow_model::metrics::MetricDataset;
use ferroflow_model::{
    Error, ExperimentId, MissingTag, ModelId, Page, PageRequest, Param, Resource, Result, RunId,
    Tag, TagChanges, python_text,
};

use crate::call::{Answer, Call};
use crate::error::{BAD_REQUEST, Failure};
use crate::json::Json;
use crate::routes::{DELETE, GET, PATCH, POST, Routes};
use crate::runs::{check_tags_differ, repeated};
use crate::validate;
use crate::wire::logged_models as wire;
use crate::wire::logged_models::{
    CreateLoggedModel, DatasetFilter, FinalizeLoggedModel, GetLoggedModel, LogLoggedModelParams,
    LoggedModelPage, OneLoggedModel, OrderBy, SetLoggedModelTags,
};
use crate::wire::tags::{KeyValue, views};

/// How many models a page has when a client does not say, and when it says 0.
const DEFAULT_PAGE: i64 = 50;
const ZERO_PAGE: i64 = 100;
/// The most models on one page.
const MAX_PAGE: usize = 50_000;

/// The routes of logged models.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::LoggedModels);
    let one = "logged-models/{model_id}";
    let below = |rest: &str| format!("{one}/{rest}");
    group.write(POST, "logged-models", "createLoggedModel", create);
    group.read(POST, "logged-models/search", "searchLoggedModels", search);
    group.read(GET, one, "getLoggedModel", get);
    group.write(PATCH, one, "finalizeLoggedModel", finalize);
    group.delete(DELETE, one, "deleteLoggedModel", delete);
    group.write(PATCH, &below("tags"), "setLoggedModelTags", set_tags);
    group.write(
        DELETE,
        &below("tags/{tag_key}"),
        "deleteLoggedModelTag",
        delete_tag,
    );
    group.write(POST, &below("params"), "logLoggedModelParams", log_params);
}

/// `POST logged-models`
pub(crate) async fn create(call: Call<CreateLoggedModel>) -> Answer {
    let new = new_logged_model(call.message)?;
    one(&call.service.create_logged_model(&call.context, new).await?)
}

fn one(model: &LoggedModel) -> Answer {
    Ok(Json::of(&OneLoggedModel {
        model: model.into(),
    })?)
}

fn new_logged_model(wire: CreateLoggedModel) -> Answer<NewLoggedModel> {
    let name = wire.name.filter(|text| !text.is_empty());
    if let Some(name) = &name {
        check_name(name)?;
    }
    let tags: Vec<Tag> = wire.tags.into_iter().map(Tag::from).collect();
    check_tags_differ(&tags, "a model")?;
    let source_run_id = wire.source_run_id.filter(|text| !text.is_empty());
    Ok(NewLoggedModel {
        experiment_id: ExperimentId::parse(&wire.experiment_id.unwrap_or_default())?,
        name,
        model_type: wire.model_type.filter(|text| !text.is_empty()),
        source_run_id: source_run_id.map(RunId::new),
        params: params(wire.params)?,
        tags,
    })
}

fn check_name(name: &str) -> Result<()> {
    if name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Err(Error::invalid(format!(
            "Invalid model name ({}) provided. Model name must be a non-empty string and \
             cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
            python_text(name)
        )));
    }
    Ok(())
}

fn params(wire: Vec<KeyValue>) -> Answer<Vec<Param>> {
    let params: Vec<Param> = wire.into_iter().map(Param::from).collect();
    match repeated(params.iter().map(|param| param.key.as_str())) {
        None => Ok(params),
        Some(key) => Err(Failure::new(
            BAD_REQUEST,
            format!("Duplicate param key '{key}': a model has one value per param."),
        )),
    }
}

fn path_id<M>(call: &Call<M>) -> ModelId {
    ModelId::new(call.path.get("model_id"))
}

/// `GET logged-models/{model_id}`
pub(crate) async fn get(call: Call<GetLoggedModel>) -> Answer {
    let allow_deleted = call.message.allow_deleted.as_deref().unwrap_or_default();
    let allow_deleted = allow_deleted.eq_ignore_ascii_case("true");
    let id = path_id(&call);
    let found = call
        .service
        .get_logged_model(&call.context, &id, allow_deleted);
    one(&found.await?)
}

/// `PATCH logged-models/{model_id}`; the model is the one that the body names.
pub(crate) async fn finalize(call: Call<FinalizeLoggedModel>) -> Answer {
    let id = ModelId::new(call.message.model_id.unwrap_or_default());
    let status = call.message.status.ok_or_else(|| {
        Error::invalid(
            "Invalid value for parameter 'status': allowed are LOGGED_MODEL_PENDING, \
             LOGGED_MODEL_READY and LOGGED_MODEL_UPLOAD_FAILED.",
        )
    })?;
    let finalized = call
        .service
        .finalize_logged_model(&call.context, &id, status);
    one(&finalized.await?)
}

/// `DELETE logged-models/{model_id}`
pub(crate) async fn delete(call: Call<()>) -> Answer {
    let id = path_id(&call);
    call.service.delete_logged_model(&call.context, &id).await?;
    Ok(Json::empty())
}

/// `PATCH logged-models/{model_id}/tags`
pub(crate) async fn set_tags(call: Call<SetLoggedModelTags>) -> Answer {
    let id = path_id(&call);
    let tags = call.message.tags.into_iter().map(Tag::from).collect();
    let changes = TagChanges::set_all(tags);
    let tagged = call.service.tag_logged_model(&call.context, &id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// `DELETE logged-models/{model_id}/tags/{tag_key}`
pub(crate) async fn delete_tag(call: Call<()>) -> Answer {
    let id = path_id(&call);
    let changes = TagChanges::delete(call.path.get("tag_key"), MissingTag::Refuse);
    let tagged = call.service.tag_logged_model(&call.context, &id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// `POST logged-models/{model_id}/params`
pub(crate) async fn log_params(call: Call<LogLoggedModelParams>) -> Answer {
    let id = path_id(&call);
    let params = params(call.message.params)?;
    let logged = call.service.log_model_params(&call.context, &id, params);
    logged.await?;
    Ok(Json::empty())
}

/// `POST logged-models/search`
pub(crate) async fn search(call: Call<wire::SearchLoggedModels>) -> Answer {
    let search = search_logged_models(call.message)?;
    let page = call.service.search_logged_models(&call.context, search);
    let Page {
        items,
        next_page_token,
    } = page.await?;
    Ok(Json::of(&LoggedModelPage {
        models: views(&items),
        next_page_token: next_page_token.as_deref(),
    })?)
}

fn search_logged_models(wire: wire::SearchLoggedModels) -> Result<SearchLoggedModels> {
    let max_results = match wire.max_results.unwrap_or(DEFAULT_PAGE) {
        0 => ZERO_PAGE,
        count => count,
    };
    let ids = wire.experiment_ids.unwrap_or_default();
    let datasets = wire.datasets.into_iter().map(metric_dataset);
    Ok(SearchLoggedModels {
        datasets: datasets.collect::<Result<_>>()?,
        experiment_ids: ids
            .iter()
            .map(|id| ExperimentId::parse(id))
            .collect::<Result<_>>()?,
        filter: wire.filter.filter(|text| !text.is_empty()),
        order_by: wire.order_by.into_iter().map(order).collect(),
        page: PageRequest {
            max_results: validate::max_results(max_results, MAX_PAGE)?,
            page_token: wire.page_token.filter(|text| !text.is_empty()),
        },
    })
}

fn metric_dataset(wire: DatasetFilter) -> Result<MetricDataset> {
    let name = wire.dataset_name.filter(|text| !text.is_empty());
    Ok(MetricDataset {
        name: name.ok_or_else(|| {
            Error::invalid("`dataset_name` in the `datasets` clause must be specified.")
        })?,
        digest: wire.dataset_digest.unwrap_or_default(),
    })
}

fn order(wire: OrderBy) -> LoggedModelOrder {
    LoggedModelOrder {
        field_name: wire.field_name.unwrap_or_default(),
        ascending: wire.ascending.unwrap_or(true),
        dataset_name: wire.dataset_name.filter(|text| !text.is_empty()),
        dataset_digest: wire.dataset_digest.filter(|text| !text.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::from_body;

    #[test]
    fn pages_default_to_fifty_and_zero_means_a_hundred() {
        for (body, expected) in [
            (r#"{"experiment_ids":[]}"#, Some(50)),
            (r#"{"experiment_ids":["0"],"max_results":0}"#, Some(100)),
            (r#"{"experiment_ids":["0"],"max_results":7}"#, Some(7)),
            (r#"{"experiment_ids":["0"],"max_results":-1}"#, None),
            (r#"{"experiment_ids":["x"]}"#, None),
            ("{}", None),
        ] {
            let search = from_body(body.as_bytes()).and_then(search_logged_models);
            let size = search.map(|search| search.page.max_results).ok();
            assert_eq!(size, expected, "{body}");
        }
    }

    #[test]
    fn names_have_forbidden_characters() {
        assert!(check_name("größe 1").is_ok());
        for name in ["a/b", "a:b", "a.b", "a%b", "a\"b", "a'b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
