//! The columns of the file, found by their names.

use csv::ByteRecord;

/// Why a head is none of an audit log of incidents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("it has no column {0}")]
    Missing(&'static str),
    #[error("it has two columns {0}")]
    Twice(&'static str),
}

macro_rules! columns {
    ($($kind:ident $field:ident $(= $other:literal)?),+ $(,)?) => {
        /// Where each column is.
        #[derive(Clone, Debug)]
        pub(crate) struct Columns {
            /// How many there are, whatever they say.
            count: usize,
            number: usize,
            $($field: Option<usize>,)+
        }

        /// One row, in the words of the file; `None` is what the file writes as `?`, or not at all.
        #[expect(clippy::struct_field_names, reason = "its place is told as a row, as programs for tables do")]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(super) struct Row {
            pub(super) number: String,
            /// Where it stands in the file.
            pub(super) row: usize,
            /// The first thing in it that can't be read.
            pub(super) fault: Option<String>,
            $(pub(super) $field: Option<String>,)+
        }

        impl Columns {
            /// Finds them by the names in the first line, or says which is missing.
            pub(super) fn find(head: &ByteRecord) -> Result<Self, HeadError> {
                Ok(Self {
                    count: head.len(),
                    number: position(head, "number", None)?.ok_or(HeadError::Missing("number"))?,
                    $($field: {
                        let found = position(head, stringify!($field), None$(.or(Some($other)))?)?;
                        columns!(@$kind found, stringify!($field))
                    },)+
                })
            }

            /// The columns that there may be and aren't.
            pub(super) fn absent(&self) -> Vec<&'static str> {
                [$((stringify!($field), self.$field)),+]
                    .into_iter()
                    .filter_map(|(name, place)| place.is_none().then_some(name))
                    .filter(|name| !["short_description", "sys_mod_count"].contains(name))
                    .collect()
            }

            /// The cells that a survey is about: the number, and the times of opening and of the update.
            pub(super) fn surveyed<'a>(&self, record: &'a ByteRecord) -> [Option<&'a [u8]>; 3] {
                [Some(self.number), self.opened_at, self.sys_updated_at].map(|place| record.get(place?))
            }

            /// Reads a row; what can't be read is its fault.
            pub(super) fn row(&self, record: &ByteRecord, row: usize) -> Row {
                let mut fault = self.length(record);
                let mut take = |column: &str, place: Option<usize>| {
                    text(record, place?).unwrap_or_else(|why| {
                        fault.get_or_insert_with(|| format!("{column}: {why}"));
                        None
                    })
                };
                let number = take("number", Some(self.number)).unwrap_or_default();
                $(let $field = take(stringify!($field), self.$field);)+
                let fault = fault.map(|fault| format!("row {row}: {fault}"));
                Row { number, row, fault, $($field,)+ }
            }

            fn length(&self, record: &ByteRecord) -> Option<String> {
                let (has, count) = (record.len(), self.count);
                if has > count {
                    return Some(format!(
                        "it has {has} cells, and the head has {count}: a separator stands in a cell without quotes"
                    ));
                }
                let all = [$((stringify!($field), self.$field)),+];
                let missing = all.into_iter().filter(|(_, place)| place.is_some_and(|place| place >= has));
                let missing = missing.map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                (has < count).then(|| format!("it ends after {has} of {count} cells: {missing} missing"))
            }
        }
    };
    (@required $found:expr, $name:expr) => { Some($found.ok_or(HeadError::Missing($name))?) };
    (@optional $found:expr, $name:expr) => { $found };
}

// Other tables and reports of ServiceNow call some of them otherwise.
columns! {
    required incident_state = "state",
    optional opened_by,
    required opened_at,
    optional caller_id,
    optional sys_updated_by,
    required sys_updated_at = "sys_updated_on",
    optional sys_mod_count,
    optional contact_type,
    optional location,
    optional short_description,
    optional category,
    optional subcategory,
    optional u_symptom,
    optional cmdb_ci,
    optional impact,
    optional urgency,
    optional priority,
    optional assignment_group,
    optional assigned_to,
    optional closed_code = "close_code",
}

/// Where the column of that name is, or of the other name.
fn position(
    head: &ByteRecord,
    name: &'static str,
    other: Option<&'static str>,
) -> Result<Option<usize>, HeadError> {
    for name in std::iter::once(name).chain(other) {
        let mut places =
            (0..).zip(head).filter(|(_, cell)| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let found = places.next().map(|(place, _)| place);
        if places.next().is_some() {
            return Err(HeadError::Twice(name));
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A cell's text. Nothing, `?` and `null` are none.
fn text(record: &ByteRecord, column: usize) -> Result<Option<String>, String> {
    let Some(cell) = record.get(column) else { return Ok(None) };
    let cell = std::str::from_utf8(cell.trim_ascii());
    let cell = cell.map_err(|_| "it has bytes that are no characters of the file's encoding".to_owned())?;
    let forbidden = cell.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if let Some(forbidden) = forbidden {
        return Err(format!("it has the control character U+{:04X}", u32::from(forbidden)));
    }
    Ok((!matches!(cell, "" | "?" | "null")).then(|| cell.to_owned()))
}

/// Whether there is nothing in it.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|cell| cell.trim_ascii().is_empty())
}
