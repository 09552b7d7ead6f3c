//! Operations on logged models.

use ferroflow_model::logged_models::{
    LoggedModel, LoggedModelOrder, LoggedModelStatus, NewLoggedModel, SearchLoggedModels,
};
use ferroflow_model::{Context, Error, Etag, ModelId, Page, Param, Result, TagChanges};
use ferroflow_search::OrderBy;
use ferroflow_store::logged_models as store;
use ferroflow_store::search::{LoggedModelClause, LoggedModelSearch};

use crate::Service;
use crate::names::random_name;

impl Service {
    /// Creates a logged model in an active experiment.
    pub async fn create_logged_model(
        &self,
        context: &Context,
        mut new: NewLoggedModel,
    ) -> Result<LoggedModel> {
        context.workspace()?;
        let params = std::mem::take(&mut new.params);
        check_distinct(&params)?;
        let name = new.name.take().filter(|name| !name.is_empty());
        let mutation = store::CreateLoggedModel {
            model_id: ModelId::new(format!("m-{}", self.new_hex_id())),
            name: name.unwrap_or_else(|| random_name(self.random())),
            params: self.keyed_params(context, params).await?,
            tags: self
                .keyed_tags(context, std::mem::take(&mut new.tags))
                .await?,
            keys: self.db.keys(),
            new,
        };
        self.write(context, mutation).await
    }

    /// Reads a logged model.
    pub async fn get_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        allow_deleted: bool,
    ) -> Result<LoggedModel> {
        self.read(context, |tenant| store::GetLoggedModel {
            tenant,
            model_id: model_id.clone(),
            allow_deleted,
            keys: self.db.keys(),
        })
        .await
    }

    /// Ends the upload of a logged model.
    pub async fn finalize_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        status: LoggedModelStatus,
    ) -> Result<LoggedModel> {
        let (model_id, keys) = (model_id.clone(), self.db.keys());
        self.write(
            context,
            store::FinalizeLoggedModel {
                model_id,
                status,
                keys,
            },
        )
        .await
    }

    /// Deletes a logged model; it can still be read when asked for.
    pub async fn delete_logged_model(&self, context: &Context, model_id: &ModelId) -> Result<Etag> {
        let model_id = model_id.clone();
        self.write(context, store::DeleteLoggedModel { model_id })
            .await
    }

    /// Sets and deletes tags of a logged model.
    pub async fn tag_logged_model(
        &self,
        context: &Context,
        model_id: &ModelId,
        changes: TagChanges,
    ) -> Result<LoggedModel> {
        let changes = self.keyed_changes(context, changes).await?;
        let (model_id, keys) = (model_id.clone(), self.db.keys());
        self.write(
            context,
            store::TagLoggedModel {
                model_id,
                changes,
                keys,
            },
        )
        .await
    }

    /// Adds params to a logged model.
    pub async fn log_model_params(
        &self,
        context: &Context,
        model_id: &ModelId,
        params: Vec<Param>,
    ) -> Result<Etag> {
        check_distinct(&params)?;
        let params = self.keyed_params(context, params).await?;
        let model_id = model_id.clone();
        self.write(context, store::LogModelParams { model_id, params })
            .await
    }

    /// Lists logged models.
    pub async fn search_logged_models(
        &self,
        context: &Context,
        search: SearchLoggedModels,
    ) -> Result<Page<LoggedModel>> {
        context.workspace()?;
        let (experiment_ids, datasets) = (search.experiment_ids, search.datasets);
        let order_by = search.order_by.into_iter();
        let order = || order_by.map(clause).collect();
        let search = self.search_by(search.filter.as_deref(), order, search.page)?;
        self.read(context, |tenant| LoggedModelSearch {
            tenant,
            search,
            experiment_ids,
            datasets,
        })
        .await
    }
}

/// Parses one clause of an order.
fn clause(order: LoggedModelOrder) -> Result<LoggedModelClause> {
    let field = ferroflow_search::LoggedModelOrder::parse_field_name(&order.field_name)?;
    Ok(LoggedModelClause {
        order: OrderBy {
            field,
            ascending: order.ascending,
        },
        dataset_name: order.dataset_name,
        dataset_digest: order.dataset_digest,
    })
}

/// A param is written once, so a key may come only once in a request.
fn check_distinct(params: &[Param]) -> Result<()> {
    let mut keys: Vec<&str> = params.iter().map(|param| param.key.as_str()).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(Error::invalid(format!(
            "Duplicate parameter key '{}'.",
            pair[0]
        ))),
    }
}
