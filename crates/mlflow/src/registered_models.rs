//! Operations on registered models and their aliases.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ferroflow_model::model_versions::Stage;
use ferroflow_model::registered_models::{
    Alias, ModelName, NewRegisteredModel, RegisteredModel, SearchRegisteredModels,
    UpdateRegisteredModel,
};
use ferroflow_model::{
    Error, ErrorKind, MissingTag, Page, PageRequest, Resource, Result, Tag, TagChanges,
    VersionNumber,
};

use crate::call::{Answer, Call};
use crate::json::Json;
use crate::routes::{DELETE, GET, PATCH, POST, Routes};
use crate::validate::{self, Place, check_tag_key};
use crate::wire::model_versions::{ModelVersionPage, OneModelVersion};
use crate::wire::registered_models as wire;
use crate::wire::registered_models::{
    AliasByName, CreateRegisteredModel, DeleteRegisteredModelTag, GetLatestVersions,
    OneRegisteredModel, RegisteredModelByName, RegisteredModelPage, RenameRegisteredModel,
    SetAlias, SetRegisteredModelTag,
};
use crate::wire::tags::views;

/// The most models on one page, and how many there are when a client does not say.
const MAX_PAGE: usize = 1000;
const DEFAULT_PAGE: i64 = 100;

/// The routes of registered models.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::RegisteredModels);
    let path = |operation: &str| format!("registered-models/{operation}");
    group.write(POST, &path("create"), "createRegisteredModel", create);
    group.read(GET, &path("get"), "getRegisteredModel", get);
    group.write(PATCH, &path("update"), "updateRegisteredModel", update);
    group.write(POST, &path("rename"), "renameRegisteredModel", rename);
    group.delete(DELETE, &path("delete"), "deleteRegisteredModel", delete);
    group.read(GET, &path("search"), "searchRegisteredModels", search);
    for method in [GET, POST] {
        group.read(
            method,
            &path("get-latest-versions"),
            "getLatestVersions",
            latest_versions,
        );
    }
    group.write(POST, &path("set-tag"), "setRegisteredModelTag", set_tag);
    group.write(
        DELETE,
        &path("delete-tag"),
        "deleteRegisteredModelTag",
        delete_tag,
    );
    group.write(POST, &path("alias"), "setRegisteredModelAlias", set_alias);
    group.write(
        DELETE,
        &path("alias"),
        "deleteRegisteredModelAlias",
        delete_alias,
    );
    group.read(
        GET,
        &path("alias"),
        "getModelVersionByAlias",
        version_by_alias,
    );
}

/// Parses the name of a model to look up, in the reference's words.
pub(crate) fn model_name(text: Option<String>) -> Result<ModelName> {
    let name = text.unwrap_or_default();
    if name.trim().is_empty() {
        return Err(Error::missing("name"));
    }
    if name.contains(['/', ':']) {
        return Err(Error::invalid(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    if name == "." || name.starts_with("..") {
        return Err(Error::invalid(format!(
            "Invalid value \"{name}\" for parameter 'name' supplied: Names may be treated as files \
             in certain cases, and must not resolve to other names when treated as such. This name \
             would resolve to '{name}'"
        )));
    }
    Ok(ModelName::new(name))
}

/// Parses the name of a model to create.
fn new_model_name(text: Option<String>) -> Result<ModelName> {
    ModelName::parse(model_name(text)?.as_str())
}

/// `POST registered-models/create`
pub(crate) async fn create(call: Call<CreateRegisteredModel>) -> Answer {
    let new = new_registered_model(call.message)?;
    let created = call.service.create_registered_model(&call.context, new);
    one(&created.await?)
}

fn new_registered_model(wire: CreateRegisteredModel) -> Result<NewRegisteredModel> {
    let tags = wire.tags.into_iter().map(Tag::from);
    Ok(NewRegisteredModel {
        name: new_model_name(wire.name)?,
        description: wire.description,
        deployment_job_id: wire.deployment_job_id.filter(|text| !text.is_empty()),
        tags: tags
            .map(validate::registered_model_tag)
            .collect::<Result<_>>()?,
    })
}

fn one(model: &RegisteredModel) -> Answer {
    Ok(Json::of(&OneRegisteredModel {
        registered_model: model.into(),
    })?)
}

/// `GET registered-models/get`
pub(crate) async fn get(call: Call<RegisteredModelByName>) -> Answer {
    let name = model_name(call.message.name)?;
    let found = call.service.get_registered_model(&call.context, &name);
    one(&found.await?)
}

/// `PATCH registered-models/update`; an absent description is an empty one.
pub(crate) async fn update(call: Call<wire::UpdateRegisteredModel>) -> Answer {
    let update = UpdateRegisteredModel {
        name: model_name(call.message.name)?,
        description: Some(call.message.description.unwrap_or_default()),
        deployment_job_id: call.message.deployment_job_id,
    };
    let updated = call.service.update_registered_model(&call.context, update);
    one(&updated.await?)
}

/// `POST registered-models/rename`
pub(crate) async fn rename(call: Call<RenameRegisteredModel>) -> Answer {
    let new_name = call.message.new_name;
    if new_name.as_ref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Error::missing("new_name").into());
    }
    let new_name = new_model_name(new_name)?;
    let name = model_name(call.message.name)?;
    let service = &call.service;
    one(&service
        .rename_registered_model(&call.context, &name, new_name)
        .await?)
}

/// `DELETE registered-models/delete`
pub(crate) async fn delete(call: Call<RegisteredModelByName>) -> Answer {
    let name = model_name(call.message.name)?;
    let deleted = call.service.delete_registered_model(&call.context, &name);
    deleted.await?;
    Ok(Json::empty())
}

/// `GET registered-models/search`
pub(crate) async fn search(call: Call<wire::SearchRegisteredModels>) -> Answer {
    let max_results = call.message.max_results.unwrap_or(DEFAULT_PAGE);
    let is_empty = max_results < 1;
    let search = SearchRegisteredModels {
        filter: call.message.filter.filter(|text| !text.is_empty()),
        order_by: call.message.order_by,
        page: PageRequest {
            max_results: validate::max_results(if is_empty { 1 } else { max_results }, MAX_PAGE)?,
            page_token: (call.message.page_token).filter(|text| !is_empty && !text.is_empty()),
        },
    };
    let page = call.service.search_registered_models(&call.context, search);
    let mut page = page.await?;
    if is_empty {
        page = page_of_none(max_results, &page);
    }
    Ok(Json::of(&RegisteredModelPage {
        registered_models: views(&page.items),
        next_page_token: page.next_page_token.as_deref(),
    })?)
}

/// The reference does not refuse a page of no models: it answers one, with a token that leads
/// nowhere new if there are models. Where there are none, a client that follows tokens ends.
fn page_of_none(max_results: i64, first: &Page<RegisteredModel>) -> Page<RegisteredModel> {
    let token = || BASE64_STANDARD.encode(format!(r#"{{"offset": {max_results}}}"#));
    Page {
        items: Vec::new(),
        next_page_token: (!first.items.is_empty()).then(token),
    }
}

/// `GET|POST registered-models/get-latest-versions`
pub(crate) async fn latest_versions(call: Call<GetLatestVersions>) -> Answer {
    let name = model_name(call.message.name)?;
    let stages = call.message.stages.iter();
    let stages: Result<Vec<Stage>> = stages.map(|stage| Stage::parse(stage)).collect();
    let service = &call.service;
    if stages.is_err() {
        // A model that does not exist is named before a stage that does not.
        service.get_registered_model(&call.context, &name).await?;
    }
    let found = service.get_latest_versions(&call.context, &name, stages?);
    let versions = found.await?;
    Ok(Json::of(&ModelVersionPage {
        model_versions: views(&versions),
        next_page_token: None,
    })?)
}

/// `POST registered-models/set-tag`
pub(crate) async fn set_tag(call: Call<SetRegisteredModelTag>) -> Answer {
    let name = model_name(call.message.name)?;
    let tag = validate::registered_model_tag(Tag {
        key: call.message.key.unwrap_or_default(),
        value: call.message.value.unwrap_or_default(),
    })?;
    let changes = TagChanges::set_all(vec![tag]);
    let service = &call.service;
    service
        .tag_registered_model(&call.context, &name, changes)
        .await?;
    Ok(Json::empty())
}

/// `DELETE registered-models/delete-tag`
pub(crate) async fn delete_tag(call: Call<DeleteRegisteredModelTag>) -> Answer {
    let name = model_name(call.message.name)?;
    let key = call.message.key.unwrap_or_default();
    check_tag_key(Place::Top, &key)?;
    let changes = TagChanges::delete(key, MissingTag::Ignore);
    let service = &call.service;
    service
        .tag_registered_model(&call.context, &name, changes)
        .await?;
    Ok(Json::empty())
}

/// `POST registered-models/alias`
pub(crate) async fn set_alias(call: Call<SetAlias>) -> Answer {
    let name = model_name(call.message.name)?;
    let alias = Alias::parse(&call.message.alias.unwrap_or_default())?;
    let version = VersionNumber::parse(&call.message.version.unwrap_or_default())?;
    let set = call.service.set_alias(&call.context, &name, alias, version);
    set.await?;
    Ok(Json::empty())
}

/// `DELETE registered-models/alias`
pub(crate) async fn delete_alias(call: Call<AliasByName>) -> Answer {
    let name = model_name(call.message.name)?;
    let alias = Alias::parse_for_lookup(&call.message.alias.unwrap_or_default())?;
    let deleted = call.service.delete_alias(&call.context, &name, &alias);
    deleted.await?;
    Ok(Json::empty())
}

/// `GET registered-models/alias`
pub(crate) async fn version_by_alias(call: Call<AliasByName>) -> Answer {
    let name = model_name(call.message.name)?;
    let alias = Alias::parse_for_lookup(&call.message.alias.unwrap_or_default())?;
    let found = call
        .service
        .get_version_by_alias(&call.context, &name, &alias);
    let version = found.await.map_err(|error| unknown_alias(error, &alias))?;
    Ok(Json::of(&OneModelVersion {
        model_version: (&version).into(),
    })?)
}

/// The reference counts an alias that is not there as a wrong value, unlike a model.
fn unknown_alias(error: Error, alias: &Alias) -> Error {
    let is_about_alias = error.message().contains("alias");
    if error.kind() == ErrorKind::NotFound && is_about_alias {
        return Error::invalid(format!(
            "Registered model alias {} not found.",
            alias.as_str()
        ));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_in_order() {
        for (name, expected) in [
            ("", "Missing value for required parameter 'name'."),
            (" ", "Missing value for required parameter 'name'."),
            (
                "a/b",
                "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
            ),
            (
                "a:b",
                "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
            ),
        ] {
            let error = model_name(Some(name.to_owned())).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        for name in [".", "..", "..a"] {
            assert!(model_name(Some(name.to_owned())).is_err(), "{name}");
        }
        assert!(model_name(Some("a.b.c".to_owned())).is_ok());
        assert!(new_model_name(Some("a".repeat(257))).is_err());
    }
}
