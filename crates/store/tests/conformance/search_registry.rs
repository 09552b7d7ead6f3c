//! Searching registered models and their versions.

use ferroflow_model::model_versions::{NewModelVersion, UnknownOrigin};
use ferroflow_model::registered_models::{ModelName, NewRegisteredModel, RegisteredModel};
use ferroflow_model::{Page, PageRequest, RunId};
use ferroflow_search::{Filter, OrderBy};
use ferroflow_store::WriteContext;
use ferroflow_store::model_versions::CreateModelVersion;
use ferroflow_store::registered_models::CreateRegisteredModel;
use ferroflow_store::search::{ModelVersionSearch, RegisteredModelSearch, Search};

use crate::harness::{NOW_MS, TestDb, on_each_engine};
use crate::runs::tag;

/// A registered model, made so many milliseconds after the beginning.
pub(crate) async fn create_model(test: &TestDb, name: &str, ms: i64, tags: &[(&str, &str)]) {
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    let create = CreateRegisteredModel {
        new: NewRegisteredModel {
            name: ModelName::new(name),
            description: None,
            deployment_job_id: None,
            tags: tags.iter().map(|(key, value)| tag(key, value)).collect(),
        },
        tag_keys: test.db().intern(&keys).await.unwrap(),
        keys: test.db().keys(),
    };
    test.write_with(at(test, ms), create).await.unwrap();
}

/// A version of a model, made so many milliseconds after the beginning.
pub(crate) async fn create_version(
    test: &TestDb,
    name: &str,
    ms: i64,
    run_id: Option<&str>,
    tags: &[(&str, &str)],
) {
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    let create = CreateModelVersion {
        new: NewModelVersion {
            name: ModelName::new(name),
            source: format!("s3://bucket/{name}/{ms}"),
            storage_location: None,
            description: None,
            run_id: run_id.map(RunId::new),
            run_link: None,
            model_id: None,
            tags: tags.iter().map(|(key, value)| tag(key, value)).collect(),
            unknown_origin: UnknownOrigin::Keep,
        },
        tag_keys: test.db().intern(&keys).await.unwrap(),
        link_key: test.key("mlflow.modelVersions").await,
        keys: test.db().keys(),
    };
    test.write_with(at(test, ms), create).await.unwrap();
}

fn at(test: &TestDb, ms: i64) -> WriteContext {
    WriteContext {
        now_ms: NOW_MS + ms,
        ..test.context()
    }
}

const PROMPT: (&str, &str) = ("mlflow.prompt.is_prompt", "true");

async fn populate(test: &TestDb) {
    create_model(test, "iris", 1, &[("team", "red")]).await;
    create_model(test, "Iris_2", 2, &[("team", "Red"), ("stage", "x")]).await;
    create_model(test, "wine", 3, &[]).await;
    create_model(test, "greeting", 4, &[PROMPT, ("team", "red")]).await;
    create_version(test, "iris", 10, Some("r1"), &[("k", "1")]).await;
    create_version(test, "wine", 11, Some("r2"), &[("k", "2")]).await;
    create_version(test, "iris", 12, None, &[("k", "2"), ("l", "")]).await;
    create_version(test, "greeting", 13, None, &[PROMPT]).await;
    create_version(test, "iris", 12, Some("r1"), &[]).await;
    let tenant = test.tenant("other", "default").await;
    let elsewhere = WriteContext {
        tenant,
        ..test.context()
    };
    let create = CreateRegisteredModel {
        new: NewRegisteredModel {
            name: ModelName::new("iris"),
            description: None,
            deployment_job_id: None,
            tags: Vec::new(),
        },
        tag_keys: Vec::new(),
        keys: test.db().keys(),
    };
    test.write_with(elsewhere, create).await.unwrap();
}

/// One page of models.
pub(crate) fn models(
    test: &TestDb,
    filter: &str,
    order_by: &[&str],
    page: PageRequest,
) -> RegisteredModelSearch {
    RegisteredModelSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: OrderBy::parse_each(order_by).unwrap(),
            page,
            keys: test.db().keys(),
        },
    }
}

/// One page of versions.
pub(crate) fn versions(
    test: &TestDb,
    filter: &str,
    order_by: &[&str],
    page: PageRequest,
) -> ModelVersionSearch {
    ModelVersionSearch {
        tenant: test.tenant,
        search: Search {
            filter: Filter::parse(filter).unwrap(),
            order_by: OrderBy::parse_each(order_by).unwrap(),
            page,
            keys: test.db().keys(),
        },
    }
}

/// Reads all pages of a search.
async fn all<T>(
    max_results: usize,
    read: impl AsyncFn(PageRequest) -> Page<T>,
    name: impl Fn(&T) -> String,
) -> String {
    let mut names = Vec::new();
    let mut page_token = None;
    loop {
        let page = read(PageRequest {
            max_results,
            page_token,
        })
        .await;
        assert!(page.items.len() <= max_results);
        names.extend(page.items.iter().map(&name));
        page_token = page.next_page_token;
        if page_token.is_none() {
            return names.join(" ");
        }
    }
}

async fn found_models(test: &TestDb, filter: &str, order_by: &[&str], size: usize) -> String {
    let read = async |page| {
        test.read(models(test, filter, order_by, page))
            .await
            .unwrap()
    };
    all(size, read, |model: &RegisteredModel| model.name.to_string()).await
}

async fn found_versions(test: &TestDb, filter: &str, order_by: &[&str], size: usize) -> String {
    let read = async |page| {
        test.read(versions(test, filter, order_by, page))
            .await
            .unwrap()
    };
    all(size, read, |found| {
        format!("{}/{}", found.name, found.version)
    })
    .await
}

#[tokio::test]
async fn models_are_found_by_name_and_tags() {
    on_each_engine(async |test| {
        populate(test).await;
        let prompt = "tags.`mlflow.prompt.is_prompt`";
        for (filter, expected) in [
            ("", "Iris_2 iris wine"),
            ("name = 'iris'", "iris"),
            ("name != 'iris'", "Iris_2 wine"),
            ("name LIKE 'i%'", "iris"),
            ("name ILIKE 'i%'", "Iris_2 iris"),
            ("name IN ('wine', 'iris', 'none')", "iris wine"),
            ("name NOT IN ('wine', 'iris')", "Iris_2"),
            ("tags.team = 'red'", "iris"),
            ("tags.team != 'red'", "Iris_2"),
            ("tags.team ILIKE 'red' AND tags.stage = 'x'", "Iris_2"),
            ("tags.unheard != 'x'", ""),
            (&format!("{prompt} = 'true'"), "greeting"),
            (
                &format!("{prompt} = 'true' AND tags.team = 'red'"),
                "greeting",
            ),
            (
                &format!("{prompt} != 'false' AND name LIKE 'g%'"),
                "greeting",
            ),
            (&format!("{prompt} = 'false'"), "Iris_2 iris wine"),
            (&format!("{prompt} != 'true' AND tags.team = 'red'"), "iris"),
            ("name = 'greeting'", ""),
            (
                &format!("{prompt} = 'true' OR name = 'wine'"),
                "greeting wine",
            ),
        ] {
            assert_eq!(
                found_models(test, filter, &[], 100).await,
                expected,
                "{filter}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn models_come_in_order_and_page_by_page() {
    on_each_engine(async |test| {
        populate(test).await;
        for (order_by, expected) in [
            (&[][..], "Iris_2 iris wine"),
            (&["name DESC"], "wine iris Iris_2"),
            (&["last_updated_timestamp"], "Iris_2 wine iris"),
            (&["timestamp DESC"], "iris wine Iris_2"),
            (&["timestamp DESC", "name"], "iris wine Iris_2"),
        ] {
            for size in 1..=4 {
                let found = found_models(test, "", order_by, size).await;
                assert_eq!(found, expected, "{order_by:?} by {size}");
            }
        }
        let page = PageRequest {
            max_results: 1,
            page_token: None,
        };
        let found = test
            .read(models(test, "name = 'iris'", &[], page))
            .await
            .unwrap();
        let iris = &found.items[0];
        assert_eq!(iris.tags, [tag("team", "red")]);
        assert_eq!(iris.latest_versions.len(), 1);
        assert_eq!(iris.latest_versions[0].version.number(), 3);
    })
    .await;
}

#[tokio::test]
async fn versions_are_found_by_model_run_source_number_and_tags() {
    on_each_engine(async |test| {
        populate(test).await;
        let prompt = "tags.`mlflow.prompt.is_prompt`";
        for (filter, expected) in [
            ("", "iris/3 iris/2 wine/1 iris/1"),
            ("name = 'iris'", "iris/3 iris/2 iris/1"),
            ("name = 'none'", ""),
            ("name = 'iris' AND name = 'wine'", ""),
            ("name = 'iris' AND version_number > 1", "iris/3 iris/2"),
            ("version_number = '1'", "wine/1 iris/1"),
            ("version_number != 1", "iris/3 iris/2"),
            ("name != 'iris'", "wine/1"),
            ("name IN ('wine', 'greeting')", "wine/1"),
            ("name ILIKE 'IR%'", "iris/3 iris/2 iris/1"),
            ("run_id = 'r1'", "iris/3 iris/1"),
            ("run_id != 'r1'", "iris/2 wine/1"),
            ("run_id = ''", "iris/2"),
            ("run_id IN ('r1', 'r2')", "iris/3 wine/1 iris/1"),
            ("run_id NOT IN ('r1')", "iris/2 wine/1"),
            ("run_id LIKE 'r_'", "iris/3 wine/1 iris/1"),
            ("source_path = 's3://bucket/iris/10'", "iris/1"),
            ("source_path LIKE '%/12'", "iris/3 iris/2"),
            ("tags.k = '2'", "iris/2 wine/1"),
            ("tags.k != '2'", "iris/1"),
            ("tags.k = '2' AND tags.l = ''", "iris/2"),
            (
                "name = 'iris' OR run_id = 'r2'",
                "iris/3 iris/2 wine/1 iris/1",
            ),
            ("NOT name = 'iris'", "wine/1"),
            (&format!("{prompt} = 'true'"), "greeting/1"),
            (
                &format!("{prompt} = 'true' AND name = 'greeting'"),
                "greeting/1",
            ),
            ("name = 'greeting'", ""),
        ] {
            assert_eq!(
                found_versions(test, filter, &[], 100).await,
                expected,
                "{filter}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn versions_come_in_order_and_page_by_page() {
    on_each_engine(async |test| {
        populate(test).await;
        for (filter, order_by, expected) in [
            ("", &[][..], "iris/3 iris/2 wine/1 iris/1"),
            ("", &["name"], "iris/3 iris/2 iris/1 wine/1"),
            (
                "",
                &["name DESC", "version_number"],
                "wine/1 iris/1 iris/2 iris/3",
            ),
            ("", &["version_number"], "iris/1 wine/1 iris/2 iris/3"),
            ("", &["creation_timestamp"], "iris/1 wine/1 iris/3 iris/2"),
            (
                "",
                &["last_updated_timestamp DESC"],
                "iris/3 iris/2 wine/1 iris/1",
            ),
            ("name = 'iris'", &[], "iris/3 iris/2 iris/1"),
            ("name = 'iris'", &["name"], "iris/3 iris/2 iris/1"),
            (
                "name = 'iris'",
                &["name", "version_number"],
                "iris/1 iris/2 iris/3",
            ),
        ] {
            for size in 1..=5 {
                let found = found_versions(test, filter, order_by, size).await;
                assert_eq!(found, expected, "{filter} {order_by:?} by {size}");
            }
        }
    })
    .await;
}
