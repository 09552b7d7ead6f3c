//! Operations on model versions.

use ferroflow_model::model_versions::{
    DescriptionChange, ModelVersion, NewModelVersion, SearchModelVersions, Stage, TransitionStage,
    UnknownOrigin,
};
use ferroflow_model::registered_models::ModelName;
use ferroflow_model::{
    Error, MissingTag, Page, PageRequest, Resource, Result, RunId, Tag, TagChanges, VersionNumber,
};

use crate::call::{Answer, Call};
use crate::error::{Failure, INTERNAL_ERROR};
use crate::json::Json;
use crate::registered_models::model_name;
use crate::routes::{DELETE, GET, PATCH, POST, Routes};
use crate::sources::{self, Source};
use crate::validate::{self, Place, check_tag_key};
use crate::wire::model_versions as wire;
use crate::wire::model_versions::{
    CreateModelVersion, DeleteModelVersionTag, DownloadUri, GetDownloadUri, ModelVersionById,
    ModelVersionPage, ModelVersionView, OneModelVersion, SetModelVersionTag,
    TransitionModelVersionStage, UpdateModelVersion,
};

/// The most versions on one page, and how many there are when a client does not say.
const MAX_PAGE: i64 = 200_000;

/// The routes of model versions.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::RegisteredModels);
    let path = |operation: &str| format!("model-versions/{operation}");
    group.write(POST, &path("create"), "createModelVersion", create);
    group.read(GET, &path("get"), "getModelVersion", get);
    group.write(PATCH, &path("update"), "updateModelVersion", update);
    group.delete(DELETE, &path("delete"), "deleteModelVersion", delete);
    group.read(GET, &path("search"), "searchModelVersions", search);
    group.write(
        POST,
        &path("transition-stage"),
        "transitionModelVersionStage",
        transition,
    );
    group.read(
        GET,
        &path("get-download-uri"),
        "getModelVersionDownloadUri",
        download_uri,
    );
    group.write(POST, &path("set-tag"), "setModelVersionTag", set_tag);
    group.write(
        DELETE,
        &path("delete-tag"),
        "deleteModelVersionTag",
        delete_tag,
    );
}

/// `POST model-versions/create`
pub(crate) async fn create(mut call: Call<CreateModelVersion>) -> Answer {
    let tags = std::mem::take(&mut call.message.tags).into_iter();
    let tags: Vec<Tag> = tags.map(Tag::from).collect();
    let mut source = sources::resolve(&call, &tags).await?;
    let name = model_name(call.message.name.take())?;
    let tags = tags.into_iter().map(validate::version_tag);
    let tags = tags.collect::<Result<_>>()?;
    sources::find_logged_model(&call.service, &call.context, &mut source).await?;
    let new = new_model_version(call.message, name, source, tags);
    let created = call.service.create_model_version(&call.context, new);
    one(&created.await?)
}

fn new_model_version(
    wire: CreateModelVersion,
    name: ModelName,
    source: Source,
    tags: Vec<Tag>,
) -> NewModelVersion {
    NewModelVersion {
        name,
        tags,
        source: source.uri,
        storage_location: source.storage_location,
        description: wire.description,
        run_id: source.run_id.map(RunId::new),
        run_link: wire.run_link,
        model_id: source.model_id,
        unknown_origin: UnknownOrigin::Keep,
    }
}

fn one(version: &ModelVersion) -> Answer {
    Ok(Json::of(&OneModelVersion {
        model_version: version.into(),
    })?)
}

fn key(name: Option<String>, version: Option<String>) -> Result<(ModelName, VersionNumber)> {
    let name = model_name(name)?;
    let version = VersionNumber::parse(&version.unwrap_or_default())?;
    Ok((name, version))
}

/// `GET model-versions/get`
pub(crate) async fn get(call: Call<ModelVersionById>) -> Answer {
    let (name, version) = key(call.message.name, call.message.version)?;
    let found = call
        .service
        .get_model_version(&call.context, &name, version);
    one(&found.await?)
}

/// `PATCH model-versions/update`; an absent description takes away what was there.
pub(crate) async fn update(call: Call<UpdateModelVersion>) -> Answer {
    let (name, version) = key(call.message.name, call.message.version)?;
    let description = DescriptionChange::clear_or_set(call.message.description);
    let service = &call.service;
    one(&service
        .update_model_version(&call.context, &name, version, description)
        .await?)
}

/// `POST model-versions/transition-stage`
pub(crate) async fn transition(call: Call<TransitionModelVersionStage>) -> Answer {
    let transition = stage_transition(call.message)?;
    let service = &call.service;
    one(&service
        .transition_model_version_stage(&call.context, transition)
        .await?)
}

fn stage_transition(wire: TransitionModelVersionStage) -> Answer<TransitionStage> {
    let text = wire.stage.unwrap_or_default();
    let stage = Stage::parse(&text)?;
    let archive_existing = wire.archive_existing_versions.unwrap_or_default();
    if archive_existing && !stage.is_active() {
        return Err(Failure::new(
            INTERNAL_ERROR,
            format!(
                "Model version transition cannot archive existing model versions because '{text}' \
                 is not an Active stage. Valid stages are ['Staging', 'Production']"
            ),
        ));
    }
    let (name, version) = key(wire.name, wire.version)?;
    Ok(TransitionStage {
        name,
        version,
        stage,
        archive_existing,
    })
}

/// `DELETE model-versions/delete`
pub(crate) async fn delete(call: Call<ModelVersionById>) -> Answer {
    let version = VersionNumber::parse(&call.message.version.unwrap_or_default())?;
    let name = model_name(call.message.name)?;
    let service = &call.service;
    service
        .delete_model_version(&call.context, &name, version)
        .await?;
    Ok(Json::empty())
}

/// `GET model-versions/get-download-uri`
pub(crate) async fn download_uri(call: Call<GetDownloadUri>) -> Answer {
    let (name, version) = key(call.message.name, call.message.version)?;
    let found = call
        .service
        .get_model_version(&call.context, &name, version);
    let version = found.await?;
    Ok(Json::of(&DownloadUri {
        artifact_uri: version.location(),
    })?)
}

/// `GET model-versions/search`
pub(crate) async fn search(call: Call<wire::SearchModelVersions>) -> Answer {
    let search = search_model_versions(call.message)?;
    let page = call.service.search_model_versions(&call.context, search);
    let Page {
        items,
        next_page_token,
    } = page.await?;
    let views = items.iter().map(ModelVersionView::from);
    Ok(Json::of(&ModelVersionPage {
        model_versions: views.map(ModelVersionView::without_aliases).collect(),
        next_page_token: next_page_token.as_deref(),
    })?)
}

fn search_model_versions(wire: wire::SearchModelVersions) -> Result<SearchModelVersions> {
    let max_results = wire.max_results.unwrap_or(MAX_PAGE);
    let count = usize::try_from(max_results).ok().filter(|count| *count > 0);
    let max_results = count.ok_or_else(|| {
        Error::invalid(format!(
            "Invalid value for max_results. It must be a positive integer, but got {max_results}"
        ))
    })?;
    Ok(SearchModelVersions {
        filter: wire.filter.filter(|text| !text.is_empty()),
        order_by: wire.order_by,
        page: PageRequest {
            max_results,
            page_token: wire.page_token.filter(|text| !text.is_empty()),
        },
    })
}

/// `POST model-versions/set-tag`
pub(crate) async fn set_tag(call: Call<SetModelVersionTag>) -> Answer {
    let (name, version) = key(call.message.name, call.message.version)?;
    let tag = validate::version_tag(Tag {
        key: call.message.key.unwrap_or_default(),
        value: call.message.value.unwrap_or_default(),
    })?;
    let changes = TagChanges::set_all(vec![tag]);
    let service = &call.service;
    service
        .tag_model_version(&call.context, &name, version, changes)
        .await?;
    Ok(Json::empty())
}

/// `DELETE model-versions/delete-tag`
pub(crate) async fn delete_tag(call: Call<DeleteModelVersionTag>) -> Answer {
    let (name, version) = key(call.message.name, call.message.version)?;
    let key = call.message.key.unwrap_or_default();
    check_tag_key(Place::Top, &key)?;
    let changes = TagChanges::delete(key, MissingTag::Ignore);
    let service = &call.service;
    service
        .tag_model_version(&call.context, &name, version, changes)
        .await?;
    Ok(Json::empty())
}
