//! Laws of the route table, and the page that lists it.

use std::collections::BTreeSet;
use std::fmt::Write;

use ferroflow_mlflow::RoutesOptions;
use ferroflow_model::Right;
use ferroflow_server::routes;
use ferroflow_web::RouteFacts;
use http::Method;

use crate::documents;

fn all() -> Vec<RouteFacts> {
    let mut facts: Vec<_> = routes::facts(&RoutesOptions::default());
    facts.sort_by(|one, other| {
        (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str()))
    });
    facts
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
    let mut seen = BTreeSet::new();
    for route in all() {
        let key = (route.method.to_string(), route.path.clone());
        assert!(
            seen.insert(key),
            "{} {} is there twice",
            route.method,
            route.path
        );
    }
}

/// Only what says nothing of anyone's data may be open to everybody.
#[test]
fn only_probes_and_documents_are_public() {
    let facts = all();
    let public = facts
        .iter()
        .filter(|route| route.permission.right == Right::Public);
    let paths: Vec<_> = public.map(|route| route.path.as_str()).collect();
    let allowed = |path: &&str| {
        ["/health", "/version", "/20260430/openapi.json"].contains(path)
            || path.ends_with("/server-info")
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
    documents::check("docs/routes.md", &page(&all()));
}

fn page(routes: &[RouteFacts]) -> String {
    let mut text = String::from(
        "# Routes\n\n\
         Every route, the operation's name in metrics, and the right that its caller needs. Without\n\
         authentication every caller has every right. This page is made by `make documents`.\n\n\
         | method | path | operation | needs |\n|---|---|---|---|\n",
    );
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
