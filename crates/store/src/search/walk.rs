//! Walking an index in the order of a search.

use std::borrow::Cow;
use std::slice;

use ferroflow_model::{Result, ViewType};

use super::order::Order;
use super::order_key::{OrderKey, Place, Values};
use super::plan::Rows;
use super::scope::push_view;
use super::sql::Sql;
use crate::conn::{Conn, Engine};

/// A part of an order that an index gives.
pub(super) struct Walk<'a> {
    /// The order among the rows of this part.
    pub(super) order: Order<'a>,
    /// The places of the row before the page, when it is in this part.
    begin: &'a [Place],
    part: Part,
}

/// Which rows a part has.
enum Part {
    /// All, by an index on a column of theirs.
    Rows,
    /// Those with a value in the first key, by the index on values.
    Valued(Values),
    /// Those with NaN there.
    NaN(Values),
    /// Those without a value there.
    Missing(Values),
}

impl Part {
    /// The places in the first key that come before all those of this part.
    fn follows(&self, place: &Place) -> bool {
        match self {
            Self::Rows | Self::Valued(_) => false,
            Self::NaN(_) => !matches!(place, Place::NaN | Place::Missing),
            Self::Missing(_) => *place != Place::Missing,
        }
    }

    /// Whether all of this part comes before a place in the first key.
    fn precedes(&self, place: &Place) -> bool {
        match self {
            Self::Rows | Self::Missing(_) => false,
            Self::Valued(_) => matches!(place, Place::NaN | Place::Missing),
            Self::NaN(_) => *place == Place::Missing,
        }
    }
}

/// The walks that together give an order from a place on, one after the other; none when no index
/// gives it.
pub(super) fn walks<'a, R: Rows>(
    engine: Engine,
    order: &Order<'a>,
    begin: &'a [Place],
) -> Vec<Walk<'a>> {
    let Some(first) = order.keys.first() else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    if first.column() == R::INDEXED {
        parts.push((Part::Rows, order.clone()));
    } else if let Some(values) = first.values() {
        let valued = order.among_valued(engine);
        parts.push((Part::Valued(values.clone()), valued));
        if first.is_metric() {
            parts.push((Part::NaN(values.clone()), order.among_equal(Place::NaN)));
        }
        let missing = order.among_equal(Place::Missing);
        parts.push((Part::Missing(values.clone()), missing));
    }
    let place = begin.first();
    parts.retain(|(part, _)| !place.is_some_and(|place| part.precedes(place)));
    let walk = |(part, order): (Part, Order<'a>)| {
        let follows = place.is_some_and(|place| part.follows(place));
        let begin = if follows { &[] } else { begin };
        Walk { order, begin, part }
    };
    parts.into_iter().map(walk).collect()
}

impl<'a> Walk<'a> {
    /// Whether rows have places of their own in the first key.
    pub(super) fn has_places(&self) -> bool {
        matches!(self.part, Part::Rows | Part::Valued(_))
    }

    fn values(&self) -> Option<&Values> {
        match &self.part {
            Part::Rows => None,
            Part::Valued(values) | Part::NaN(values) | Part::Missing(values) => Some(values),
        }
    }

    /// The row key, as the index has it that is walked.
    pub(super) fn row_key<R: Rows>(&self) -> Cow<'_, str> {
        match &self.part {
            Part::Valued(Values { table, alias, .. }) | Part::NaN(Values { table, alias, .. }) => {
                format!("{alias}.{}", table.owner).into()
            }
            Part::Rows | Part::Missing(_) => R::ROW_KEY.into(),
        }
    }

    /// Appends what the filter demands of the values that the index gives in order, each
    /// condition after ` AND`.
    pub(super) fn push_bounds<'s, R: Rows>(&self, sql: &mut Sql<'s>, rows: &'s R) {
        if let Part::Valued(values) = &self.part {
            rows.push_bounds(sql, values);
        }
    }

    /// Which stages must be walked one by one, because an index has one after the other.
    pub(super) fn stages<'v>(&self, view: &'v ViewType) -> &'v [ViewType] {
        match (&self.part, view) {
            (Part::Rows | Part::Missing(_), ViewType::All) => {
                &[ViewType::ActiveOnly, ViewType::DeletedOnly]
            }
            _ => slice::from_ref(view),
        }
    }

    /// Begins a statement: the row keys, and the places too where they are asked for.
    pub(super) fn select<R: Rows>(&self, engine: Engine, with_places: bool) -> Sql<'a> {
        let mut sql = self.order.statement(engine);
        sql.push(format_args!("SELECT {}", R::ROW_KEY));
        if with_places {
            self.order.push_columns(&mut sql);
        }
        sql.push(" FROM ");
        if let Part::Valued(values) | Part::NaN(values) = &self.part {
            let Values { table, alias, .. } = values;
            sql.push(format_args!("{} {alias} CROSS JOIN ", table.name));
        }
        sql.push(R::TABLE);
        let present = usize::from(matches!(self.part, Part::Valued(_)));
        self.order.push_joins(&mut sql, present);
        sql.push(" WHERE ");
        sql
    }

    /// Appends the condition that a row is in this part, in an experiment and a stage.
    pub(super) fn push_part<R: Rows>(&self, sql: &mut Sql<'_>, experiment: &str, stage: ViewType) {
        let key = self.values().map_or(0, |values| values.key);
        self.push_range::<R>(sql, (experiment, key), stage);
        match &self.part {
            Part::Rows => {}
            Part::Valued(Values { table, alias, .. }) | Part::NaN(Values { table, alias, .. }) => {
                sql.push(format_args!(" AND {}", table.belongs(alias)));
                push_view(sql, R::LIFECYCLE, stage);
            }
            Part::Missing(Values { table, key, .. }) => sql.push(format_args!(
                " AND NOT EXISTS (SELECT 1 FROM {} x WHERE {} AND x.key_id = ${key})",
                table.name,
                table.belongs("x")
            )),
        }
    }

    /// Appends the condition that selects the range of the index; `key` is the number of the
    /// argument that holds the key.
    fn push_range<R: Rows>(
        &self,
        sql: &mut Sql<'_>,
        (experiment, key): (&str, usize),
        stage: ViewType,
    ) {
        match &self.part {
            Part::Rows | Part::Missing(_) => {
                sql.push(format_args!("{} = {experiment}", R::EXPERIMENT));
                push_view(sql, R::LIFECYCLE, stage);
            }
            Part::Valued(Values { alias, .. }) | Part::NaN(Values { alias, .. }) => {
                sql.push(format_args!(
                    "{alias}.experiment_pk = {experiment} AND {alias}.key_id = ${key}"
                ));
                self.push_nan(sql, alias);
            }
        }
    }

    /// Appends ` AND` and the condition that tells NaN from numbers.
    fn push_nan(&self, sql: &mut Sql<'_>, alias: &str) {
        let is_nan = match &self.part {
            Part::NaN(_) => "TRUE",
            Part::Valued(_) if self.order.keys.iter().take(1).any(OrderKey::is_number) => "FALSE",
            _ => return,
        };
        sql.push(format_args!(" AND {alias}.is_nan = {is_nan}"));
    }

    /// Appends ` AND` and the condition that a row is on the page or after it.
    pub(super) fn push_begin<'s>(&'s self, sql: &mut Sql<'s>) {
        self.order.push_after(sql, self.begin);
    }

    /// Appends ` AND` and the condition that a row has a place before this one in the first key.
    pub(super) fn push_before<'s>(&self, sql: &mut Sql<'s>, place: &'s Place) {
        if let Some(key) = self.order.keys.first() {
            key.push_before(sql, place);
        }
    }

    /// Appends ` AND` and the condition that a row has this place or a later one in the first key.
    pub(super) fn push_from<'s>(&self, sql: &mut Sql<'s>, place: &'s Place) {
        if let Some(key) = self.order.keys.first() {
            key.push_from(sql, place);
        }
    }

    /// Finds the place of the row that comes `steps` after the beginning, whether it matches or
    /// not. Nothing when there is none, or when all rows have the same place.
    pub(super) async fn place_after<C: Conn, R: Rows>(
        &self,
        conn: &mut C,
        rows: &R,
        (experiment, stage): (i64, ViewType),
        steps: usize,
    ) -> Result<Option<Place>> {
        let Some(first) = self.order.keys.first().filter(|_| self.has_places()) else {
            return Ok(None);
        };
        let mut sql = self.places(conn.engine(), rows, first, (experiment, stage));
        let steps = i64::try_from(steps).unwrap_or(i64::MAX);
        sql.push_argument(" LIMIT 1 OFFSET ", steps);
        conn.query_optional(&sql.text, &sql.arguments, |row| first.place(row, 0))
            .await
    }

    /// The statement that selects the places in the first key, in order, from where the walk
    /// begins.
    fn places<'s, R: Rows>(
        &'s self,
        engine: Engine,
        rows: &'s R,
        first: &OrderKey,
        (experiment, stage): (i64, ViewType),
    ) -> Sql<'s> {
        let mut sql = Sql::new(engine);
        let table = match &self.part {
            Part::Valued(Values { table, alias, .. }) => &format!("{} {alias}", table.name),
            _ => R::TABLE,
        };
        sql.push(format_args!(
            "SELECT {} FROM {table} WHERE ",
            first.column()
        ));
        let experiment = format!("${}", sql.argument(experiment));
        let key = self
            .values()
            .map_or(0, |values| sql.argument(values.key_id));
        self.push_range::<R>(&mut sql, (&experiment, key), stage);
        self.push_bounds(&mut sql, rows);
        if let Some(place) = self.begin.first() {
            first.push_from(&mut sql, place);
        }
        sql.push(" ORDER BY ");
        first.push_order(&mut sql);
        sql
    }
}
