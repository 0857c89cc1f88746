//! What others learn of exports.

use super::from_stored::public;
use crate::export as stored;
use crate::ids::Position;
use crate::personal::Personal;

public! {
    /// The form of a file.
    enum Form from stored::Form {
        /// RFC 4180, with a line of names.
        Csv,
        /// One JSON object a line.
        Ndjson,
        /// Apache Parquet.
        Parquet,
    }
}

public! {
    /// Data was taken out as a file. It is recorded before the first byte leaves.
    struct DataExported from stored::DataExported {
        /// What was exported: `tickets`, `audit`, `sla-stats`, …, as files of it are named.
        what: String,
        /// In which form.
        form: Form,
        /// What was asked for, in the order in which it stood.
        parameters: Vec<Parameter>,
        /// The position of the log that the file reflects.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Position>,
    }

    /// A parameter as it was asked: of the path, of the query, or of the command line.
    struct Parameter from stored::Parameter {
        /// Its name.
        name: String,
        /// Its value. What people look for may be people.
        value: Personal<String>,
    }
}
