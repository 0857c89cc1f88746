//! The columns of the file, found by their names.

use csv::ByteRecord;

macro_rules! columns {
    ($($field:ident),+ $(,)?) => {
        /// Where each column is.
        pub(super) struct Columns {
            number: usize,
            $($field: usize,)+
        }

        /// One row, in the words of the file; `None` is what the file writes as `?`.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(super) struct Row {
            pub(super) number: String,
            $(pub(super) $field: Option<String>,)+
        }

        impl Columns {
            /// Finds them by the names in the first line, or says which is missing.
            pub(super) fn find(headers: &ByteRecord) -> Result<Self, &'static str> {
                let find = |name: &'static str| {
                    headers.iter().position(|header| header.trim_ascii() == name.as_bytes()).ok_or(name)
                };
                Ok(Self { number: find("number")?, $($field: find(stringify!($field))?,)+ })
            }

            /// Reads a row.
            pub(super) fn row(&self, record: &ByteRecord) -> Row {
                Row {
                    number: text(record, self.number).unwrap_or_default(),
                    $($field: text(record, self.$field),)+
                }
            }
        }
    };
}

columns! {
    incident_state,
    opened_by,
    opened_at,
    caller_id,
    sys_updated_by,
    sys_updated_at,
    contact_type,
    location,
    category,
    subcategory,
    u_symptom,
    cmdb_ci,
    impact,
    urgency,
    priority,
    assignment_group,
    assigned_to,
    closed_code,
}

/// A cell's text: Latin-1, in which each byte is the character of that number.
fn text(record: &ByteRecord, column: usize) -> Option<String> {
    let cell = record.get(column)?.trim_ascii();
    (!cell.is_empty() && cell != b"?").then(|| cell.iter().copied().map(char::from).collect())
}
