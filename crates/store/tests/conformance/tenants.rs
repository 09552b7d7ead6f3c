//! Tenants: made at first use, and each sees what is its own.

use ferroflow_model::logged_models::LoggedModelStatus;
use ferroflow_model::model_versions::{DescriptionChange, Stage, TransitionStage};
use ferroflow_model::registered_models::UpdateRegisteredModel as Update;
use ferroflow_model::{ErrorKind, ModelId, PlatformId, Result, Scope, WorkspaceKey};
use ferroflow_store::logged_models::{
    DeleteLoggedModel, FinalizeLoggedModel, GetLoggedModel, LogModelParams, TagLoggedModel,
};
use ferroflow_store::model_versions::{
    DeleteModelVersion, LatestVersions, TagModelVersion, TransitionModelVersion, UpdateModelVersion,
};
use ferroflow_store::registered_models::{
    DeleteAlias, GetRegisteredModel, GetVersionByAlias, TagRegisteredModel, UpdateRegisteredModel,
};
use ferroflow_store::{Mutation, Query, Tenant, WriteContext};
use futures_util::future::join_all;

use crate::harness::{TestDb, count, default_experiment, on_each_engine, on_postgres};
use crate::logged_models::{create_logged_model, get_logged_model};
use crate::registered_models::{delete, rename};
use crate::registry::{
    alias, create_model, create_version, get_model, get_version, get_version_of, kind, name,
    new_model, new_version, number, set_alias, set_tags,
};

fn scope(platform: &str, workspace: Option<&str>) -> Scope {
    Scope {
        platform: PlatformId::parse(platform).unwrap(),
        workspace: workspace.map(|key| WorkspaceKey::parse(key).unwrap()),
    }
}

#[tokio::test]
async fn a_tenant_comes_into_being_at_first_use() {
    on_each_engine(async |test| {
        let ensure = async |scope: Scope| {
            let made = test.db().ensure_tenant(&scope, default_experiment).await;
            made.unwrap()
        };
        let new = scope("p", Some("w"));
        assert_eq!(test.db().tenant(&new).await.unwrap(), Tenant::NOWHERE);
        let tenant = ensure(new.clone()).await;
        assert_eq!(test.db().tenant(&new).await.unwrap(), tenant);
        assert_eq!(ensure(new.clone()).await, tenant);
        let platform = ensure(scope("p", None)).await;
        assert_eq!(
            platform,
            Tenant {
                workspace: 0,
                ..tenant
            }
        );
        let sibling = ensure(scope("p", Some("w2"))).await;
        assert_eq!(sibling.platform, tenant.platform);
        assert_ne!(sibling.workspace, tenant.workspace);
        let other = ensure(scope("P", Some("w"))).await;
        assert!(other.platform != tenant.platform && other.workspace != tenant.workspace);
        test.restart().await;
        assert_eq!(test.db().tenant(&new).await.unwrap(), tenant);
        // A platform has a registry, whatever its workspaces are.
        let unknown = test.db().tenant(&scope("p", Some("w3"))).await.unwrap();
        let expected = Tenant {
            workspace: Tenant::NO_WORKSPACE,
            ..tenant
        };
        assert_eq!(unknown, expected);
    })
    .await;
}

#[tokio::test]
async fn servers_that_meet_a_tenant_at_once_make_one() {
    on_postgres(async |test| {
        let second = test.second_server().await;
        for round in 0..20 {
            let scope = scope(&format!("p{round}"), Some("w"));
            let dbs = [test.db(), &second, test.db(), &second];
            let made = join_all(dbs.map(|db| db.ensure_tenant(&scope, default_experiment))).await;
            let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
            assert!(made.iter().all(|tenant| *tenant == made[0]));
        }
        // The one that each test begins with is there as well.
        for table in ["platforms", "workspaces", "experiments"] {
            let sql = format!("SELECT count(*) FROM {table}");
            assert_eq!(count(test, &sql).await, 21, "{table}");
        }
        second.close().await;
    })
    .await;
}

/// Changes that a stranger asks for, of things that another tenant has.
struct Stranger<'a> {
    test: &'a TestDb,
    tenant: Tenant,
}

impl Stranger<'_> {
    async fn cannot_write<M: Mutation>(&self, mutation: M) {
        let context = WriteContext {
            tenant: self.tenant,
            ..self.test.context()
        };
        let refused = self.test.write_with(context, mutation).await;
        assert_eq!(kind(refused), Some(ErrorKind::NotFound), "{}", M::OPERATION);
    }

    async fn cannot_read<Q: Query>(&self, query: Q) {
        let refused = self.test.read(query).await;
        assert_eq!(kind(refused), Some(ErrorKind::NotFound), "{}", Q::NAME);
    }

    async fn change_models(&self) {
        let (test, keys) = (self.test, || self.test.db().keys());
        let changes = set_tags(test, &[("a", "stolen")]).await;
        self.cannot_write(UpdateRegisteredModel {
            update: Update {
                name: name("iris"),
                description: Some("stolen".to_owned()),
                deployment_job_id: None,
            },
            keys: keys(),
        })
        .await;
        self.cannot_write(TagRegisteredModel {
            name: name("iris"),
            changes,
            keys: keys(),
        })
        .await;
        self.cannot_write(rename(test, "iris", "stolen")).await;
        self.cannot_write(set_alias("iris", "champion", 1)).await;
        self.cannot_write(DeleteAlias {
            name: name("iris"),
            alias: alias("champion"),
        })
        .await;
        self.cannot_write(delete(test, "iris")).await;
    }

    async fn change_versions(&self) {
        let (test, keys) = (self.test, || self.test.db().keys());
        let (name, version) = (name("iris"), number(1));
        self.cannot_write(new_version(test, "iris").await).await;
        self.cannot_write(UpdateModelVersion {
            name: name.clone(),
            version,
            description: DescriptionChange::Set("stolen".to_owned()),
            keys: keys(),
        })
        .await;
        self.cannot_write(TagModelVersion {
            name: name.clone(),
            version,
            changes: set_tags(test, &[("a", "stolen")]).await,
            keys: keys(),
        })
        .await;
        let transition = TransitionStage {
            name: name.clone(),
            version,
            stage: Stage::Archived,
            archive_existing: true,
        };
        self.cannot_write(TransitionModelVersion {
            transition,
            keys: keys(),
        })
        .await;
        self.cannot_write(DeleteModelVersion {
            name,
            version,
            keys: keys(),
        })
        .await;
    }

    async fn look(&self) {
        let (tenant, keys) = (self.tenant, || self.test.db().keys());
        let name = name("iris");
        self.cannot_read(GetRegisteredModel {
            tenant,
            name: name.clone(),
            keys: keys(),
        })
        .await;
        self.cannot_read(GetVersionByAlias {
            tenant,
            name: name.clone(),
            alias: alias("latest"),
            keys: keys(),
        })
        .await;
        self.cannot_read(LatestVersions {
            tenant,
            name,
            stages: Stage::ALL.to_vec(),
            keys: keys(),
        })
        .await;
        let read = get_version_of(self.test, tenant, "iris", 1).await;
        assert_eq!(kind(read), Some(ErrorKind::NotFound));
    }

    async fn touch_logged_model(&self) {
        let (test, keys) = (self.test, || self.test.db().keys());
        let model_id = ModelId::new("m-1");
        self.cannot_write(TagLoggedModel {
            model_id: model_id.clone(),
            changes: set_tags(test, &[("a", "stolen")]).await,
            keys: keys(),
        })
        .await;
        self.cannot_write(LogModelParams {
            model_id: model_id.clone(),
            params: set_tags(test, &[("p", "stolen")]).await.set,
        })
        .await;
        self.cannot_write(FinalizeLoggedModel {
            model_id: model_id.clone(),
            status: LoggedModelStatus::Ready,
            keys: keys(),
        })
        .await;
        self.cannot_write(DeleteLoggedModel {
            model_id: model_id.clone(),
        })
        .await;
        self.cannot_read(GetLoggedModel {
            tenant: self.tenant,
            model_id,
            allow_deleted: true,
            keys: keys(),
        })
        .await;
    }
}

#[tokio::test]
async fn another_platform_neither_sees_nor_changes_a_registry() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        create_version(test, "iris").await;
        test.write(set_alias("iris", "champion", 1)).await.unwrap();
        create_logged_model(test, "m-1").await;
        let model = get_model(test, "iris").await.unwrap();
        let logged = get_logged_model(test, "m-1").await.unwrap();
        let workspace = test.tenant("other", "default").await;
        let platform = Tenant {
            workspace: 0,
            ..workspace
        };
        for tenant in [workspace, platform, Tenant::NOWHERE] {
            let stranger = Stranger { test, tenant };
            stranger.look().await;
            stranger.change_models().await;
            stranger.change_versions().await;
            stranger.touch_logged_model().await;
        }
        assert_eq!(get_model(test, "iris").await.unwrap(), model);
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), logged);
    })
    .await;
}

#[tokio::test]
async fn another_workspace_neither_sees_nor_changes_a_logged_model() {
    on_each_engine(async |test| {
        let logged = create_logged_model(test, "m-1").await;
        let tenant = test.tenant("default", "other").await;
        Stranger { test, tenant }.touch_logged_model().await;
        assert_eq!(get_logged_model(test, "m-1").await.unwrap(), logged);
    })
    .await;
}

#[tokio::test]
async fn platforms_use_one_name_side_by_side() {
    on_each_engine(async |test| {
        let other = WriteContext {
            tenant: test.tenant("other", "default").await,
            ..test.context()
        };
        let here = create_model(test, "iris").await;
        let created = test.write_with(other.clone(), new_model(test, "iris").await);
        assert_ne!(created.await.unwrap().etag, here.etag);
        create_version(test, "iris").await;
        let there = test
            .write_with(other.clone(), new_version(test, "iris").await)
            .await
            .unwrap();
        assert_eq!(there.version, number(1));
        test.write_with(other, delete(test, "iris")).await.unwrap();
        get_version(test, "iris", 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_workspaces_of_a_platform_share_its_registry() {
    on_each_engine(async |test| {
        create_model(test, "iris").await;
        let sibling = test.tenant("default", "other").await;
        let platform = Tenant {
            workspace: 0,
            ..sibling
        };
        for tenant in [test.tenant, sibling, platform] {
            let context = WriteContext {
                tenant,
                ..test.context()
            };
            let create = new_version(test, "iris").await;
            let version = test.write_with(context, create).await.unwrap();
            for tenant in [test.tenant, sibling, platform] {
                let read = get_version_of(test, tenant, "iris", version.version.number()).await;
                assert_eq!(read.unwrap(), version);
            }
        }
        let versions = "SELECT max(version) FROM model_versions";
        assert_eq!(count(test, versions).await, 3, "one series for both scopes");
    })
    .await;
}
