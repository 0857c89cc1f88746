//! A line of the audit trail as a line of CSV: the fields of its answer, those of `actor` with that name
//! before theirs.

use super::ActivityView;
use crate::export::Column;

const COLUMNS: [Column<ActivityView>; 19] = [
    ("type", |row, to| to.put(&row.r#type)),
    ("field", |row, to| to.put(&row.field)),
    ("old_value", |row, to| to.put(&row.old_value)),
    ("new_value", |row, to| to.put(&row.new_value)),
    ("reason", |row, to| to.put(&row.reason)),
    ("actor_id", |row, to| to.put(&row.actor.id)),
    ("actor_kind", |row, to| to.put(&row.actor.kind)),
    ("actor_name", |row, to| to.put(&row.actor.name)),
    ("occurred_at", |row, to| to.put(&row.occurred_at)),
    ("recorded_at", |row, to| to.put(&row.recorded_at)),
    ("ticket_id", |row, to| to.put(&row.ticket_id)),
    ("message_id", |row, to| to.put(&row.message_id)),
    ("event_id", |row, to| to.put(&row.event_id)),
    ("event_type", |row, to| to.put(&row.event_type)),
    ("position", |row, to| to.put(&row.position)),
    ("internal", |row, to| to.put(&row.internal)),
    ("ip", |row, to| to.put(&row.ip)),
    ("user_agent", |row, to| to.put(&row.user_agent)),
    ("request_id", |row, to| to.put(&row.request_id)),
];

impl ActivityView {
    /// The columns.
    pub(crate) fn columns() -> Vec<Column<Self>> {
        COLUMNS.to_vec()
    }
}
