//! The few places where the engines' SQL differs.

use std::fmt::Write as _;

use crate::conn::{BulkColumn, BulkInsert, Engine};

/// How many characters of a text PostgreSQL's indexes hold.
const HEAD: usize = 64;

impl Engine {
    /// Whether `expression` is among the numbers given as argument number `argument`.
    pub fn any_of(self, expression: &str, argument: usize) -> String {
        self.any_of_list(expression, argument, "bigint[]")
    }

    /// Whether `expression` is among the texts given as argument number `argument`.
    pub fn any_text_of(self, expression: &str, argument: usize) -> String {
        self.any_of_list(expression, argument, "text[]")
    }

    fn any_of_list(self, expression: &str, argument: usize, list: &str) -> String {
        match self {
            Self::Sqlite => format!("{expression} IN (SELECT value FROM rarray(${argument}))"),
            // The inner SELECT hides how long the list is: of a table that is thought to be small,
            // or not to have many more rows, all would be read.
            Self::Postgres => format!("{expression} = ANY((SELECT ${argument}::{list})::{list})"),
        }
    }

    /// Whether `expression` is among the many numbers given as argument number `argument`, for
    /// rows that another condition finds: the list becomes a table in memory that is asked for
    /// each of them.
    pub fn among(self, expression: &str, argument: usize) -> String {
        match self {
            // The plus keeps the list from being what rows are found by.
            Self::Sqlite => format!("+{expression} IN (SELECT value FROM rarray(${argument}))"),
            // A condition that is part of another one is not made a join. The inner SELECT hides
            // how long the list is: one that is thought not to fit into work_mem is gone through
            // for each row instead of hashed, though a hashed one has some ten megabytes at most.
            Self::Postgres => {
                format!("({expression} IN (SELECT unnest((SELECT ${argument}::bigint[])))) IS TRUE")
            }
        }
    }

    /// Matches `expression` against a pattern, respecting case.
    ///
    /// SQLite's LIKE ignores case unless a pragma says otherwise, which its connections set.
    pub fn like(self, expression: &str, argument: usize) -> String {
        match self {
            Self::Postgres => format!("{expression} LIKE {}", unescaped(argument)),
            Self::Sqlite => format!("{expression} LIKE ${argument}"),
        }
    }

    /// Matches `expression` against a pattern, ignoring case.
    pub fn ilike(self, expression: &str, argument: usize) -> String {
        match self {
            Self::Postgres => format!("{expression} ILIKE {}", unescaped(argument)),
            Self::Sqlite => format!("lower({expression}) LIKE lower(${argument})"),
        }
    }

    /// The column that the indexes on texts have in the place of `column`, when they hold less than
    /// all of it: an entry of PostgreSQL's has a limit, so there it is the beginning. It stands in a
    /// column of its own, because PostgreSQL does not answer from an index on an expression alone.
    pub fn indexed_column(self, column: &str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("{column}_head")),
        }
    }

    /// What the indexes on texts hold of the text `expression`.
    pub fn indexed_text(self, expression: &str) -> String {
        match self {
            Self::Sqlite => expression.to_owned(),
            Self::Postgres => format!("substr({expression}, 1, {HEAD})"),
        }
    }

    /// Whether the indexes on texts hold `column` as argument number `argument`: true when both are
    /// equal, and perhaps when both are long.
    pub fn indexed_text_is(self, column: &str, argument: usize) -> String {
        let indexed = self.indexed_column(column);
        let text = self.indexed_text(&format!("${argument}"));
        format!("{} = {text}", indexed.as_deref().unwrap_or(column))
    }

    /// The same for any text of a list.
    pub fn indexed_text_any_of(self, column: &str, argument: usize) -> String {
        match self {
            Self::Sqlite => self.any_text_of(column, argument),
            Self::Postgres => format!(
                "{column}_head = \
                 ANY(ARRAY(SELECT substr(t, 1, {HEAD}) FROM unnest(${argument}::text[]) t))"
            ),
        }
    }

    /// The column `value` of a row `x` of `table`, out of the indexes on texts where they hold all
    /// of it; `owner` and `key_id` are the key of the table.
    pub fn value_in_index(self, table: &str, owner: &str) -> String {
        match self {
            Self::Sqlite => "x.value".to_owned(),
            // A value of as many characters has no fewer bytes, and bytes need not be counted.
            Self::Postgres => format!(
                "CASE WHEN octet_length(x.value_head) < {HEAD} THEN x.value_head \
                 ELSE (SELECT y.value FROM {table} y \
                 WHERE y.{owner} = x.{owner} AND y.key_id = x.key_id) END"
            ),
        }
    }

    /// Runs `select` for each number of the list given as argument number `argument`, which it
    /// calls `s.value`, and answers all row keys that it selects from `rows r`.
    pub fn for_each(self, argument: usize, rows: &str, row_key: &str, select: &str) -> String {
        match self {
            Self::Sqlite => format!(
                "SELECT {row_key} FROM rarray(${argument}) s CROSS JOIN {rows} \
                 WHERE {row_key} IN ({select})"
            ),
            Self::Postgres => format!(
                "SELECT r.* FROM unnest(${argument}::bigint[]) AS s(value) \
                 CROSS JOIN LATERAL ({select}) r"
            ),
        }
    }

    /// Locks the rows that a SELECT reads until the transaction ends. SQLite has one writer, so
    /// nothing can come between.
    pub const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Keeps others from changing the rows that a SELECT reads until the transaction ends, but
    /// lets them read and lock in the same way.
    pub const fn for_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR SHARE",
        }
    }

    /// The text of a migration for this engine.
    pub(crate) fn migration(self, text: &str) -> String {
        let head = format!(
            "value_head TEXT COLLATE \"C\" \
             GENERATED ALWAYS AS (substr(value, 1, {HEAD})) STORED,"
        );
        let words: [(&str, &str); 7] = match self {
            Self::Sqlite => [
                ("{pk}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                ("{row}", "INTEGER PRIMARY KEY"),
                ("{text}", "TEXT"),
                ("{clustered}", " WITHOUT ROWID"),
                ("{head}", ""),
                ("{indexed value}", "value"),
                ("{rewritten}", " WITHOUT ROWID"),
            ],
            Self::Postgres => [
                (
                    "{pk}",
                    "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                ),
                (
                    "{row}",
                    "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                ),
                // The order of text must not depend on the database's locale.
                ("{text}", "TEXT COLLATE \"C\""),
                ("{clustered}", ""),
                ("{head}", &head),
                ("{indexed value}", "value_head"),
                // A new version of a row finds room beside the old one, and no index is touched.
                ("{rewritten}", " WITH (fillfactor = 50)"),
            ],
        };
        words.iter().fold(text.to_owned(), |text, (word, meaning)| {
            text.replace(word, meaning)
        })
    }

    /// The statement of a bulk insert: on SQLite for one row, run once per row; on PostgreSQL for
    /// all rows, given as arrays.
    pub(crate) fn bulk_insert(self, bulk: &BulkInsert<'_>) -> String {
        let columns = bulk.columns.join(", ");
        let mut sql = format!("INSERT INTO {} ({columns}) ", bulk.table);
        match self {
            Self::Sqlite => push_values(&mut sql, bulk.values.len()),
            Self::Postgres => push_unnest(&mut sql, bulk.values),
        }
        sql.push(' ');
        sql.push_str(bulk.conflict);
        sql
    }
}

/// A pattern of PostgreSQL in which nothing is escaped, for the grammar has no escape. The inner
/// SELECT makes it once, and not for each row.
fn unescaped(argument: usize) -> String {
    format!(r"(SELECT replace(${argument}, '\', '\\'))")
}

fn push_values(sql: &mut String, columns: usize) {
    // Its own spelling of an argument's number, because this text is not rewritten.
    let arguments: Vec<String> = (1..=columns).map(|number| format!("?{number}")).collect();
    let _ = write!(sql, "VALUES ({})", arguments.join(", "));
}

fn push_unnest(sql: &mut String, values: &[BulkColumn<'_>]) {
    let mut selected = Vec::new();
    let mut arrays = Vec::new();
    for (index, column) in values.iter().enumerate() {
        let argument = index + 1;
        let array = match column {
            BulkColumn::Constant(_) => {
                selected.push(format!("${argument}::bigint"));
                continue;
            }
            BulkColumn::Ints(_) => "bigint[]",
            BulkColumn::Reals(_) => "double precision[]",
            BulkColumn::Bools(_) => "boolean[]",
            BulkColumn::Texts(_) => "text[]",
            BulkColumn::Bytes(_) => "bytea[]",
        };
        selected.push(format!("u.c{argument}"));
        arrays.push((argument, array));
    }
    let unnested: Vec<String> = arrays
        .iter()
        .map(|(argument, array)| format!("${argument}::{array}"))
        .collect();
    let names: Vec<String> = arrays
        .iter()
        .map(|(argument, _)| format!("c{argument}"))
        .collect();
    let _ = write!(
        sql,
        "SELECT {} FROM UNNEST({}) AS u({})",
        selected.join(", "),
        unnested.join(", "),
        names.join(", ")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bulk_inserts_are_rows_or_arrays() {
        let bulk = BulkInsert {
            table: "t",
            columns: &["a", "b"],
            conflict: "ON CONFLICT DO NOTHING",
            values: &[BulkColumn::Constant(1), BulkColumn::Reals(&[0.5])],
        };
        assert_eq!(
            Engine::Sqlite.bulk_insert(&bulk),
            "INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            Engine::Postgres.bulk_insert(&bulk),
            "INSERT INTO t (a, b) SELECT $1::bigint, u.c2 FROM UNNEST($2::double precision[]) AS u(c2) ON CONFLICT DO NOTHING"
        );
    }
}
