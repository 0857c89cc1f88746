//! A message as a line of CSV: the fields of its answer, those of `author` with that name before theirs.

use domain::identity::Principal;

use super::MessageView;
use crate::export::{Column, json};

/// What everybody gets.
const COLUMNS: [Column<MessageView>; 17] = [
    ("id", |row, to| to.put(&row.id)),
    ("type", |row, to| to.put(&row.r#type)),
    ("internal", |row, to| to.put(&row.internal)),
    ("author_id", |row, to| to.put(&row.author.id)),
    ("author_kind", |row, to| to.put(&row.author.kind)),
    ("author_name", |row, to| to.put(&row.author.name)),
    ("body", |row, to| to.put(&row.body)),
    ("html", |row, to| to.put(&row.html)),
    ("attachments", |row, to| to.put(&row.attachments)),
    ("created_at", |row, to| to.put(&row.created_at)),
    ("edited_at", |row, to| to.put(&row.edited_at)),
    ("edited_by", |row, to| to.put(&row.edited_by)),
    ("edited_by_name", |row, to| to.put(&row.edited_by_name)),
    ("edits", |row, to| to.put(&row.edits)),
    ("redacted", |row, to| to.put(&row.redacted)),
    ("redacted_at", |row, to| to.put(&row.redacted_at)),
    ("read_by", |row, to| to.put(&json(&row.read_by))),
];

/// What staff gets besides.
const INTERNAL: [Column<MessageView>; 5] = [
    ("former", |row, to| to.put(&row.former.as_ref().map(json))),
    ("canned_response", |row, to| to.put(&row.canned_response)),
    ("mentions", |row, to| to.put(&row.mentions)),
    ("redacted_by", |row, to| to.put(&row.redacted_by)),
    ("redaction_reason", |row, to| to.put(&row.redaction_reason)),
];

const POSITION: Column<MessageView> = ("position", |row, to| to.put(&row.position));

impl MessageView {
    /// The columns that this caller gets.
    pub(in super::super) fn columns(caller: &Principal) -> Vec<Column<Self>> {
        let mut columns = COLUMNS.to_vec();
        columns.push(POSITION);
        if caller.is_staff() {
            columns.extend(INTERNAL);
        }
        columns
    }
}
