//! Recording, in a tag, the models that a run logged.

use ferroflow_model::{Error, ErrorKind, Etag, Result, RunId};

use super::edit::{ActiveRun, OwnFields, recall_etag};
use crate::args;
use crate::command::{Applied, Mutation, ResultKey, WriteContext};
use crate::conn::Conn;
use crate::tags::{KeyedValue, RUN_TAGS};

/// The list grows with each model, and every reading of the run carries it.
const HISTORY_BYTES: usize = 1 << 20;

/// Appends a model's description to the list in the tag `mlflow.log-model.history`.
pub struct LogModel {
    /// The run.
    pub run_id: RunId,
    /// The description, as JSON text.
    pub model_json: String,
    /// The interned key of the tag.
    pub history_key: i64,
}

impl Mutation for LogModel {
    type Out = Etag;
    const OPERATION: &'static str = "runs.log_model";

    async fn apply<C: Conn>(&self, conn: &mut C, write: &WriteContext) -> Result<Applied<Etag>> {
        const SQL: &str = "SELECT value FROM run_tags WHERE run_pk = $1 AND key_id = $2";
        let run = ActiveRun::change(conn, write, &self.run_id, OwnFields::default()).await?;
        let args = args![run.run_pk, self.history_key];
        let history = conn
            .query_optional(SQL, args, |row| row.get::<String>(0))
            .await?;
        let value = append(history.as_deref().unwrap_or("[]"), &self.model_json)?;
        let tag = KeyedValue {
            key_id: self.history_key,
            value,
        };
        RUN_TAGS
            .upsert(conn, run.run_pk, Some(run.experiment_pk), &[tag])
            .await?;
        Ok(run.applied(&self.run_id))
    }

    async fn recall<C: Conn>(
        &self,
        conn: &mut C,
        write: &WriteContext,
        result: ResultKey,
    ) -> Result<Option<Etag>> {
        recall_etag(conn, write, result).await
    }
}

/// Appends an item to the text of a JSON list.
fn append(list: &str, item: &str) -> Result<String> {
    let items = list
        .trim()
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'));
    let items = items.map(str::trim).ok_or_else(|| {
        Error::invalid("The tag 'mlflow.log-model.history' of the run does not hold a JSON list.")
    })?;
    let separator = if items.is_empty() { "" } else { ", " };
    let appended = format!("[{items}{separator}{item}]");
    if appended.len() > HISTORY_BYTES {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "The run has too many logged models: their descriptions exceed {HISTORY_BYTES} bytes."
            ),
        ));
    }
    Ok(appended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_appended_to_a_list() {
        let appended = |list: &str| append(list, "{\"a\": 1}").map_err(|error| error.kind());
        assert_eq!(appended("[]").as_deref(), Ok("[{\"a\": 1}]"));
        assert_eq!(appended(" [ 1 ] ").as_deref(), Ok("[1, {\"a\": 1}]"));
        assert_eq!(appended("by hand"), Err(ErrorKind::InvalidParameter));
        assert_eq!(
            append("[]", &"1".repeat(HISTORY_BYTES)).unwrap_err().kind(),
            ErrorKind::LimitExceeded
        );
    }
}
