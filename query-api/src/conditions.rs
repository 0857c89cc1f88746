//! Conditions of a statement that several lists have: a column is among values.

use sqlx::{Postgres, QueryBuilder};

/// Leaves rows whose column has one of these values; all rows if none is named.
///
/// One value is compared as such: the planner knows then that the index gives the order.
pub(crate) fn push_any<'a>(column: &str, values: Vec<&'a str>, sql: &mut QueryBuilder<'a, Postgres>) {
    match values.as_slice() {
        [] => {}
        [one] => {
            sql.push(" AND ").push(column).push(" = ").push_bind(*one);
        }
        _ => {
            sql.push(" AND ").push(column).push(" = ANY(").push_bind(values).push(")");
        }
    }
}

/// The same of whom something is assigned to: `me` is the caller, `none` nobody.
pub(crate) fn push_assigned<'a>(
    column: &str,
    values: &'a [String],
    me: Option<&'a str>,
    sql: &mut QueryBuilder<'a, Postgres>,
) {
    let nobody = values.iter().any(|value| value == "none");
    let somebody: Vec<&str> = values
        .iter()
        .filter(|value| *value != "none")
        .map(|value| me.filter(|_| value == "me").unwrap_or(value))
        .collect();
    match (nobody, somebody.is_empty()) {
        (false, _) => push_any(column, somebody, sql),
        (true, true) => {
            sql.push(" AND ").push(column).push(" IS NULL");
        }
        (true, false) => {
            sql.push(" AND (").push(column).push(" IS NULL OR ").push(column).push(" = ANY(");
            sql.push_bind(somebody).push("))");
        }
    }
}
