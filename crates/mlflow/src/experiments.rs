//! Operations on experiments.

use ferroflow_model::datasets::DatasetSummary;
use ferroflow_model::experiments::{Experiment, NewExperiment, SearchExperiments};
use ferroflow_model::limits::EXPERIMENT_NAME_CHARACTERS;
use ferroflow_model::{
    Error, ExperimentId, MissingTag, Page, PageRequest, Permission, Resource, Result, Tag,
    TagChanges,
};

use crate::call::{Answer, Call, workspace_name};
use crate::json::Json;
use crate::locations;
use crate::options::RoutesOptions;
use crate::routes::{GET, POST, Roots, Routes};
use crate::runs::check_tags_differ;
use crate::validate::{self, check_length};
use crate::wire::experiments as wire;
use crate::wire::experiments::{
    CreateExperiment, CreatedExperiment, DatasetSummaries, DeleteExperimentTag, ExperimentById,
    ExperimentPage, ExperimentView, GetExperimentByName, OneExperiment, SearchDatasets,
    SetExperimentTag, UpdateExperiment,
};
use crate::wire::tags::views;

/// The most experiments on one page.
const MAX_PAGE: usize = 50_000;
/// Experiments that one search for datasets may name.
const MAX_DATASET_EXPERIMENTS: usize = 20;
/// Tags that hold views which people saved begin so, and are counted.
const CUSTOM_VIEW_PREFIX: &str = "mlflow.customView.view";
const MAX_CUSTOM_VIEWS: usize = 50;

/// The routes of experiments.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Experiments);
    let path = |operation: &str| format!("experiments/{operation}");
    group.write(POST, &path("create"), "createExperiment", create);
    group.read(GET, &path("get"), "getExperiment", get);
    group.read(
        GET,
        &path("get-by-name"),
        "getExperimentByName",
        get_by_name,
    );
    group.read(GET, &path("search"), "searchExperiments", search);
    group.read(POST, &path("search"), "searchExperiments", search);
    group.write(POST, &path("update"), "updateExperiment", update);
    group.delete(POST, &path("delete"), "deleteExperiment", delete);
    group.delete(POST, &path("restore"), "restoreExperiment", restore);
    group.write(
        POST,
        &path("set-experiment-tag"),
        "setExperimentTag",
        set_tag,
    );
    group.write(
        POST,
        &path("delete-experiment-tag"),
        "deleteExperimentTag",
        delete_tag,
    );
    routes.add(
        (POST, Roots::Ajax, "/2.0/mlflow/experiments/search-datasets"),
        "searchDatasets",
        Permission::read(Resource::Experiments),
        search_datasets,
    );
}

/// `POST experiments/create`
pub(crate) async fn create(call: Call<CreateExperiment>) -> Answer {
    let new = new_experiment(call.message, &call.options)?;
    if call.options.has_workspaces && new.artifact_location.is_some() {
        // It could be in the directory of another one.
        return Err(Error::invalid(
            "artifact_location cannot be specified when workspaces are enabled",
        )
        .into());
    }
    let experiment = call.service.create_experiment(&call.context, new).await?;
    Ok(Json::of(&CreatedExperiment {
        experiment_id: experiment.id.to_string(),
    })?)
}

fn new_experiment(wire: CreateExperiment, options: &RoutesOptions) -> Answer<NewExperiment> {
    let tags: Vec<Tag> = wire.tags.into_iter().map(Tag::from).collect();
    if count_custom_views(&tags) > MAX_CUSTOM_VIEWS {
        return Err(too_many_custom_views("").into());
    }
    let location = wire.artifact_location.filter(|text| !text.is_empty());
    let artifact_location = location
        .map(|location| locations::experiment_location(location, options))
        .transpose()?;
    let name = wire.name.unwrap_or_default();
    check_length("name", EXPERIMENT_NAME_CHARACTERS, &name)?;
    let tags = tags.into_iter().map(validate::experiment_tag);
    let tags = tags.collect::<Result<Vec<Tag>>>()?;
    check_tags_differ(&tags, "an experiment")?;
    Ok(NewExperiment {
        name,
        artifact_location,
        tags,
    })
}

fn count_custom_views(tags: &[Tag]) -> usize {
    let is_view = |tag: &&Tag| tag.key.starts_with(CUSTOM_VIEW_PREFIX);
    tags.iter().filter(is_view).count()
}

fn too_many_custom_views(place: &str) -> Error {
    Error::invalid(format!(
        "Unable to create another custom view{place}; the maximum number of custom views per \
         experiment is {MAX_CUSTOM_VIEWS}. Delete an existing custom view before creating a new one."
    ))
}

fn id(wire: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&wire.unwrap_or_default())
}

/// `GET experiments/get`
pub(crate) async fn get(call: Call<ExperimentById>) -> Answer {
    let id = id(call.message.experiment_id)?;
    let found = call.service.get_experiment(&call.context, id).await?;
    one(&found, workspace_name(&call.context))
}

/// `GET experiments/get-by-name`
pub(crate) async fn get_by_name(call: Call<GetExperimentByName>) -> Answer {
    let name = call.message.experiment_name.unwrap_or_default();
    let found = call.service.get_experiment_by_name(&call.context, &name);
    one(&found.await?, workspace_name(&call.context))
}

fn one(experiment: &Experiment, workspace: &str) -> Answer {
    Ok(Json::of(&OneExperiment {
        experiment: ExperimentView::new(experiment, workspace),
    })?)
}

/// `GET|POST experiments/search`
pub(crate) async fn search(call: Call<wire::SearchExperiments>) -> Answer {
    let search = SearchExperiments {
        filter: call.message.filter.filter(|text| !text.is_empty()),
        order_by: call.message.order_by,
        view: call.message.view_type.unwrap_or_default(),
        page: PageRequest {
            // An absent number counts as 0, and so is refused, as in the reference.
            max_results: validate::max_results(call.message.max_results.unwrap_or(0), MAX_PAGE)?,
            page_token: call.message.page_token.filter(|text| !text.is_empty()),
        },
    };
    let page = call.service.search_experiments(&call.context, search);
    let Page {
        items,
        next_page_token,
    } = page.await?;
    let view = |item| ExperimentView::new(item, workspace_name(&call.context));
    Ok(Json::of(&ExperimentPage {
        experiments: items.iter().map(view).collect(),
        next_page_token: next_page_token.as_deref(),
    })?)
}

/// `POST experiments/update`
pub(crate) async fn update(call: Call<UpdateExperiment>) -> Answer {
    let name = call.message.new_name.unwrap_or_default();
    check_length("name", EXPERIMENT_NAME_CHARACTERS, &name)?;
    let id = id(call.message.experiment_id)?;
    let renamed = call
        .service
        .rename_experiment(&call.context, id, Some(name));
    renamed.await?;
    Ok(Json::empty())
}

/// `POST experiments/delete`
pub(crate) async fn delete(call: Call<ExperimentById>) -> Answer {
    let id = id(call.message.experiment_id)?;
    let deleted = call.service.delete_experiment(&call.context, id, false);
    deleted.await?;
    Ok(Json::empty())
}

/// `POST experiments/restore`
pub(crate) async fn restore(call: Call<ExperimentById>) -> Answer {
    let id = id(call.message.experiment_id)?;
    call.service.restore_experiment(&call.context, id).await?;
    Ok(Json::empty())
}

/// `POST experiments/set-experiment-tag`
pub(crate) async fn set_tag(call: Call<SetExperimentTag>) -> Answer {
    let tag = Tag {
        key: call.message.key.clone().unwrap_or_default(),
        value: call.message.value.clone().unwrap_or_default(),
    };
    let tag = validate::experiment_tag(tag)?;
    let id = id(call.message.experiment_id.clone())?;
    check_custom_view(&call, id, &tag.key).await?;
    let changes = TagChanges::set_all(vec![tag]);
    let tagged = call.service.tag_experiment(&call.context, id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// Only a write that adds a view is counted, so that views at the limit can still be edited.
async fn check_custom_view(
    call: &Call<SetExperimentTag>,
    id: ExperimentId,
    key: &str,
) -> Result<()> {
    if !key.starts_with(CUSTOM_VIEW_PREFIX) {
        return Ok(());
    }
    let experiment = call.service.get_experiment(&call.context, id).await?;
    let is_new = experiment.tags.iter().all(|tag| tag.key != key);
    if is_new && count_custom_views(&experiment.tags) >= MAX_CUSTOM_VIEWS {
        return Err(too_many_custom_views(&format!(" for experiment {id}")));
    }
    Ok(())
}

/// `POST experiments/delete-experiment-tag`
pub(crate) async fn delete_tag(call: Call<DeleteExperimentTag>) -> Answer {
    let id = id(call.message.experiment_id)?;
    let key = call.message.key.unwrap_or_default();
    let changes = TagChanges::delete(key, MissingTag::Refuse);
    let tagged = call.service.tag_experiment(&call.context, id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// `POST experiments/search-datasets`
pub(crate) async fn search_datasets(call: Call<SearchDatasets>) -> Answer {
    let ids = dataset_experiments(&call.message.experiment_ids)?;
    let found = call.service.search_datasets(&call.context, ids);
    let summaries: Vec<DatasetSummary> = found.await?;
    Ok(Json::of(&DatasetSummaries {
        dataset_summaries: views(&summaries),
    })?)
}

fn dataset_experiments(ids: &[String]) -> Result<Vec<ExperimentId>> {
    match ids.len() {
        0 => Err(Error::invalid(
            "SearchDatasets request must specify at least one experiment_id.",
        )),
        1..=MAX_DATASET_EXPERIMENTS => ids.iter().map(|id| ExperimentId::parse(id)).collect(),
        count => Err(Error::invalid(format!(
            "SearchDatasets request cannot specify more than {MAX_DATASET_EXPERIMENTS} \
             experiment_ids. Received {count} experiment_ids."
        ))),
    }
}
