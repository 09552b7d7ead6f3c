//! All routes of this dialect, with what each needs of its caller.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::IntoResponse;
use ferroflow_model::{Permission, Resource};
use ferroflow_service::Service;
use ferroflow_web::{Route, RouteTable};
use http::Method;

use crate::call::{self, Operation};
use crate::json::Json;
use crate::message::Message;
use crate::options::RoutesOptions;
use crate::{
    artifact_downloads, artifact_lists, artifacts, experiments, inputs, logged_models, metrics,
    model_versions, modes, multipart_uploads, presigned_urls, registered_models, runs, server_info,
    workspaces,
};

pub(crate) const GET: Method = Method::GET;
pub(crate) const POST: Method = Method::POST;
pub(crate) const PUT: Method = Method::PUT;
pub(crate) const PATCH: Method = Method::PATCH;
pub(crate) const DELETE: Method = Method::DELETE;

/// All routes at the root of the server.
pub fn routes(options: &RoutesOptions) -> RouteTable<Arc<Service>> {
    declare(Routes {
        table: RouteTable::new(),
        base: String::new(),
        options: Arc::new(options.clone()),
    })
}

/// The same routes below a path that names a tenant by its parameters `aiDataPlatformId` and
/// `workspaceKey`; without the latter, what belongs to a workspace is refused. As the path names the
/// tenant, no header does.
pub fn tenant_routes(base: &str, options: &RoutesOptions) -> RouteTable<Arc<Service>> {
    declare(Routes {
        table: RouteTable::new(),
        base: base.to_owned(),
        options: Arc::new(RoutesOptions {
            has_workspaces: false,
            ..options.clone()
        }),
    })
}

fn declare(mut routes: Routes) -> RouteTable<Arc<Service>> {
    experiments::declare(&mut routes);
    runs::declare(&mut routes);
    metrics::declare(&mut routes);
    inputs::declare(&mut routes);
    logged_models::declare(&mut routes);
    registered_models::declare(&mut routes);
    model_versions::declare(&mut routes);
    artifact_lists::declare(&mut routes);
    artifacts::declare(&mut routes);
    artifact_downloads::declare(&mut routes);
    multipart_uploads::declare(&mut routes);
    presigned_urls::declare(&mut routes);
    server_info::declare(&mut routes);
    workspaces::declare(&mut routes);
    modes::switch_off(&mut routes.table, &routes.options);
    routes.table
}

/// Collects routes below one base path. Below a tenant's base path the same operations speak for
/// that tenant, because the path names it.
pub(crate) struct Routes {
    table: RouteTable<Arc<Service>>,
    base: String,
    options: Arc<RoutesOptions>,
}

/// Under which names a path exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roots {
    /// One for programs and one for pages, as nearly every path.
    Both,
    /// One for pages.
    Ajax,
    /// Itself.
    Bare,
}

impl Routes {
    /// What the installation decides.
    pub(crate) fn options(&self) -> &RoutesOptions {
        &self.options
    }

    /// The full paths of `path`.
    fn paths(&self, roots: Roots, path: &str) -> Vec<String> {
        let base = &self.base;
        match roots {
            Roots::Both => vec![
                format!("{base}/api{path}"),
                format!("{base}/ajax-api{path}"),
            ],
            Roots::Ajax => vec![format!("{base}/ajax-api{path}")],
            Roots::Bare => vec![format!("{base}{path}")],
        }
    }

    /// An operation whose message is in its query string or body.
    pub(crate) fn add<M: Message + Send + 'static, T: IntoResponse + 'static>(
        &mut self,
        (method, roots, path): (Method, Roots, &str),
        name: &'static str,
        permission: Permission,
        operation: impl Operation<M, T>,
    ) {
        let options = Arc::clone(&self.options);
        let handler = move |State(service): State<Arc<Service>>, request: Request| {
            call::serve(service, options, request, operation)
        };
        for path in self.paths(roots, path) {
            let route = Route::new(method.clone(), path, name, permission, handler.clone());
            self.table.push(route);
        }
    }

    /// An operation that reads its request itself.
    pub(crate) fn add_raw<T: IntoResponse + 'static>(
        &mut self,
        (method, roots, path): (Method, Roots, &str),
        name: &'static str,
        permission: Permission,
        operation: impl Operation<Request, T>,
    ) {
        let options = Arc::clone(&self.options);
        let handler = move |State(service): State<Arc<Service>>, request: Request| {
            call::serve_raw(service, options, request, operation)
        };
        for path in self.paths(roots, path) {
            let route = Route::new(method.clone(), path, name, permission, handler.clone());
            self.table.push(route);
        }
    }

    /// Operations of version 2.0 on one kind of thing.
    pub(crate) fn group(&mut self, resource: Resource) -> Group<'_> {
        Group {
            routes: self,
            resource,
        }
    }
}

/// Adds operations of version 2.0 on one kind of thing, by what they do with it.
pub(crate) struct Group<'a> {
    routes: &'a mut Routes,
    resource: Resource,
}

impl Group<'_> {
    /// An operation that reads.
    pub(crate) fn read<M: Message + Send + 'static>(
        &mut self,
        method: Method,
        path: &str,
        name: &'static str,
        operation: impl Operation<M, Json>,
    ) {
        let permission = Permission::read(self.resource);
        self.add(method, path, name, permission, operation);
    }

    /// An operation that creates or changes.
    pub(crate) fn write<M: Message + Send + 'static>(
        &mut self,
        method: Method,
        path: &str,
        name: &'static str,
        operation: impl Operation<M, Json>,
    ) {
        let permission = Permission::write(self.resource);
        self.add(method, path, name, permission, operation);
    }

    /// An operation that deletes or restores.
    pub(crate) fn delete<M: Message + Send + 'static>(
        &mut self,
        method: Method,
        path: &str,
        name: &'static str,
        operation: impl Operation<M, Json>,
    ) {
        let permission = Permission::delete(self.resource);
        self.add(method, path, name, permission, operation);
    }

    fn add<M: Message + Send + 'static>(
        &mut self,
        method: Method,
        path: &str,
        name: &'static str,
        permission: Permission,
        operation: impl Operation<M, Json>,
    ) {
        let path = format!("/2.0/mlflow/{path}");
        let at = (method, Roots::Both, path.as_str());
        self.routes.add(at, name, permission, operation);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ferroflow_model::Right;
    use ferroflow_web::RouteFacts;

    use super::*;

    fn facts() -> Vec<RouteFacts> {
        let table = routes(&RoutesOptions::default());
        table.facts().cloned().collect()
    }

    #[test]
    fn every_path_for_programs_has_a_twin_for_pages() {
        let facts = facts();
        let known: HashSet<_> = facts
            .iter()
            .map(|route| (route.method.clone(), route.path.clone()))
            .collect();
        assert_eq!(known.len(), facts.len(), "a route is there twice");
        for (method, path) in &known {
            if let Some(rest) = path.strip_prefix("/api/") {
                let twin = (method.clone(), format!("/ajax-api/{rest}"));
                assert!(known.contains(&twin), "{method} {path}");
            }
        }
    }

    #[test]
    fn a_tenant_has_all_routes_below_its_path_alone() {
        let base = "/tenants/{aiDataPlatformId}";
        let table = tenant_routes(base, &RoutesOptions::default());
        assert_eq!(table.facts().count(), facts().len());
        assert!(table.facts().all(|route| route.path.starts_with(base)));
    }

    #[test]
    fn only_the_server_itself_is_public_and_what_a_secret_url_names() {
        for route in facts() {
            let is_public = route.permission.right == Right::Public;
            let path = &route.path;
            let may_be = path.ends_with("/server-info") || path.ends_with("/mpu/part/{*path}");
            assert_eq!(is_public, may_be, "{path}");
        }
    }

    #[test]
    fn reading_needs_no_right_to_write() {
        for route in facts() {
            if route.method == GET && route.permission != Permission::PUBLIC {
                assert_eq!(route.permission.right, Right::Read, "{}", route.path);
            }
            if route.method == DELETE || route.method == PUT || route.method == PATCH {
                assert_ne!(route.permission.right, Right::Read, "{}", route.path);
            }
        }
    }

    #[test]
    fn the_router_takes_all_routes() {
        let _ = routes(&RoutesOptions::default()).into_router();
    }
}
