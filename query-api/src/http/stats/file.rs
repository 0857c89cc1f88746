//! Statistics as a file: a line for each group, or one for all where nothing was grouped by.

use axum::response::Response;
use domain::ids::Position;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::QueryApi;
use crate::error::QueryError;
use crate::export::{self, File, Format};

/// The groups of an answer as a file, which is recorded before it leaves.
pub(super) async fn answer<T: Serialize>(
    api: &QueryApi,
    file: File,
    what: &str,
    position: Position,
    body: &T,
) -> Result<Response, QueryError> {
    let body = serde_json::to_value(body)?;
    let by = grouped_by(&body);
    let items = items(body);
    if file.format == Format::Ndjson {
        let mut lines = Vec::new();
        for item in &items {
            serde_json::to_writer(&mut lines, item)?;
            lines.push(b'\n');
        }
        return export::whole(api, file, what, position, lines).await;
    }
    let (names, rows) = table(by, items);
    export::table(api, file, what, position, &names, &rows).await
}

/// By what it is grouped: the first columns.
fn grouped_by(body: &Value) -> Vec<String> {
    let names = body.get("group_by").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The groups; all together where there are none to be told apart.
fn items(mut body: Value) -> Vec<Value> {
    let grouped = body.get("group_by").and_then(Value::as_array).is_none_or(|by| !by.is_empty());
    if !grouped && let Some(total) = body.get_mut("total") {
        return vec![total.take()];
    }
    match body.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// Every field as a column: what is within another has that name before its own, but for what groups have in
/// common. What it is grouped by comes first.
fn table(by: Vec<String>, items: Vec<Value>) -> (Vec<String>, Vec<Vec<Value>>) {
    let mut names = by;
    let mut lines: Vec<Map<String, Value>> = Vec::new();
    for item in items {
        let mut line = Map::new();
        flatten("", item, &mut line);
        names.extend(line.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        lines.push(line);
    }
    let row = |mut line: Map<String, Value>| {
        names.iter().map(|name| line.remove(name).unwrap_or_default()).collect()
    };
    let rows = lines.into_iter().map(row).collect();
    (names, rows)
}

fn flatten(within: &str, value: Value, line: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (within, name.as_str()) {
                    ("", "key") if value.is_object() => flatten("", value, line),
                    ("", name) => flatten(name, value, line),
                    (within, name) => flatten(&format!("{within}_{name}"), value, line),
                }
            }
        }
        value => drop(line.insert(within.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_every_figure_under_its_name() {
        let body = json!({
            "group_by": ["agent"],
            "items": [
                {"key": {"agent": "amir"}, "now": null, "created": 3, "rating": {"count": 1, "mean": 4.0}},
                {"key": {"agent": null}, "now": {"open": 2}, "created": 1, "rating": {"count": 0, "mean": null}},
            ],
            "total": {"created": 4},
        });
        let (names, rows) = table(grouped_by(&body), items(body));
        assert_eq!(names[0], "agent");
        let at =
            |row: usize, name: &str| rows[row][names.iter().position(|one| one == name).unwrap()].clone();
        assert_eq!(
            (at(0, "agent"), at(0, "rating_mean"), at(1, "now_open")),
            (json!("amir"), json!(4.0), json!(2))
        );
        assert_eq!((at(1, "agent"), at(0, "now_open")), (json!(null), json!(null)));
    }

    #[test]
    fn what_is_not_grouped_is_one_line() {
        let body = json!({"group_by": [], "items": [], "total": {"created": 4}});
        assert_eq!(items(body), [json!({"created": 4})]);
    }
}
