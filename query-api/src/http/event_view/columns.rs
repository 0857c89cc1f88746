//! An event as a line of CSV: its attributes, and the fact itself as JSON.

use super::CloudEvent;
use crate::export::Column;

const COLUMNS: [Column<CloudEvent>; 24] = [
    ("specversion", |row, to| to.put(row.specversion)),
    ("id", |row, to| to.put(&row.id)),
    ("source", |row, to| to.put(&row.source)),
    ("type", |row, to| to.put(&row.r#type)),
    ("subject", |row, to| to.put(&row.subject)),
    ("time", |row, to| to.put(&row.time)),
    ("datacontenttype", |row, to| to.put(row.datacontenttype)),
    ("position", |row, to| to.put(&row.position)),
    ("tenant", |row, to| to.put(&row.tenant.0)),
    ("aggregatetype", |row, to| to.put(&row.aggregatetype)),
    ("version", |row, to| to.put(&row.version)),
    ("commandid", |row, to| to.put(&row.commandid)),
    ("recordedat", |row, to| to.put(&row.recordedat)),
    ("actorid", |row, to| to.put(&row.actorid)),
    ("actorkind", |row, to| to.put(row.actorkind)),
    ("actorname", |row, to| to.put(&row.actorname)),
    ("requestid", |row, to| to.put(&row.requestid)),
    ("traceparent", |row, to| to.put(&row.traceparent)),
    ("causationid", |row, to| to.put(&row.causationid)),
    ("import", |row, to| to.put(&row.import)),
    ("ip", |row, to| to.put(&row.ip)),
    ("useragent", |row, to| to.put(&row.useragent)),
    ("dataschema", |row, to| to.put(&row.dataschema)),
    ("data", |row, to| to.put(&row.data)),
];

impl CloudEvent {
    /// The columns.
    pub(crate) fn columns() -> Vec<Column<Self>> {
        COLUMNS.to_vec()
    }
}
