//! Runs: their lifecycle and fields.

use ferroflow_model::runs::{Run, RunStatus};
use ferroflow_model::{ErrorKind, ExperimentId, Result, RunId, Tag};
use ferroflow_store::WriteContext;
use ferroflow_store::runs::{CreateRun, GetRun};

use crate::harness::{NOW_MS, TestDb, on_each_engine};

/// A run of the default experiment, as the service asks for it.
pub(crate) async fn new_run(test: &TestDb, run_id: &str) -> CreateRun {
    CreateRun {
        run_id: RunId::new(run_id),
        experiment_id: ExperimentId::DEFAULT,
        name: "bold-ox-1".to_owned(),
        user_id: "ann".to_owned(),
        start_ms: NOW_MS,
        tags: vec![Tag {
            key: "mlflow.runName".to_owned(),
            value: "bold-ox-1".to_owned(),
        }],
        tag_keys: vec![test.key("mlflow.runName").await],
        keys: test.db().keys(),
    }
}

/// Creates a run of the default experiment.
pub(crate) async fn create_run(test: &TestDb, run_id: &str) -> Run {
    test.write(new_run(test, run_id).await).await.unwrap()
}

/// Reads a run.
pub(crate) async fn get_run(test: &TestDb, run_id: &str) -> Result<Run> {
    let (tenant, keys) = (test.tenant, test.db().keys());
    test.read(GetRun {
        tenant,
        run_id: RunId::new(run_id),
        keys,
    })
    .await
}

#[tokio::test]
async fn a_run_is_read_as_it_was_created() {
    on_each_engine(async |test| {
        let created = create_run(test, "r1").await;
        assert_eq!(
            created.info.artifact_uri,
            "mlflow-artifacts:/0/r1/artifacts"
        );
        assert_eq!(created.info.status, RunStatus::Running);
        assert_eq!(get_run(test, "r1").await.unwrap(), created);
        test.restart().await;
        assert_eq!(get_run(test, "r1").await.unwrap(), created);
    })
    .await;
}
