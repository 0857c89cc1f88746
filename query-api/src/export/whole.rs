//! Files of what is short enough to be made whole: counts, statistics, configuration.

use axum::body::Body;
use axum::response::Response;
use domain::ids::Position;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::lines::Lines;
use super::record::record;
use super::{Cells, Column, File, Format, attachment};
use crate::QueryApi;
use crate::error::QueryError;

/// A file of these bytes, recorded as `what`.
pub(crate) async fn whole(
    api: &QueryApi,
    file: File,
    what: &str,
    position: Position,
    bytes: Vec<u8>,
) -> Result<Response, QueryError> {
    record(api, what, &file, position).await?;
    Ok(attachment(file.format, what, position, Body::from(bytes)))
}

/// A file of items, as the list's answer shows them.
pub(crate) async fn items<V: Serialize>(
    api: &QueryApi,
    file: File,
    what: &str,
    position: Position,
    columns: Vec<Column<V>>,
    items: &[V],
) -> Result<Response, QueryError> {
    let mut lines = Lines::new(file.format, columns);
    for item in items {
        lines.push(item)?;
    }
    whole(api, file, what, position, lines.rest().into()).await
}

/// A file of rows under names that are known when it is asked for: in CSV a line for each row, in NDJSON
/// an object with these names. A text is a text, a number a number; null is an empty cell, a list of
/// texts is joined with semicolons, and what else has a structure is JSON in its cell.
pub(crate) async fn table(
    api: &QueryApi,
    file: File,
    what: &str,
    position: Position,
    names: &[impl AsRef<str> + Sync],
    rows: &[Vec<Value>],
) -> Result<Response, QueryError> {
    let bytes = match file.format {
        Format::Csv => csv(names, rows),
        Format::Ndjson => ndjson(names, rows)?,
    };
    whole(api, file, what, position, bytes).await
}

fn csv(names: &[impl AsRef<str>], rows: &[Vec<Value>]) -> Vec<u8> {
    let mut out = Vec::new();
    Cells::line(&mut out, |cells| names.iter().for_each(|name| cells.put(name.as_ref())));
    for row in rows {
        Cells::line(&mut out, |cells| row.iter().for_each(|value| put(cells, value)));
    }
    out
}

fn put(cells: &mut Cells<'_>, value: &Value) {
    match value {
        Value::Null => cells.put(""),
        Value::Bool(truth) => cells.put(truth),
        Value::Number(number) => cells.put(number),
        Value::String(text) => cells.put(text),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            let texts = values.iter().filter_map(Value::as_str).map(str::to_owned);
            cells.put(&texts.collect::<Vec<_>>());
        }
        Value::Array(_) | Value::Object(_) => cells.put(value),
    }
}

fn ndjson(names: &[impl AsRef<str>], rows: &[Vec<Value>]) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, &Object { names, row })?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A row as an object, its members in the order of the names.
struct Object<'a, N> {
    names: &'a [N],
    row: &'a [Value],
}

impl<N: AsRef<str>> Serialize for Object<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (name, value) in self.names.iter().zip(self.row) {
            map.serialize_entry(name.as_ref(), value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_its_names_in_their_order() {
        let names = ["status", "=n", "share", "tags"];
        let rows = [
            vec![json!("=1+1"), json!(-3), json!(0.25), json!(["a", "b"])],
            vec![json!(null), json!(0), json!(null), json!({"k": 1})],
        ];
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(
            text(csv(&names, &rows)),
            "status,'=n,share,tags\r\n'=1+1,-3,0.25,a;b\r\n,0,,\"{\"\"k\"\":1}\"\r\n"
        );
        assert_eq!(
            text(ndjson(&names, &rows).unwrap()),
            "{\"status\":\"=1+1\",\"=n\":-3,\"share\":0.25,\"tags\":[\"a\",\"b\"]}\n\
             {\"status\":null,\"=n\":0,\"share\":null,\"tags\":{\"k\":1}}\n"
        );
    }
}
