//! Tags and params: rows of (owner, key, value), alike for every entity that has them.

use ferroflow_model::{Error, MissingTag, Param, Result, Tag};

use crate::conn::{BulkColumn, BulkInsert, Conn};
use crate::{KeyCache, Row, Value, args};

/// A table of values by owner and interned key, with its statements: they run too often to be
/// built each time.
pub(crate) struct KeyedTable {
    /// Its name.
    pub(crate) name: &'static str,
    /// The column that names the owner.
    pub(crate) owner: &'static str,
    /// Its columns, `owner, key_id, value`, and `experiment_pk` where it has one.
    pub(crate) columns: &'static [&'static str],
    replace: &'static str,
    keep: &'static str,
    remove: &'static str,
    select: &'static str,
}

macro_rules! keyed_table {
    ($(#[$doc:meta])* $constant:ident, $name:literal, $owner:literal $(, $extra:literal)?) => {
        $(#[$doc])*
        pub(crate) const $constant: KeyedTable = KeyedTable {
            name: $name,
            owner: $owner,
            columns: &[$owner, "key_id", "value" $(, $extra)?],
            replace: concat!(
                "ON CONFLICT (", $owner, ", key_id) DO UPDATE SET value = excluded.value"
            ),
            keep: concat!("ON CONFLICT (", $owner, ", key_id) DO NOTHING"),
            remove: concat!("DELETE FROM ", $name, " WHERE ", $owner, " = $1 AND key_id = $2"),
            select: concat!(
                "SELECT ", $owner, ", key_id, value FROM ", $name, " WHERE ", $owner, " = $1"
            ),
        };
    };
}

keyed_table!(EXPERIMENT_TAGS, "experiment_tags", "experiment_pk");
keyed_table!(RUN_TAGS, "run_tags", "run_pk", "experiment_pk");
keyed_table!(RUN_PARAMS, "run_params", "run_pk", "experiment_pk");
keyed_table!(
    LOGGED_MODEL_TAGS,
    "logged_model_tags",
    "logged_model_pk",
    "experiment_pk"
);
keyed_table!(
    LOGGED_MODEL_PARAMS,
    "logged_model_params",
    "logged_model_pk",
    "experiment_pk"
);
keyed_table!(REGISTERED_MODEL_TAGS, "registered_model_tags", "model_pk");
keyed_table!(MODEL_VERSION_TAGS, "model_version_tags", "version_pk");

/// A tag or param as it is stored, with its key interned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedValue {
    /// The interned key.
    pub key_id: i64,
    /// The text.
    pub value: String,
}

/// Changes of tags with their keys interned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedChanges {
    /// Inserted, or given a new value; keys are distinct.
    pub set: Vec<KeyedValue>,
    /// Interned keys to remove, with their names for the error; an unknown key has no id.
    pub delete: Vec<(Option<i64>, String)>,
    /// What an unknown key among `delete` means.
    pub missing: MissingTag,
}

impl KeyedTable {
    /// Inserts values, or replaces those that are there. Keys are distinct.
    pub(crate) async fn upsert<C: Conn>(
        &self,
        conn: &mut C,
        owner: i64,
        experiment: Option<i64>,
        values: &[KeyedValue],
    ) -> Result<()> {
        let key_ids: Vec<i64> = values.iter().map(|value| value.key_id).collect();
        let texts: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
        self.insert(conn, owner, experiment, (&key_ids, &texts), self.replace)
            .await
            .map(drop)
    }

    /// Inserts the first tags of an owner; `key_ids` has the interned keys, in the same order.
    pub(crate) async fn insert_tags<C: Conn>(
        &self,
        conn: &mut C,
        owner: i64,
        experiment: Option<i64>,
        tags: &[Tag],
        key_ids: &[i64],
    ) -> Result<()> {
        let texts: Vec<&str> = tags.iter().map(|tag| tag.value.as_str()).collect();
        self.insert(conn, owner, experiment, (key_ids, &texts), self.replace)
            .await
            .map(drop)
    }

    /// Inserts values whose keys are not there; answers how many that were.
    pub(crate) async fn insert_new<C: Conn>(
        &self,
        conn: &mut C,
        owner: i64,
        experiment: Option<i64>,
        values: &[KeyedValue],
    ) -> Result<u64> {
        let key_ids: Vec<i64> = values.iter().map(|value| value.key_id).collect();
        let texts: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
        self.insert(conn, owner, experiment, (&key_ids, &texts), self.keep)
            .await
    }

    async fn insert<C: Conn>(
        &self,
        conn: &mut C,
        owner: i64,
        experiment: Option<i64>,
        (key_ids, texts): (&[i64], &[&str]),
        conflict: &'static str,
    ) -> Result<u64> {
        if key_ids.is_empty() {
            return Ok(0);
        }
        let own = [
            BulkColumn::Constant(owner),
            BulkColumn::Ints(key_ids),
            BulkColumn::Texts(texts),
            BulkColumn::Constant(experiment.unwrap_or_default()),
        ];
        let bulk = BulkInsert {
            table: self.name,
            columns: self.columns,
            conflict,
            values: &own[..self.columns.len()],
        };
        conn.insert(&bulk).await
    }

    /// Deletes one value; tells whether it was there.
    async fn remove<C: Conn>(&self, conn: &mut C, owner: i64, key_id: i64) -> Result<bool> {
        Ok(conn.execute(self.remove, args![owner, key_id]).await? > 0)
    }

    /// Deletes and sets tags. `missing` makes the error for a key that was to be deleted and is
    /// not there.
    pub(crate) async fn change<C: Conn>(
        &self,
        conn: &mut C,
        owner: i64,
        experiment: Option<i64>,
        changes: &KeyedChanges,
        missing: impl Fn(&str) -> Error + Send,
    ) -> Result<()> {
        for (key_id, key) in &changes.delete {
            let removed = match key_id {
                Some(key_id) => self.remove(conn, owner, *key_id).await?,
                None => false,
            };
            if !removed && changes.missing == MissingTag::Refuse {
                return Err(missing(key));
            }
        }
        self.upsert(conn, owner, experiment, &changes.set).await
    }

    /// Reads the values of several owners, in one statement.
    pub(crate) async fn load<C: Conn>(
        &self,
        conn: &mut C,
        keys: &KeyCache,
        owners: &[i64],
    ) -> Result<Values> {
        if owners.is_empty() {
            return Ok(Values::default());
        }
        let rows = self.select(conn, owners).await?;
        let names = keys
            .names(conn, rows.iter().map(|(_, key_id, _)| *key_id))
            .await?;
        let mut values = Vec::with_capacity(rows.len());
        for (owner, key_id, value) in rows {
            values.push((owner, names.get(key_id)?, value));
        }
        values.sort_unstable();
        Ok(Values(values))
    }

    async fn select<C: Conn>(&self, conn: &mut C, owners: &[i64]) -> Result<Vec<ValueRow>> {
        let map = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        if let [owner] = owners {
            return conn.query(self.select, args![*owner], map).await;
        }
        let sql = format!(
            "SELECT {owner}, key_id, value FROM {table} WHERE {any}",
            owner = self.owner,
            table = self.name,
            any = conn.engine().any_of(self.owner, 1)
        );
        conn.query(&sql, &[Value::Ints(owners)], map).await
    }
}

/// The owner, the interned key and the text of a value.
type ValueRow = (i64, i64, String);

/// Values of several owners, by owner and key.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<(i64, String, String)>);

impl Values {
    /// The tags of one owner, in the order of their keys.
    pub(crate) fn tags(&self, owner: i64) -> Vec<Tag> {
        self.of(owner)
            .map(|(key, value)| Tag { key, value })
            .collect()
    }

    /// The params of one owner, in the order of their keys.
    pub(crate) fn params(&self, owner: i64) -> Vec<Param> {
        self.of(owner)
            .map(|(key, value)| Param { key, value })
            .collect()
    }

    fn of(&self, owner: i64) -> impl Iterator<Item = (String, String)> {
        let start = self.0.partition_point(|(this, _, _)| *this < owner);
        let values = self.0[start..]
            .iter()
            .take_while(move |(this, _, _)| *this == owner);
        values.map(|(_, key, value)| (key.clone(), value.clone()))
    }
}
