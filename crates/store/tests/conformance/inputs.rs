//! What runs read and write: datasets and logged models.

use ferroflow_model::datasets::{Dataset, DatasetInput, ModelOutput};
use ferroflow_model::runs::LogInputs as Inputs;
use ferroflow_model::{ErrorKind, ModelId, RunId};
use ferroflow_store::runs::{LogInputs, LogOutputs, PurgeRun};

use crate::harness::{count, on_each_engine};
use crate::runs::{create_run, get_run, tag};

fn input(name: &str, source: &str, context: &str) -> DatasetInput {
    DatasetInput {
        dataset: Dataset {
            name: name.to_owned(),
            digest: "d1".to_owned(),
            source_type: "local".to_owned(),
            source: source.to_owned(),
            schema: Some("{}".to_owned()),
            profile: None,
        },
        tags: vec![tag("mlflow.data.context", context)],
    }
}

fn inputs(run_id: &str, datasets: &[DatasetInput], models: &[&str]) -> LogInputs {
    LogInputs {
        inputs: Inputs {
            run_id: RunId::new(run_id),
            datasets: datasets.to_vec(),
            models: models.iter().copied().map(ModelId::new).collect(),
        },
    }
}

#[tokio::test]
async fn the_first_description_of_a_dataset_and_the_first_tags_of_an_input_stay() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        create_run(test, "r2").await;
        let (a, b) = (input("a", "s1", "train"), input("b", "s1", "test"));
        let datasets = [a.clone(), b.clone(), input("a", "s2", "test")];
        test.write(inputs("r1", &datasets, &["m-2", "m-1", "m-2"]))
            .await
            .unwrap();
        test.write(inputs("r1", &[input("b", "s3", "train")], &["m-1"]))
            .await
            .unwrap();
        test.write(inputs("r2", &[input("b", "s3", "train")], &[]))
            .await
            .unwrap();

        let run = get_run(test, "r1").await.unwrap();
        assert_eq!(run.dataset_inputs, [a, b]);
        assert_eq!(run.model_inputs, [ModelId::new("m-1"), ModelId::new("m-2")]);
        let run = get_run(test, "r2").await.unwrap();
        assert_eq!(run.dataset_inputs, [input("b", "s1", "train")]);
        assert_eq!(count(test, "SELECT count(*) FROM datasets").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_model_is_an_output_once() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        let output = |id: &str, step| ModelOutput {
            model_id: ModelId::new(id),
            step,
        };
        let log = |outputs: &[ModelOutput]| LogOutputs {
            run_id: RunId::new("r1"),
            outputs: outputs.to_vec(),
        };
        let outputs = [output("m-1", 2), output("m-2", 1)];
        test.write(log(&outputs)).await.unwrap();
        let again = [output("m-3", 0), output("m-1", 3)];
        let refused = test.write(log(&again)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        let mut logged = get_run(test, "r1").await.unwrap().model_outputs;
        logged.sort_by(|a, b| a.model_id.cmp(&b.model_id));
        assert_eq!(logged, outputs);
    })
    .await;
}

#[tokio::test]
async fn a_purged_run_keeps_no_inputs() {
    on_each_engine(async |test| {
        create_run(test, "r1").await;
        test.write(inputs("r1", &[input("a", "s", "train")], &["m-1"]))
            .await
            .unwrap();
        let outputs = vec![ModelOutput {
            model_id: ModelId::new("m-2"),
            step: 0,
        }];
        test.write(LogOutputs {
            run_id: RunId::new("r1"),
            outputs,
        })
        .await
        .unwrap();
        test.write(PurgeRun {
            run_id: RunId::new("r1"),
        })
        .await
        .unwrap();
        for table in [
            "run_dataset_inputs",
            "run_dataset_input_tags",
            "run_model_inputs",
            "run_model_outputs",
        ] {
            assert_eq!(
                count(test, &format!("SELECT count(*) FROM {table}")).await,
                0,
                "{table}"
            );
        }
    })
    .await;
}
