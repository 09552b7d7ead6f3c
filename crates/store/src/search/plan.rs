//! How a search over the rows of experiments finds its page.
//!
//! There are four ways, and which one is cheap depends on what is stored. A few rows that hold
//! all matches, found by indexes on values, are *sorted*. An index that gives rows in the order
//! that is asked for is *walked* until the page is full, which is soon when many rows match. When
//! the rows that may match are known but many, a walk looks at *these alone*. When nothing of that
//! is cheap, all rows are sorted. To choose, a bounded number of index entries is looked at;
//! nothing depends on statistics.

use ferroflow_model::{Result, ViewType};

use super::narrow::{Ranges, push_among, push_few};
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
    /// Rows that are sorted right away.
    pub sorted_rows: usize,
    /// Rows that are walked before the search is narrowed with more effort.
    pub first_steps: usize,
    /// Index entries that are read at most when walking did not help.
    pub more_entries: usize,
    /// Rows that are sorted at most to merge the first ones of several experiments.
    pub merged_rows: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            first_entries: 4_000,
            sorted_rows: 500,
            first_steps: 400,
            more_entries: 200_000,
            merged_rows: 20_000,
        }
    }
}

/// A step of a walk looks up rows all over the tables: so many index entries are read for each step
/// that may be saved, half of what would cost the same. PostgreSQL looks up the row behind the entry
/// of a text.
const fn entries_per_step(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 20,
        Engine::Postgres => 6,
    }
}

/// Where it is known which rows may match, a step looks at these alone. Sorting one of them costs as
/// much as so many such steps.
const STEPS_PER_ROW: usize = 16;

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
        let few = self.narrow(conn, self.effort.first_entries).await?;
        if few.as_ref().is_some_and(|few| self.is_sorted_at_once(few)) {
            return self.sort(conn, few.as_deref()).await;
        }
        let walks = walks::<R>(self.engine, self.order, &self.wanted.begin);
        let Some(first) = walks.first().filter(|_| self.is_walkable()) else {
            let more = self.effort.more_entries;
            let few = self.narrow_unless(few, conn, more).await?;
            return self.sort(conn, few.as_deref()).await;
        };
        let mut walking = Walking::new(self.wanted, few);
        if self.ranges.is_some() {
            self.walk_a_while(conn, first, &mut walking).await?;
            // What is left of an only walk costs less than to find out what else could be done.
            let is_nearly_over = walking.is_short && walks.len() == 1;
            if !is_nearly_over && self.rather_sort(conn, &mut walking).await? {
                return self.sort(conn, walking.few.as_deref()).await;
            }
        }
        for walk in &walks {
            if walking.hits.missing() > 0 {
                self.walk(conn, walk, &mut walking).await?;
            }
        }
        Ok(walking.hits)
    }

    /// Whether so few rows may match that nothing is cheaper than to sort them.
    fn is_sorted_at_once(&self, few: &[i64]) -> bool {
        few.len() <= self.effort.sorted_rows || self.experiments.len() > 1
    }

    /// After a first walk: whether to sort the rows that may match instead of walking on. It finds
    /// out which these are, with an effort that walking on is worth.
    async fn rather_sort<C: Conn>(&self, conn: &mut C, walking: &mut Walking) -> Result<bool> {
        let (found, missing) = (walking.hits.found(), walking.hits.missing());
        if found >= missing {
            return Ok(false);
        }
        let steps = (walking.steps * missing / found.max(1)).max(missing);
        let entries = steps.saturating_mul(entries_per_step(self.engine));
        let entries = entries.min(self.effort.more_entries);
        walking.few = self
            .narrow_unless(walking.few.take(), conn, entries)
            .await?;
        let is_cheap = |few: &Vec<i64>| few.len().saturating_mul(STEPS_PER_ROW) <= steps;
        Ok(walking.few.as_ref().is_some_and(is_cheap))
    }

    /// The rows that may match, unless they are known already.
    async fn narrow_unless<C: Conn>(
        &self,
        known: Option<Vec<i64>>,
        conn: &mut C,
        entries: usize,
    ) -> Result<Option<Vec<i64>>> {
        match known {
            Some(rows) => Ok(Some(rows)),
            None => self.narrow(conn, entries).await,
        }
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

    /// Adds the matches among the first rows of a walk.
    async fn walk_a_while<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        walking: &mut Walking,
    ) -> Result<()> {
        walking.steps = self.effort.first_steps;
        if walking.few.is_some() {
            walking.steps *= STEPS_PER_ROW;
        }
        let ([experiment], [stage]) = (self.experiments, walk.stages(&self.view)) else {
            return Ok(());
        };
        let place = walk.place_after(conn, self.rows, (*experiment, *stage), walking.steps);
        let Some(place) = place.await? else {
            walking.is_short = walk.has_places();
            return Ok(());
        };
        let mut sql = self.select(walk, (*experiment, *stage), walking.few.as_deref());
        walk.push_before(&mut sql, &place);
        walking.hits.add(conn, sql, &walk.order).await?;
        walking.place = Some(place);
        Ok(())
    }

    /// Adds the matches of a walk in order, from where it was left.
    async fn walk<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        walking: &mut Walking,
    ) -> Result<()> {
        let place = walking.place.take();
        let few = walking.few.as_deref();
        if let ([experiment], [stage]) = (self.experiments, walk.stages(&self.view)) {
            let mut sql = self.select(walk, (*experiment, *stage), few);
            if let Some(place) = &place {
                walk.push_from(&mut sql, place);
            }
            return walking.hits.add(conn, sql, &walk.order).await;
        }
        let limit = walking.hits.missing();
        let first = self.first_of_each(conn, walk, few, limit).await?;
        self.add_sorted(conn, Some(&first), &mut walking.hits).await
    }

    /// The statement of a walk through one experiment and stage.
    fn select<'s>(
        &'s self,
        walk: &'s Walk<'_>,
        (experiment, stage): (i64, ViewType),
        few: Option<&'s [i64]>,
    ) -> Sql<'s> {
        let mut sql = walk.select::<R>(self.engine, true);
        let experiment = format!("${}", sql.argument(experiment));
        self.push_conditions(&mut sql, walk, (&experiment, stage), few);
        sql
    }

    /// The row keys of the first matches in each experiment and stage.
    async fn first_of_each<C: Conn>(
        &self,
        conn: &mut C,
        walk: &Walk<'_>,
        few: Option<&[i64]>,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let mut row_keys = Vec::new();
        for stage in walk.stages(&self.view) {
            let mut sql = walk.select::<R>(self.engine, false);
            let experiments = sql.argument(self.experiments);
            self.push_conditions(&mut sql, walk, ("s.value", *stage), few);
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
        (experiment, stage): (&str, ViewType),
        few: Option<&'s [i64]>,
    ) {
        walk.push_part::<R>(sql, experiment, stage);
        walk.push_bounds(sql, self.rows);
        if let Some(few) = few {
            sql.push(" AND ");
            push_among(sql, &walk.row_key::<R>(), few);
        }
        self.rows.push_filter(sql);
        walk.push_begin(sql);
    }
}

/// How far a walk has come.
struct Walking {
    hits: Hits,
    /// The rows that may match, where they are known.
    few: Option<Vec<i64>>,
    /// How many rows the first walk was to look at.
    steps: usize,
    /// The place that the first walk has come to; rows at it were not looked at.
    place: Option<Place>,
    /// Whether the first walk ends before that: it has no more rows than these.
    is_short: bool,
}

impl Walking {
    fn new(wanted: &Wanted, few: Option<Vec<i64>>) -> Self {
        Self {
            hits: Hits::none(wanted),
            few,
            steps: 0,
            place: None,
            is_short: false,
        }
    }
}
