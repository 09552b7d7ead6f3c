//! Laws of the route table, and the page that lists it.

use std::collections::BTreeSet;
use std::fmt::Write;

use ferroflow_mlflow::RoutesOptions;
use ferroflow_model::Right;
use ferroflow_server::routes;
use ferroflow_web::RouteFacts;
use http::Method;

use crate::documents;

/// What the two routers have. They share paths: the client decides which of them it means.
fn routers() -> [Vec<RouteFacts>; 2] {
    let options = RoutesOptions::default();
    [routes::facts(&options), routes::tenant_facts(&options)]
}

fn all() -> Vec<RouteFacts> {
    routers().concat()
}

#[test]
fn every_route_is_named_and_there_are_many() {
    let facts = all();
    assert!(facts.len() > 40, "only {} routes", facts.len());
    for route in facts {
        let name = route.operation;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        assert!(
            is_name,
            "{} {} has the name '{name}'",
            route.method, route.path
        );
        assert!(route.path.starts_with('/'), "{}", route.path);
    }
}

#[test]
fn no_two_routes_collide() {
    for routes in routers() {
        let mut seen = BTreeSet::new();
        for route in routes {
            let (method, path) = (route.method.to_string(), route.path);
            let place = format!("{method} {path}");
            assert!(seen.insert((method, path)), "{place} is there twice");
        }
    }
}

/// Without this the page of routes would have to list them all three times.
#[test]
fn each_path_of_a_tenant_has_the_routes_of_mlflow_at_the_root() {
    fn known(facts: impl Iterator<Item = RouteFacts>, base: &str) -> BTreeSet<String> {
        let below = facts.filter_map(|route| {
            let path = route.path.strip_prefix(base)?;
            let (method, name) = (route.method, route.operation);
            Some(format!("{method} {path} {name} {:?}", route.permission))
        });
        below.collect()
    }
    let options = RoutesOptions::default();
    let at_root = known(ferroflow_mlflow::routes(&options).facts().cloned(), "");
    let in_tenants = routes::tenant_facts(&options);
    assert_eq!(in_tenants.len(), routes::TENANT_PATHS.len() * at_root.len());
    for path in routes::TENANT_PATHS {
        assert_eq!(known(in_tenants.iter().cloned(), path), at_root);
    }
}

/// The paths of tenants are Oracle's: clients of both dialects are pointed at the same ones.
#[test]
fn every_operation_of_oracle_is_below_the_path_of_a_tenant() {
    let known = routes::facts(&RoutesOptions::default());
    let oracles: Vec<_> = known
        .iter()
        .filter(|route| route.path.contains("{aiDataPlatformId}"))
        .collect();
    assert!(oracles.len() > 40, "only {} operations", oracles.len());
    for route in oracles {
        let is_below = |path| route.path.starts_with(&format!("{path}/api/2.0/"));
        assert!(routes::TENANT_PATHS.iter().any(is_below), "{}", route.path);
    }
}

/// Only what says nothing of anyone's data may be open to everybody, and what asks for a secret of
/// its own: the id of an upload.
#[test]
fn only_probes_documents_and_parts_of_uploads_are_public() {
    let facts = all();
    let public = facts
        .iter()
        .filter(|route| route.permission.right == Right::Public);
    let paths: Vec<_> = public.map(|route| route.path.as_str()).collect();
    let allowed = |path: &&str| {
        ["/health", "/version", "/20260430/openapi.json"].contains(path)
            || path.ends_with("/server-info")
            || path.ends_with("/mlflow-artifacts/mpu/part/{*path}")
    };
    assert!(paths.iter().all(allowed), "{paths:?}");
    assert!(paths.contains(&"/health"));
}

#[test]
fn a_get_never_needs_the_right_to_change() {
    for route in all()
        .into_iter()
        .filter(|route| route.method == Method::GET)
    {
        let right = route.permission.right;
        assert!(
            matches!(right, Right::Public | Right::Read),
            "GET {} needs {right:?}",
            route.path
        );
    }
}

#[test]
fn a_delete_needs_the_right_to_delete_or_write() {
    for route in all()
        .into_iter()
        .filter(|route| route.method == Method::DELETE)
    {
        let right = route.permission.right;
        assert!(
            matches!(right, Right::Delete | Right::Write),
            "DELETE {} needs {right:?}",
            route.path
        );
    }
}

#[test]
fn the_page_of_routes_is_up_to_date() {
    documents::check("docs/routes.md", &page());
}

fn page() -> String {
    let mut text = String::from(
        "# Routes\n\n\
         Every route, the operation's name in metrics, and the right that its caller needs. Without\n\
         authentication every caller has every right. This page is made by `make documents`.\n\n\
         The routes of the MLflow dialect, which begin with `/api`, `/ajax-api`, `/get-artifact` and\n\
         `/model-versions`, are there twice more, below the paths of tenants:\n\n",
    );
    for path in routes::TENANT_PATHS {
        writeln!(text, "- `{path}`").unwrap();
    }
    text += "\n[The MLflow dialect](mlflow.md#inside-a-tenant) says which requests reach them.\n\n\
             | method | path | operation | needs |\n|---|---|---|---|\n";
    let mut routes = routes::facts(&RoutesOptions::default());
    routes.sort_by(|one, other| {
        (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str()))
    });
    for route in routes {
        writeln!(
            text,
            "| {} | `{}` | {} | {} |",
            route.method, route.path, route.operation, route.permission
        )
        .unwrap();
    }
    text
}
