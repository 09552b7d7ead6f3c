//! All routes of this dialect, with what each needs of its caller.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::IntoResponse;
use ferroflow_model::{Permission, Resource};
use ferroflow_service::Service;
use ferroflow_web::{Route, RouteTable};
use http::Method;

use crate::call::{self, Operation};
use crate::message::Message;
use crate::options::RoutesOptions;
use crate::{
    artifact_lists, artifacts, experiments, inputs, logged_models, metrics, model_versions,
    registered_models, runs, server_info, unsupported,
};

/// The two names under which nearly every path exists: one for programs, one for pages.
const ROOTS: [&str; 2] = ["/api", "/ajax-api"];
const AJAX: [&str; 1] = ["/ajax-api"];

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

const fn read(resource: Resource) -> Permission {
    Permission::read(resource)
}

const fn write(resource: Resource) -> Permission {
    Permission::write(resource)
}

const fn remove(resource: Resource) -> Permission {
    Permission::delete(resource)
}

/// All routes at the root of the server.
pub fn routes(options: &RoutesOptions) -> RouteTable<Arc<Service>> {
    let mut routes = Routes {
        table: RouteTable::new(),
        base: options.static_prefix.trim_end_matches('/').to_owned(),
        options: Arc::new(options.clone()),
    };
    routes.experiments();
    routes.runs();
    routes.logged_models();
    routes.registered_models();
    routes.model_versions();
    routes.artifact_lists();
    routes.artifact_bytes();
    routes.server();
    routes.table
}

/// Collects routes below one base path. Below a tenant's base path the same operations speak for
/// that tenant, because the path names it.
struct Routes {
    table: RouteTable<Arc<Service>>,
    base: String,
    options: Arc<RoutesOptions>,
}

impl Routes {
    /// An operation of version 2.0 whose message is in its query string or body.
    fn add<M: Message + Send + 'static, T: IntoResponse + 'static>(
        &mut self,
        method: Method,
        path: &str,
        name: &'static str,
        permission: Permission,
        operation: impl Operation<M, T>,
    ) {
        let path = format!("/2.0/mlflow/{path}");
        self.add_below(&ROOTS, method, &path, name, permission, operation);
    }

    fn add_below<M: Message + Send + 'static, T: IntoResponse + 'static>(
        &mut self,
        roots: &[&str],
        method: Method,
        path: &str,
        name: &'static str,
        permission: Permission,
        operation: impl Operation<M, T>,
    ) {
        for root in roots {
            let (options, operation) = (Arc::clone(&self.options), operation.clone());
            let handler = move |State(service): State<Arc<Service>>, request: Request| {
                call::serve(service, options, request, operation)
            };
            let path = format!("{}{root}{path}", self.base);
            let route = Route::new(method.clone(), path, name, permission, handler);
            self.table.push(route);
        }
    }

    /// An operation that reads its request itself.
    fn add_raw<T: IntoResponse + 'static>(
        &mut self,
        method: Method,
        path: String,
        name: &'static str,
        permission: Permission,
        operation: impl Operation<Request, T>,
    ) {
        let options = Arc::clone(&self.options);
        let handler = move |State(service): State<Arc<Service>>, request: Request| {
            call::serve_raw(service, options, request, operation)
        };
        let route = Route::new(method, path, name, permission, handler);
        self.table.push(route);
    }

    fn experiments(&mut self) {
        use Resource::Experiments;
        use experiments as e;
        self.add(
            POST,
            "experiments/create",
            "createExperiment",
            write(Experiments),
            e::create,
        );
        self.add(
            GET,
            "experiments/get",
            "getExperiment",
            read(Experiments),
            e::get,
        );
        self.add(
            GET,
            "experiments/get-by-name",
            "getExperimentByName",
            read(Experiments),
            e::get_by_name,
        );
        for method in [GET, POST] {
            self.add(
                method,
                "experiments/search",
                "searchExperiments",
                read(Experiments),
                e::search,
            );
        }
        self.add(
            POST,
            "experiments/update",
            "updateExperiment",
            write(Experiments),
            e::update,
        );
        self.add(
            POST,
            "experiments/delete",
            "deleteExperiment",
            remove(Experiments),
            e::delete,
        );
        self.add(
            POST,
            "experiments/restore",
            "restoreExperiment",
            remove(Experiments),
            e::restore,
        );
        self.add(
            POST,
            "experiments/set-experiment-tag",
            "setExperimentTag",
            write(Experiments),
            e::set_tag,
        );
        self.add(
            POST,
            "experiments/delete-experiment-tag",
            "deleteExperimentTag",
            write(Experiments),
            e::delete_tag,
        );
        self.add_below(
            &AJAX,
            POST,
            "/2.0/mlflow/experiments/search-datasets",
            "searchDatasets",
            read(Experiments),
            e::search_datasets,
        );
    }

    fn runs(&mut self) {
        use Resource::Runs;
        self.add(POST, "runs/create", "createRun", write(Runs), runs::create);
        self.add(GET, "runs/get", "getRun", read(Runs), runs::get);
        self.add(POST, "runs/update", "updateRun", write(Runs), runs::update);
        self.add(POST, "runs/delete", "deleteRun", remove(Runs), runs::delete);
        self.add(
            POST,
            "runs/restore",
            "restoreRun",
            remove(Runs),
            runs::restore,
        );
        self.add(POST, "runs/search", "searchRuns", read(Runs), runs::search);
        self.add(
            POST,
            "runs/log-parameter",
            "logParam",
            write(Runs),
            runs::log_param,
        );
        self.add(
            POST,
            "runs/log-metric",
            "logMetric",
            write(Runs),
            metrics::log,
        );
        self.add(
            POST,
            "runs/log-batch",
            "logBatch",
            write(Runs),
            runs::log_batch,
        );
        self.add(POST, "runs/set-tag", "setTag", write(Runs), runs::set_tag);
        self.add(
            POST,
            "runs/delete-tag",
            "deleteTag",
            write(Runs),
            runs::delete_tag,
        );
        self.add(
            POST,
            "runs/log-model",
            "logModel",
            write(Runs),
            inputs::log_model,
        );
        self.add(
            POST,
            "runs/log-inputs",
            "logInputs",
            write(Runs),
            inputs::log_inputs,
        );
        self.add(
            POST,
            "runs/outputs",
            "logOutputs",
            write(Runs),
            inputs::log_outputs,
        );
        self.add(
            GET,
            "metrics/get-history",
            "getMetricHistory",
            read(Runs),
            metrics::history,
        );
    }

    fn logged_models(&mut self) {
        use Resource::LoggedModels;
        use logged_models as m;
        const ONE: &str = "logged-models/{model_id}";
        let below = |rest: &str| format!("{ONE}/{rest}");
        self.add(
            POST,
            "logged-models",
            "createLoggedModel",
            write(LoggedModels),
            m::create,
        );
        self.add(
            POST,
            "logged-models/search",
            "searchLoggedModels",
            read(LoggedModels),
            m::search,
        );
        self.add(GET, ONE, "getLoggedModel", read(LoggedModels), m::get);
        self.add(
            PATCH,
            ONE,
            "finalizeLoggedModel",
            write(LoggedModels),
            m::finalize,
        );
        self.add(
            DELETE,
            ONE,
            "deleteLoggedModel",
            remove(LoggedModels),
            m::delete,
        );
        self.add(
            PATCH,
            &below("tags"),
            "setLoggedModelTags",
            write(LoggedModels),
            m::set_tags,
        );
        self.add(
            DELETE,
            &below("tags/{tag_key}"),
            "deleteLoggedModelTag",
            write(LoggedModels),
            m::delete_tag,
        );
        self.add(
            POST,
            &below("params"),
            "logLoggedModelParams",
            write(LoggedModels),
            m::log_params,
        );
    }

    fn registered_models(&mut self) {
        use Resource::RegisteredModels;
        use registered_models as m;
        let all = "registered-models";
        let path = |rest: &str| format!("{all}/{rest}");
        let (reads, writes) = (read(RegisteredModels), write(RegisteredModels));
        let removes = remove(RegisteredModels);
        self.add(
            POST,
            &path("create"),
            "createRegisteredModel",
            writes,
            m::create,
        );
        self.add(GET, &path("get"), "getRegisteredModel", reads, m::get);
        self.add(
            PATCH,
            &path("update"),
            "updateRegisteredModel",
            writes,
            m::update,
        );
        self.add(
            POST,
            &path("rename"),
            "renameRegisteredModel",
            writes,
            m::rename,
        );
        self.add(
            DELETE,
            &path("delete"),
            "deleteRegisteredModel",
            removes,
            m::delete,
        );
        self.add(
            GET,
            &path("search"),
            "searchRegisteredModels",
            reads,
            m::search,
        );
        for method in [GET, POST] {
            let path = path("get-latest-versions");
            self.add(
                method,
                &path,
                "getLatestVersions",
                reads,
                m::latest_versions,
            );
        }
        self.add(
            POST,
            &path("set-tag"),
            "setRegisteredModelTag",
            writes,
            m::set_tag,
        );
        self.add(
            DELETE,
            &path("delete-tag"),
            "deleteRegisteredModelTag",
            writes,
            m::delete_tag,
        );
        let alias = path("alias");
        self.add(
            POST,
            &alias,
            "setRegisteredModelAlias",
            writes,
            m::set_alias,
        );
        self.add(
            DELETE,
            &alias,
            "deleteRegisteredModelAlias",
            writes,
            m::delete_alias,
        );
        self.add(
            GET,
            &alias,
            "getModelVersionByAlias",
            reads,
            m::version_by_alias,
        );
    }

    fn model_versions(&mut self) {
        use Resource::RegisteredModels;
        use model_versions as v;
        let path = |rest: &str| format!("model-versions/{rest}");
        let (reads, writes) = (read(RegisteredModels), write(RegisteredModels));
        let removes = remove(RegisteredModels);
        self.add(
            POST,
            &path("create"),
            "createModelVersion",
            writes,
            v::create,
        );
        self.add(GET, &path("get"), "getModelVersion", reads, v::get);
        self.add(
            PATCH,
            &path("update"),
            "updateModelVersion",
            writes,
            v::update,
        );
        self.add(
            DELETE,
            &path("delete"),
            "deleteModelVersion",
            removes,
            v::delete,
        );
        self.add(
            GET,
            &path("search"),
            "searchModelVersions",
            reads,
            v::search,
        );
        self.add(
            POST,
            &path("transition-stage"),
            "transitionModelVersionStage",
            writes,
            v::transition,
        );
        self.add(
            GET,
            &path("get-download-uri"),
            "getModelVersionDownloadUri",
            reads,
            v::download_uri,
        );
        self.add(
            POST,
            &path("set-tag"),
            "setModelVersionTag",
            writes,
            v::set_tag,
        );
        self.add(
            DELETE,
            &path("delete-tag"),
            "deleteModelVersionTag",
            writes,
            v::delete_tag,
        );
    }

    fn artifact_lists(&mut self) {
        use Resource::Artifacts;
        use {artifact_lists as lists, unsupported as u};
        self.add(
            GET,
            "artifacts/list",
            "listArtifacts",
            read(Artifacts),
            lists::of_run,
        );
        self.add(
            GET,
            "logged-models/{model_id}/artifacts/directories",
            "listLoggedModelArtifacts",
            read(Artifacts),
            lists::of_logged_model,
        );
        self.add(
            POST,
            "artifacts/presigned-upload-url",
            "createPresignedUploadUrl",
            write(Artifacts),
            u::presigned_upload_url,
        );
        self.add(
            POST,
            "artifacts/presigned-download-url",
            "createPresignedDownloadUrl",
            read(Artifacts),
            u::presigned_download_url,
        );
        let mut proxied = |method, path: &str, name, permission, operation| {
            self.add_below(&ROOTS, method, path, name, permission, operation);
        };
        proxied(
            GET,
            "/2.0/mlflow-artifacts/artifacts",
            "listProxiedArtifacts",
            read(Artifacts),
            lists::below_root,
        );
    }

    fn artifact_bytes(&mut self) {
        use Resource::Artifacts;
        use {artifacts as a, unsupported as u};
        const BYTES: &str = "/2.0/mlflow-artifacts/artifacts/{*path}";
        const PARTS: &str = "/2.0/mlflow-artifacts/mpu";
        let writes = write(Artifacts);
        for root in ROOTS {
            // The reference has these two at the server's root too, whatever the prefix is.
            let mut bases = vec![self.base.clone(), String::new()];
            bases.dedup();
            for base in bases {
                let path = format!("{base}{root}{BYTES}");
                self.add_raw(
                    GET,
                    path.clone(),
                    "downloadArtifact",
                    read(Artifacts),
                    a::download,
                );
                self.add_raw(PUT, path, "uploadArtifact", writes, a::upload);
            }
        }
        let path = |operation: &str| format!("{PARTS}/{operation}/{{*path}}");
        self.add_below(
            &ROOTS,
            DELETE,
            BYTES,
            "deleteArtifact",
            remove(Artifacts),
            a::delete,
        );
        self.add_below(
            &ROOTS,
            POST,
            &path("create"),
            "createMultipartUpload",
            writes,
            u::create_multipart,
        );
        self.add_below(
            &ROOTS,
            POST,
            &path("complete"),
            "completeMultipartUpload",
            writes,
            u::complete_multipart,
        );
        self.add_below(
            &ROOTS,
            POST,
            &path("abort"),
            "abortMultipartUpload",
            writes,
            u::abort_multipart,
        );
        self.add_below(
            &ROOTS,
            GET,
            "/2.0/mlflow-artifacts/presigned/{*path}",
            "getPresignedDownloadUrl",
            read(Artifacts),
            u::presigned_download,
        );
        self.artifacts_of_pages();
    }

    /// What the reference's pages download and upload.
    fn artifacts_of_pages(&mut self) {
        use Resource::Artifacts;
        use artifacts as a;
        let reads = read(Artifacts);
        let below = |path: &str| format!("{}{path}", self.base);
        let of_run = below("/get-artifact");
        let of_version = below("/model-versions/get-artifact");
        let of_model = below("/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files");
        let upload = below("/ajax-api/2.0/mlflow/upload-artifact");
        self.add_raw(GET, of_run, "getRunArtifact", reads, a::download_of_run);
        self.add_raw(
            GET,
            of_version,
            "getModelVersionArtifact",
            reads,
            a::download_of_version,
        );
        self.add_raw(
            GET,
            of_model,
            "getLoggedModelArtifact",
            reads,
            a::download_of_logged_model,
        );
        self.add_raw(
            POST,
            upload,
            "uploadRunArtifact",
            write(Artifacts),
            a::upload_of_run,
        );
    }

    fn server(&mut self) {
        use Resource::Workspaces;
        use server_info as s;
        self.add_below(
            &ROOTS,
            GET,
            "/3.0/mlflow/server-info",
            "getServerInfo",
            Permission::PUBLIC,
            s::get,
        );
        const ALL: &str = "/3.0/mlflow/workspaces";
        const ONE: &str = "/3.0/mlflow/workspaces/{workspace_name}";
        for (method, path, name, permission) in [
            (GET, ALL, "listWorkspaces", read(Workspaces)),
            (POST, ALL, "createWorkspace", write(Workspaces)),
            (GET, ONE, "getWorkspace", read(Workspaces)),
            (PATCH, ONE, "updateWorkspace", write(Workspaces)),
            (DELETE, ONE, "deleteWorkspace", remove(Workspaces)),
        ] {
            self.add_below(
                &ROOTS,
                method,
                path,
                name,
                permission,
                s::workspaces_disabled,
            );
        }
    }
}
