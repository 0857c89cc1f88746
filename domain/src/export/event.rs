//! What can happen to an export. Who took it, when and from where is in the event's metadata.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::event_types;
use crate::ids::Position;
use crate::personal::Personal;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportForm)]
pub enum Form {
    /// RFC 4180, with a line of names.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Form {
    /// As it stands in JSON, on command lines and at the end of a file's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// A parameter as it was asked: of the path, of the query, or of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value. What people look for may be people.
    pub value: Personal<String>,
}

/// Data was taken out as a file. It is recorded before the first byte leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataExported {
    /// What was exported: `tickets`, `audit`, `sla-stats`, …, as files of it are named.
    pub what: String,
    /// In which form.
    pub form: Form,
    /// What was asked for, in the order in which it stood.
    pub parameters: Vec<Parameter>,
    /// The position of the log that the file reflects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

event_types! {
    /// Everything that can happen to an export.
    ExportEvent {
        DataExported = "1",
    }
}
