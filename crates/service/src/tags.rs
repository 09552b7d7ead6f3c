//! Tags on their way to the store: distinct keys, interned.

use ferroflow_model::{Context, Error, Param, Result, Tag, TagChanges};
use ferroflow_store::{KeyedChanges, KeyedValue};

use crate::Service;
use crate::service::authorise;

/// Keeps one tag per key, the last, in the order of the keys.
pub(crate) fn distinct(tags: Vec<Tag>) -> Vec<Tag> {
    let mut tags = tags;
    tags.reverse();
    // Stable: of equal keys the one that came last is now first.
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    tags.dedup_by(|later, kept| later.key == kept.key);
    tags
}

impl Service {
    /// Interns names for a caller who may make the change that needs them. Interned names are never
    /// deleted, so whoever may not write leaves none.
    pub(crate) async fn intern(&self, context: &Context, names: &[&str]) -> Result<Vec<i64>> {
        authorise(context)?;
        self.db.intern(names).await
    }

    /// Interns the keys of tags that have distinct keys.
    pub(crate) async fn intern_tags(&self, context: &Context, tags: &[Tag]) -> Result<Vec<i64>> {
        let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
        self.intern(context, &keys).await
    }

    /// Interns one key.
    pub(crate) async fn intern_key(&self, context: &Context, key: &str) -> Result<i64> {
        let ids = self.intern(context, &[key]).await?;
        ids.first()
            .copied()
            .ok_or_else(|| Error::internal("a key was not interned"))
    }

    /// Tags as the store takes them: the last of each key, interned.
    pub(crate) async fn keyed_tags(
        &self,
        context: &Context,
        tags: Vec<Tag>,
    ) -> Result<Vec<KeyedValue>> {
        let tags = distinct(tags);
        let key_ids = self.intern_tags(context, &tags).await?;
        Ok(keyed(tags.into_iter().map(|tag| tag.value), key_ids))
    }

    /// Params as the store takes them; their keys must be distinct.
    pub(crate) async fn keyed_params(
        &self,
        context: &Context,
        params: Vec<Param>,
    ) -> Result<Vec<KeyedValue>> {
        let keys: Vec<&str> = params.iter().map(|param| param.key.as_str()).collect();
        let key_ids = self.intern(context, &keys).await?;
        Ok(keyed(params.into_iter().map(|param| param.value), key_ids))
    }

    /// Changes of tags as the store takes them.
    pub(crate) async fn keyed_changes(
        &self,
        context: &Context,
        changes: TagChanges,
    ) -> Result<KeyedChanges> {
        let names: Vec<&str> = changes.delete.iter().map(String::as_str).collect();
        let key_ids = self.db.find_keys(&names).await?;
        Ok(KeyedChanges {
            delete: key_ids.into_iter().zip(changes.delete).collect(),
            set: self.keyed_tags(context, changes.set).await?,
            missing: changes.missing,
        })
    }
}

fn keyed(values: impl Iterator<Item = String>, key_ids: Vec<i64>) -> Vec<KeyedValue> {
    key_ids
        .into_iter()
        .zip(values)
        .map(|(key_id, value)| KeyedValue { key_id, value })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_keys_the_last_wins() {
        let tag = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let tags = vec![tag("b", "1"), tag("a", "2"), tag("b", "3")];
        assert_eq!(distinct(tags), [tag("a", "2"), tag("b", "3")]);
    }
}
