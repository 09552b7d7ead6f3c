//! How a search over the rows of experiments finds its page.
//!
//! There are three ways, and which one is cheap depends on what is stored. A few rows that hold
//! all matches, found by indexes on values, are *sorted*. An index that gives rows in the order
//! that is asked for is *walked* until the page is full, which is soon when many rows match. When
//! neither is cheap, all rows are sorted. To choose, a bounded number of index entries is looked
//! at; nothing depends on statistics.

use ferroflow_model::{Result, ViewType};

use super::narrow::{Ranges, push_few};
use super::order::Order;
use super::order_key::{Place, Values};
use super::page::{Hits, Wanted, ordered, select};
use super::scope::{push_experiments, push_view};
use super::sql::Sql;
use super::walk::{Walk, walks};
use crate::conn::{Conn, Engine};

/// How much a search over runs looks at before it settles on a way. The defaults suit both
/// engines; whatever they are, the answer is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Index entries that are read to narrow the search before anything else is tried.
    pub first_entries: usize,
    /// Rows that are walked before the search is narrowed with more effort.
    pub first_steps: usize,
    /// Index entries that are read when walking did not help.
    pub more_entries: usize,
    /// Rows that are sorted at most to merge the first ones of several experiments.
    pub merged_rows: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            first_entries: 4_000,
            first_steps: 1_000,
            more_entries: 200_000,
            merged_rows: 20_000,
        }
    }
}

/// A step of a walk costs as much as this many rows cost to sort: rows of a walk are all over the
/// tables, and those that are sorted are looked up in the order of their keys.
const ROWS_PER_STEP: usize = 3;

/// The rows that a search looks at.
pub(super) trait Rows: Sync {
    /// Their table, with its alias.
    const TABLE: &'static str;
    /// Their row key.
    const ROW_KEY: &'static str;
    /// The experiment that they belong to.
    const EXPERIMENT: &'static str;
    /// Their lifecycle stage.
    const LIFECYCLE: &'static str;
    /// The column that orders those of one experiment and stage in an index.
    const INDEXED: &'static str;

    /// Appends ` AND` and the condition of the filter.
    fn push_filter<'s>(&'s self, sql: &mut Sql<'s>);

    /// Appends what the filter demands of these values, each condition after ` AND`: a walk that
    /// knows it begins where it is met and ends where it is not.
    fn push_bounds<'s>(&'s self, sql: &mut Sql<'s>, values: &Values);
}

/// A search, with all that finding its page needs.
pub(super) struct Plan<'a, R> {
    pub(super) engine: Engine,
    pub(super) rows: &'a R,
    pub(super) experiments: &'a [i64],
    pub(super) view: ViewType,
    pub(super) order: &'a Order<'a>,
    pub(super) wanted: &'a Wanted,
    pub(super) ranges: Option<Ranges<'a>>,
    pub(super) effort: Effort,
}

impl<R: Rows> Plan<'_, R> {
    /// Finds the page.
    pub(super) async fn find<C: Conn>(&self, conn: &mut C) -> Result<Hits> {
        if let Some(few) = self.narrow(conn, self.effort.first_entries).await? {
            return self.sort(conn, Some(&few)).await;
        }
        let walks = walks::<R>(self.engine, self.order, &self.wanted.begin);
        let Some(first) = walks.first().filter(|_| self.is_walkable()) else {
            let narrowed = self.narrow(conn, self.effort.more_entries).await?;
            return self.sort(conn, narrowed.as_deref()).await;
        };
        let mut hits = Hits::none(self.wanted);
        let mut walked_to = None;
        if self.ranges.is_some() {
            walked_to = self.walk_a_while(conn, first, &mut hits).await?;
            if let Some(rows) = self.rather_sort(conn, &hits).await? {
                return self.sort(conn, Some(&rows)).await;
            }
        }
        for walk in &walks {
            if hits.missing() > 0 {
                self.walk(conn, walk, walked_to.take(), &mut hits).await?;
            }
        }
        Ok(hits)
    }

    /// The rows to sort instead of walking on, after a first walk with these hits.
    async fn rather_sort<C: Conn>(&self, conn: &mut C, hits: &Hits) -> Result<Option<Vec<i64>>> {
        if hits.found() >= hits.missing() {
            return Ok(None);
        }
        let steps = self.effort.first_steps * hits.missing() / hits.found().max(1);
        for entries in [self.effort.more_entries / 4, self.effort.more_entries] {
            let narrowed = self.narrow(conn, entries).await?;
            let few = narrowed.filter(|rows| rows.len() <= steps.saturating_mul(ROWS_PER_STEP));
            if few.is_some() {
                return Ok(few);
            }
        }
        Ok(None)
    }

    async fn narrow<C: Conn>(&self, conn: &mut C, entries: usize) -> Result<Option<Vec<i64>>> {
        match &self.ranges {
            Some(ranges) => ranges.read(conn, entries).await,
            None => Ok(None),
        }
    }

    /// Sorts these rows, or all.
    async fn sort<C: Conn>(&self, conn: &mut C, rows: Option<&[i64]>) -> Result<Hits> {
        let mut hits = Hits::none(self.wanted);
        self.add_sorted(conn, rows, &mut hits).await?;
        Ok(hits)
    }

    async fn add_sorted<C: Conn>(
        &self,
        conn: &mut C,
        rows: Option<&[i64]>,
        hits: &mut Hits,
    ) -> Result<()> {
        let mut sql = select(self.engine, R::ROW_KEY, R::TABLE, self.order);
        push_few(&mut sql, R::ROW_KEY, rows);
        push_experiments(&mut sql, R::EXPERIMENT, self.experiments);
        push_view(&mut sql, R::LIFECYCLE, self.view);
        self.rows.push_filter(&mut sql);
        self.order.push_after(&mut sql, &self.wanted.begin);
        hits.add(conn, sql, self.order).await
    }

    /// Whether walking may be cheap: it costs a page for each experiment and stage.
    fn is_walkable(&self) -> bool {
        let pages = self.experiments.len() * 2;
        self.experiments.len() == 1
            || pages * Hits::none(self.wanted).missing() <= self.effort.merged_rows
    }

    /// Adds the matches among the first rows of a walk. Answers the place up to which, when there
    /// is one: rows at that place were not looked at.
    async fn walk_a_while<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        hits: &mut Hits,
    ) -> Result<Option<Place>> {
        let ([experiment], [stage]) = (self.experiments, walk.stages(&self.view)) else {
            return Ok(None);
        };
        let steps = self.effort.first_steps;
        let place = walk.place_after::<C, R>(conn, *experiment, *stage, steps);
        let Some(place) = place.await? else {
            return Ok(None);
        };
        let mut sql = self.select(walk, *experiment, *stage);
        walk.push_before(&mut sql, &place);
        hits.add(conn, sql, &walk.order).await?;
        Ok(Some(place))
    }

    /// Adds the matches of a walk in order, from a place on.
    async fn walk<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        from: Option<Place>,
        hits: &mut Hits,
    ) -> Result<()> {
        if let ([experiment], [stage]) = (self.experiments, walk.stages(&self.view)) {
            let mut sql = self.select(walk, *experiment, *stage);
            if let Some(place) = &from {
                walk.push_from(&mut sql, place);
            }
            return hits.add(conn, sql, &walk.order).await;
        }
        let first = self.first_of_each(conn, walk, hits.missing()).await?;
        self.add_sorted(conn, Some(&first), hits).await
    }

    /// The statement of a walk through one experiment and stage.
    fn select<'s>(&'s self, walk: &'s Walk<'_>, experiment: i64, stage: ViewType) -> Sql<'s> {
        let mut sql = walk.select::<R>(self.engine, true);
        let number = sql.argument(experiment);
        self.push_conditions(&mut sql, walk, &format!("${number}"), stage);
        sql
    }

    /// The row keys of the first matches in each experiment and stage.
    async fn first_of_each<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let mut row_keys = Vec::new();
        for stage in walk.stages(&self.view) {
            let mut sql = walk.select::<R>(self.engine, false);
            let experiments = sql.argument(self.experiments);
            self.push_conditions(&mut sql, walk, "s.value", *stage);
            let mut sql = ordered(sql, &walk.order, limit)?;
            let each = self.engine;
            sql.text = each.for_each(experiments, R::TABLE, R::ROW_KEY, &sql.text);
            let found = conn.query(&sql.text, &sql.arguments, |row| row.get::<i64>(0));
            row_keys.append(&mut found.await?);
        }
        Ok(row_keys)
    }

    fn push_conditions<'s>(
        &'s self,
        sql: &mut Sql<'s>,
        walk: &'s Walk<'_>,
        experiment: &str,
        stage: ViewType,
    ) {
        walk.push_part::<R>(sql, experiment, stage);
        if let Some(values) = walk.ordered_values() {
            self.rows.push_bounds(sql, values);
        }
        self.rows.push_filter(sql);
        walk.push_begin(sql);
    }
}
