//! Workspaces of the MLflow dialect: made, changed, and deleted in three ways.

use std::collections::BTreeMap;

use ferroflow_model::workspaces::{DeletionMode, Workspace, WorkspaceChanges, WorkspaceName};
use ferroflow_model::{AbsentTenant, ErrorKind, ExperimentId, PlatformId, Result, Scope};
use ferroflow_store::experiments::{GetExperiment, GetExperimentByName};
use ferroflow_store::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, ListWorkspaces, PurgeDeletedPlatforms,
    UpdateWorkspace,
};
use ferroflow_store::{Conn, Engine, Query, Tenant, WriteContext};
use futures_util::future::join_all;

use crate::experiments::{create_experiment, new_experiment};
use crate::harness::{TestDb, count, default_experiment, on_each_engine, on_postgres};
use crate::logged_models::{create_logged_model, get_logged_model, log_model_metrics};
use crate::registry::{
    create_model, create_version, effects, get_model, get_version, kind, new_model, refusal,
    set_alias, set_tags, tagged_model,
};
use crate::run_data::metric;
use crate::runs::{create_run, get_run};
use crate::search_run_fixtures;

fn name(text: &str) -> WorkspaceName {
    WorkspaceName::parse(text).unwrap()
}

fn workspace(text: &str) -> Workspace {
    Workspace {
        name: name(text),
        description: None,
        default_artifact_root: None,
        trace_archival_location: None,
        trace_archival_retention: None,
    }
}

async fn create(test: &TestDb, workspace: Workspace) -> Result<Workspace> {
    test.write(CreateWorkspace {
        workspace,
        default_experiment: default_experiment(),
    })
    .await
}

/// Makes a workspace, and answers its tenant.
async fn make(test: &TestDb, label: &str) -> Tenant {
    create(test, workspace(label)).await.unwrap();
    find(test, label).await.unwrap()
}

async fn find(test: &TestDb, label: &str) -> Option<Tenant> {
    test.db().find_tenant(&name(label).scope()).await.unwrap()
}

async fn delete(test: &TestDb, label: &str, mode: DeletionMode) -> Result<()> {
    let name = name(label);
    test.write(DeleteWorkspace { name, mode }).await
}

async fn update(test: &TestDb, label: &str, changes: WorkspaceChanges) -> Result<Workspace> {
    let name = name(label);
    test.write(UpdateWorkspace { name, changes }).await
}

async fn list(test: &TestDb) -> Vec<String> {
    let found = test.read(ListWorkspaces { limit: 100 }).await.unwrap();
    found.iter().map(|found| found.name.to_string()).collect()
}

async fn location(test: &TestDb, tenant: Tenant, id: i64) -> String {
    let (id, keys) = (ExperimentId::new(id), test.db().keys());
    let found = test.read(GetExperiment { tenant, id, keys }).await;
    found.unwrap().artifact_location
}

/// Does something as if the tests belonged to another tenant.
async fn within<T>(
    test: &mut TestDb,
    tenant: Tenant,
    act: impl AsyncFnOnce(&mut TestDb) -> T,
) -> T {
    let own = std::mem::replace(&mut test.tenant, tenant);
    let answer = act(test).await;
    test.tenant = own;
    answer
}

#[tokio::test]
async fn a_workspace_is_a_platform_with_what_is_set_for_it() {
    on_each_engine(async |test| {
        let new = Workspace {
            description: Some(String::new()),
            trace_archival_location: Some("s3://b/t".to_owned()),
            trace_archival_retention: Some("30d".to_owned()),
            ..workspace("team-a")
        };
        let before = effects(test).await;
        assert_eq!(create(test, new.clone()).await.unwrap(), new);
        assert_eq!(effects(test).await, (before.0 + 1, before.1 + 1));
        let name = name("team-a");
        assert_eq!(test.read(GetWorkspace { name }).await.unwrap(), new);
        let refused = create(test, workspace("team-a")).await;
        let message = "Workspace 'team-a' already exists.".to_owned();
        assert_eq!(refusal(refused), (ErrorKind::AlreadyExists, message));

        // What another dialect has made is there as well, if its name can be one here.
        test.tenant("other-team", "somewhere").await;
        test.tenant("ocid1.Platform", "default").await;
        assert_eq!(list(test).await, ["default", "other-team", "team-a"]);
        let refused = create(test, workspace("other-team")).await;
        assert_eq!(kind(refused), Some(ErrorKind::AlreadyExists));
        let tenant = find(test, "team-a").await.unwrap();
        assert_eq!(location(test, tenant, 0).await, "mlflow-artifacts:/0");
    })
    .await;
}

#[tokio::test]
async fn changes_keep_what_they_do_not_name() {
    on_each_engine(async |test| {
        make(test, "team-a").await;
        let text = |text: &str| Some(text.to_owned());
        let all = WorkspaceChanges {
            description: text("d"),
            default_artifact_root: text("s3://b"),
            trace_archival_location: text("s3://t"),
            trace_archival_retention: text("1d"),
        };
        let changed = update(test, "team-a", all).await.unwrap();
        assert_eq!(changed.default_artifact_root, text("s3://b"));
        let cleared = WorkspaceChanges {
            description: text(""),
            trace_archival_location: text(""),
            ..WorkspaceChanges::default()
        };
        let changed = update(test, "team-a", cleared).await.unwrap();
        let expected = Workspace {
            description: text(""),
            default_artifact_root: text("s3://b"),
            trace_archival_retention: text("1d"),
            ..workspace("team-a")
        };
        assert_eq!(changed, expected);
        let name = name("team-a");
        assert_eq!(test.read(GetWorkspace { name }).await.unwrap(), expected);
        let refused = update(test, "nobody", WorkspaceChanges::default()).await;
        let message = "Workspace 'nobody' not found".to_owned();
        assert_eq!(refusal(refused), (ErrorKind::NotFound, message));
    })
    .await;
}

#[tokio::test]
async fn new_experiments_keep_their_artifacts_where_the_workspace_says() {
    on_each_engine(async |test| {
        let root = |root: &str| WorkspaceChanges {
            default_artifact_root: Some(root.to_owned()),
            ..WorkspaceChanges::default()
        };
        let new = Workspace {
            default_artifact_root: Some("s3://b/x/?q=1".to_owned()),
            ..workspace("team-a")
        };
        create(test, new).await.unwrap();
        let tenant = find(test, "team-a").await.unwrap();
        let sibling = test.tenant("team-a", "sibling").await;
        let create = async |test: &TestDb, tenant, label: &str| {
            let context = WriteContext {
                tenant,
                ..test.context()
            };
            let new = new_experiment(test, label, &[]).await;
            let made = test.write_with(context, new).await.unwrap();
            made.artifact_location
        };
        assert_eq!(location(test, tenant, 0).await, "s3://b/x/0?q=1");
        assert_eq!(create(test, tenant, "a").await, "s3://b/x/1?q=1");
        assert_eq!(create(test, sibling, "a").await, "mlflow-artifacts:/1");
        update(test, "team-a", root("/data")).await.unwrap();
        assert_eq!(create(test, tenant, "b").await, "/data/2");
        update(test, "team-a", root("")).await.unwrap();
        assert_eq!(create(test, tenant, "c").await, "mlflow-artifacts:/3");
        assert_eq!(location(test, tenant, 1).await, "s3://b/x/1?q=1");
    })
    .await;
}

/// Puts something into every table of a tenant that a client can fill.
async fn fill(test: &TestDb) {
    for sketch in search_run_fixtures::RUNS {
        search_run_fixtures::create(test, *sketch).await;
    }
    create_run(test, "r1").await;
    create_experiment(test, "tagged", &[("a", "b")]).await;
    create_logged_model(test, "m-1").await;
    // More points than go into one block.
    let points: Vec<_> = (0..100).map(|n| metric("loss", n, n, 0.5)).collect();
    log_model_metrics(test, "m-1", "r1", &points).await;
    for table in [
        "run_model_inputs (run_pk, model_id)",
        "run_model_outputs (run_pk, model_id, step)",
    ] {
        let step = if table.contains("step") { ", 1" } else { "" };
        let sql = format!(
            "INSERT INTO {table} SELECT run_pk, 'm-1'{step} FROM runs \
             WHERE run_id = 'r1' AND platform_pk = {}",
            test.tenant.platform
        );
        assert_eq!(test.execute(&sql).await, 1);
    }
    let model = tagged_model(test, "iris", &[("a", "b")]).await;
    test.write(model).await.unwrap();
    create_version(test, "iris").await;
    test.write(set_alias("iris", "champion", 1)).await.unwrap();
    let tag = crate::model_versions::change_tags(test, 1, set_tags(test, &[("a", "b")]).await);
    let retried = test.retry("token", 1);
    test.write_with(retried, tag).await.unwrap();
}

/// How many rows each table has.
struct Tables;

impl Query for Tables {
    type Out = BTreeMap<String, i64>;
    const NAME: &'static str = "test.tables";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Self::Out> {
        let sql = match conn.engine() {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Engine::Postgres => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
            }
        };
        let mut tables = BTreeMap::new();
        for table in conn.query(sql, &[], |row| row.get::<String>(0)).await? {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows = conn.query_one(&sql, &[], |row| row.get(0)).await?;
            tables.insert(table, rows);
        }
        Ok(tables)
    }
}

/// The rows of each table that belongs to tenants: audit rows and events outlive them, and the
/// names of keys are shared.
async fn rows(test: &TestDb) -> BTreeMap<String, i64> {
    let mut tables = test.db().read(Tables).await.unwrap();
    for shared in [
        "audit_events",
        "outbox_events",
        "entity_keys",
        "ferroflow_migrations",
    ] {
        assert!(tables.remove(shared).is_some(), "{shared}");
    }
    tables
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_workspace() {
    on_each_engine(async |test| {
        fill(test).await;
        let before = rows(test).await;
        let tenant = make(test, "team-a").await;
        within(test, tenant, async |test| fill(test).await).await;
        for (table, rows) in rows(test).await {
            assert!(rows > before[&table], "the test puts nothing into {table}");
        }

        delete(test, "team-a", DeletionMode::Cascade).await.unwrap();
        assert_eq!(find(test, "team-a").await, None);
        assert_eq!(list(test).await, ["default"]);
        let refused = delete(test, "team-a", DeletionMode::Cascade).await;
        assert_eq!(kind(refused), Some(ErrorKind::NotFound));

        // Its name is free before its rows are gone.
        let again = make(test, "team-a").await;
        assert_ne!(again.platform, tenant.platform);
        let found = within(test, again, async |test| get_model(test, "iris").await).await;
        assert_eq!(kind(found), Some(ErrorKind::NotFound));
        delete(test, "team-a", DeletionMode::Restrict)
            .await
            .unwrap();

        let mut pieces = 0;
        while test.db().run(PurgeDeletedPlatforms).await.unwrap() > 0 {
            pieces += 1;
        }
        assert!(pieces > 3, "content goes piece by piece");
        assert_eq!(rows(test).await, before);
        get_version(test, "iris", 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn content_keeps_a_workspace_unless_it_may_go_too() {
    on_each_engine(async |test| {
        let refused = async |test: &TestDb, table: &str, rows: i64| {
            let refused = delete(test, "team-a", DeletionMode::Restrict).await;
            let message = format!(
                "Cannot delete workspace 'team-a': table '{table}' still contains {rows} \
                 resource(s). Remove or reassign them before deleting the workspace."
            );
            assert_eq!(refusal(refused), (ErrorKind::InvalidState, message));
        };
        let fresh = async |test: &mut TestDb| {
            let deleted = delete(test, "team-a", DeletionMode::Cascade).await;
            assert!(deleted.is_ok());
            make(test, "team-a").await
        };
        // The default experiment that it begins with is no content.
        make(test, "team-a").await;
        delete(test, "team-a", DeletionMode::Restrict)
            .await
            .unwrap();

        let tenant = make(test, "team-a").await;
        within(test, tenant, async |test| create_run(test, "r1").await).await;
        refused(test, "experiments", 1).await;
        let tenant = fresh(test).await;
        within(test, tenant, async |test| {
            create_logged_model(test, "m-1").await
        })
        .await;
        refused(test, "experiments", 1).await;
        let tenant = fresh(test).await;
        within(test, tenant, async |test| {
            create_experiment(test, "a", &[]).await;
            create_model(test, "iris").await;
        })
        .await;
        refused(test, "registered_models", 1).await;
        fresh(test).await;
        let sibling = test.tenant("team-a", "sibling").await;
        within(test, sibling, async |test| create_run(test, "r2").await).await;
        refused(test, "experiments", 1).await;
    })
    .await;
}

#[tokio::test]
async fn content_can_move_to_the_default_workspace() {
    on_each_engine(async |test| {
        create_experiment(test, "one", &[]).await;
        let tenant = make(test, "team-a").await;
        within(test, tenant, async |test| {
            create_experiment(test, "two", &[]).await;
            create_run(test, "r1").await;
        })
        .await;
        // The default experiment is in use here, and there is one over there.
        let refused = delete(test, "team-a", DeletionMode::SetDefault).await;
        assert_eq!(refusal(refused), conflict("  - experiments: 'Default'"));
        let rename = "UPDATE experiments SET name = 'team' WHERE number = 0 AND workspace_pk = ";
        let workspace = tenant.workspace;
        test.execute(&format!("{rename}{workspace}")).await;
        within(test, tenant, async |test| {
            create_logged_model(test, "m-1").await;
            create_model(test, "iris").await;
            create_version(test, "iris").await;
        })
        .await;
        delete(test, "team-a", DeletionMode::SetDefault)
            .await
            .unwrap();

        let mut ids = Vec::new();
        for label in ["one", "team", "two"] {
            let (tenant, keys) = (test.tenant, test.db().keys());
            let name = label.to_owned();
            let found = test.read(GetExperimentByName { tenant, name, keys }).await;
            ids.push(found.unwrap().id.number());
        }
        assert_eq!(ids, [1, 2, 3], "numbers are those of the default workspace");
        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(run.info.experiment_id, ExperimentId::new(2));
        let model = get_logged_model(test, "m-1").await.unwrap();
        assert_eq!(model.experiment_id, ExperimentId::new(2));
        get_version(test, "iris", 1).await.unwrap();
        let next = create_experiment(test, "next", &[]).await;
        assert_eq!(next.id, ExperimentId::new(4));
        while test.db().run(PurgeDeletedPlatforms).await.unwrap() > 0 {}
        assert_eq!(get_run(test, "r1").await.unwrap(), run);
    })
    .await;
}

fn conflict(names: &str) -> (ErrorKind, String) {
    let message = format!(
        "Cannot reassign resources from workspace 'team-a' to 'default': the following names \
         already exist in the default workspace and would cause conflicts:\n{names}\nRename or \
         remove the conflicting resources before retrying."
    );
    (ErrorKind::InvalidState, message)
}

#[tokio::test]
async fn names_in_conflict_keep_content_where_it_is() {
    on_each_engine(async |test| {
        let tenant = make(test, "team-a").await;
        let both = async |test: &mut TestDb| {
            create_experiment(test, "x", &[]).await;
            create_experiment(test, "w", &[]).await;
            create_model(test, "iris").await;
        };
        both(test).await;
        within(test, tenant, both).await;
        within(test, tenant, async |test| create_model(test, "other").await).await;
        let refused = delete(test, "team-a", DeletionMode::SetDefault).await;
        let names = "  - registered_models: 'iris'\n  - experiments: 'w'\n  - experiments: 'x'";
        assert_eq!(refusal(refused), conflict(names));
        assert_eq!(find(test, "team-a").await, Some(tenant));
        let found = get_model(test, "other").await;
        assert_eq!(kind(found), Some(ErrorKind::NotFound));
        let next = create_experiment(test, "next", &[]).await;
        assert_eq!(next.id, ExperimentId::new(3), "no number was taken");
    })
    .await;
}

#[tokio::test]
async fn what_has_no_place_in_the_default_workspace_does_not_move() {
    on_each_engine(async |test| {
        make(test, "team-a").await;
        let sibling = test.tenant("team-a", "sibling").await;
        within(test, sibling, async |test| create_run(test, "r1").await).await;
        let refused = delete(test, "team-a", DeletionMode::SetDefault).await;
        let (kind, message) = refusal(refused);
        assert_eq!(kind, ErrorKind::InvalidState);
        assert!(message.contains("workspace 'sibling'"), "{message}");
        // A platform without a workspace `default` is one too.
        let scope = Scope {
            platform: PlatformId::parse("team-b").unwrap(),
            workspace: None,
        };
        let made = test
            .db()
            .make_tenant(&scope, default_experiment(), AbsentTenant::Made);
        let tenant = made.await.unwrap();
        within(test, tenant, async |test| create_model(test, "iris").await).await;
        let set_default = delete(test, "team-b", DeletionMode::SetDefault);
        set_default.await.unwrap();
        get_model(test, "iris").await.unwrap();
    })
    .await;
}

/// The columns by which rows belong to a tenant, but for those of what stays when content moves.
struct TenantColumns;

impl Query for TenantColumns {
    type Out = Vec<(String, String)>;
    const NAME: &'static str = "test.tenant_columns";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Self::Out> {
        const STAYS: [&str; 5] = [
            "audit_events",
            "outbox_events",
            "platforms",
            "retry_tokens",
            "workspaces",
        ];
        let sql = match conn.engine() {
            Engine::Sqlite => {
                "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
                 WHERE t.type = 'table' AND c.name IN ('platform_pk', 'workspace_pk')"
            }
            Engine::Postgres => {
                "SELECT table_name::text, column_name::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() \
                 AND column_name IN ('platform_pk', 'workspace_pk')"
            }
        };
        let columns = conn
            .query(sql, &[], |row| {
                Ok((row.get::<String>(0)?, row.get::<String>(1)?))
            })
            .await?;
        let moves = |(table, _): &(String, String)| !STAYS.contains(&table.as_str());
        Ok(columns.into_iter().filter(moves).collect())
    }
}

#[tokio::test]
async fn every_row_that_names_its_tenant_moves() {
    on_each_engine(async |test| {
        let tenant = make(test, "team-a").await;
        within(test, tenant, async |test| fill(test).await).await;
        let rename = "UPDATE experiments SET name = 'team' WHERE number = 0 AND workspace_pk = ";
        let workspace = tenant.workspace;
        test.execute(&format!("{rename}{workspace}")).await;
        delete(test, "team-a", DeletionMode::SetDefault)
            .await
            .unwrap();
        for (table, column) in test.db().read(TenantColumns).await.unwrap() {
            let key = match column.as_str() {
                "platform_pk" => tenant.platform,
                _ => tenant.workspace,
            };
            let left = format!("SELECT count(*) FROM {table} WHERE {column} = {key}");
            assert_eq!(count(test, &left).await, 0, "{table}.{column}");
            let rows = format!("SELECT count(*) FROM {table}");
            assert!(
                count(test, &rows).await > 0,
                "the test puts nothing into {table}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_write_that_comes_too_late_is_refused() {
    on_each_engine(async |test| {
        let tenant = make(test, "team-a").await;
        delete(test, "team-a", DeletionMode::Cascade).await.unwrap();
        let context = WriteContext {
            tenant,
            holds_tenant: true,
            ..test.context()
        };
        let late = test
            .write_with(context, new_model(test, "late").await)
            .await;
        assert_eq!(kind(late), Some(ErrorKind::NotFound));
        let (scope, default) = (name("team-a").scope(), default_experiment());
        let made = test
            .db()
            .make_tenant(&scope, default, AbsentTenant::Refused);
        assert_eq!(kind(made.await), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn writes_that_meet_a_deletion_are_moved_or_refused() {
    on_postgres(async |test| {
        for round in 0..10 {
            let tenant = make(test, "team-a").await;
            let write = async |number: i32| {
                let context = WriteContext {
                    tenant,
                    holds_tenant: true,
                    ..test.context()
                };
                let label = format!("late-{round}-{number}");
                let written = test.write_with(context, new_model(test, &label).await);
                written.await.map(|_| label)
            };
            let writes = join_all((0..4).map(write));
            let deletion = delete(test, "team-a", DeletionMode::SetDefault);
            let (written, deleted) = futures_util::future::join(writes, deletion).await;
            deleted.unwrap();
            for outcome in written {
                match outcome {
                    Ok(label) => drop(get_model(test, &label).await.unwrap()),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
                }
            }
        }
    })
    .await;
}
