//! Interned keys of metrics, params and tags.
//!
//! A key is written once and never changed or deleted, so each server may remember it for ever.
//! Keys are interned in a transaction of their own, ahead of the command that needs them: what
//! the cache remembers is then committed, whatever becomes of that command.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ferroflow_model::{Error, Result};

use crate::command::{Command, Query};
use crate::conn::{BulkColumn, BulkInsert, Conn};
use crate::{Value, args};

/// Past this many keys the cache starts anew: somebody is using keys as values.
const CAPACITY: usize = 200_000;

/// What is known of interned keys.
#[derive(Debug, Default)]
pub struct KeyCache {
    maps: RwLock<Maps>,
}

#[derive(Debug, Default)]
struct Maps {
    ids: HashMap<Arc<str>, i64>,
    names: HashMap<i64, Arc<str>>,
}

impl KeyCache {
    /// The ids of these names, in their order, or the names that are not known.
    pub(crate) fn ids(&self, names: &[&str]) -> Result<Vec<i64>, Vec<String>> {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let found: Vec<i64> = names
            .iter()
            .filter_map(|name| maps.ids.get(*name))
            .copied()
            .collect();
        if found.len() == names.len() {
            return Ok(found);
        }
        let unknown = names.iter().filter(|name| !maps.ids.contains_key(**name));
        let mut unknown: Vec<String> = unknown.map(|name| (*name).to_owned()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        Err(unknown)
    }

    /// The ids of those of these names that are known, and the other names.
    fn interned<'a>(&self, names: &[&'a str]) -> (HashMap<Arc<str>, i64>, Vec<&'a str>) {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let mut ids = HashMap::new();
        let mut unknown = Vec::new();
        for name in names {
            match maps.ids.get_key_value(*name) {
                Some((name, id)) => drop(ids.insert(Arc::clone(name), *id)),
                None => unknown.push(*name),
            }
        }
        (ids, unknown)
    }

    /// Remembers committed keys.
    pub(crate) fn remember(&self, keys: Vec<(i64, String)>) {
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        if maps.ids.len() + keys.len() > CAPACITY {
            maps.ids.clear();
            maps.names.clear();
        }
        for (id, name) in keys {
            let name: Arc<str> = name.into();
            maps.ids.insert(Arc::clone(&name), id);
            maps.names.insert(id, name);
        }
    }

    /// The names of these ids, by id; unknown ones are read with `conn`.
    pub async fn names<C: Conn>(
        &self,
        conn: &mut C,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<KeyNames> {
        let (mut names, mut unknown) = self.known(ids);
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            let sql = format!(
                "SELECT key_id, name FROM entity_keys WHERE {}",
                conn.engine().any_of("key_id", 1)
            );
            let read = conn
                .query(&sql, &[Value::Ints(&unknown)], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .await?;
            let known = read
                .iter()
                .map(|(id, name): &(i64, String)| (*id, name.as_str().into()));
            names.extend(known);
            self.remember(read);
        }
        Ok(KeyNames(names))
    }

    /// The names of those of these ids that are known, and the other ids.
    fn known(&self, ids: impl IntoIterator<Item = i64>) -> (HashMap<i64, Arc<str>>, Vec<i64>) {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let mut names = HashMap::new();
        let mut unknown = Vec::new();
        for id in ids {
            match maps.names.get(&id) {
                Some(name) => drop(names.insert(id, Arc::clone(name))),
                None => unknown.push(id),
            }
        }
        (names, unknown)
    }

    /// The ids of those of these names that are interned; unknown ones are read with `conn`.
    pub(crate) async fn find<C: Conn>(&self, conn: &mut C, names: &[&str]) -> Result<KeyIds> {
        let (mut ids, unknown) = self.interned(names);
        if !unknown.is_empty() {
            let read = select(conn, &unknown).await?;
            ids.extend(read.iter().map(|(id, name)| (name.as_str().into(), *id)));
            self.remember(read);
        }
        Ok(KeyIds(ids))
    }
}

/// Ids of interned keys, by name.
#[derive(Debug, Default)]
pub(crate) struct KeyIds(HashMap<Arc<str>, i64>);

impl KeyIds {
    /// The id of a name that was asked for, when it is interned.
    pub(crate) fn get(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }
}

/// Names of interned keys, by id.
#[derive(Debug, Default)]
pub struct KeyNames(HashMap<i64, Arc<str>>);

impl KeyNames {
    /// The name of an id that was asked for.
    pub fn get(&self, id: i64) -> Result<String> {
        match self.0.get(&id) {
            Some(name) => Ok(name.to_string()),
            None => Err(Error::internal(format!(
                "key {id} is used but not interned"
            ))),
        }
    }
}

/// Interns names; answers all of them with their ids.
pub(crate) struct InternKeys {
    pub(crate) names: Vec<String>,
}

impl Command for InternKeys {
    type Out = Vec<(i64, String)>;
    const NAME: &'static str = "keys.intern";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Self::Out> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        conn.insert(&BulkInsert {
            table: "entity_keys",
            columns: &["name"],
            conflict: "ON CONFLICT (name) DO NOTHING",
            values: &[BulkColumn::Texts(&names)],
        })
        .await?;
        select(conn, &names).await
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

/// Reads the ids of names that are interned; others are left out.
pub(crate) struct FindKeys {
    pub(crate) names: Vec<String>,
}

impl Query for FindKeys {
    type Out = Vec<(i64, String)>;
    const NAME: &'static str = "keys.find";

    async fn run<C: Conn>(&self, conn: &mut C) -> Result<Self::Out> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        select(conn, &names).await
    }
}

async fn select<C: Conn>(conn: &mut C, names: &[&str]) -> Result<Vec<(i64, String)>> {
    let sql = format!(
        "SELECT key_id, name FROM entity_keys WHERE {}",
        conn.engine().any_text_of("name", 1)
    );
    conn.query(&sql, args![names], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}
