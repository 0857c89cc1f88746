//! Files of an export: a folder for each month, in the form that Hive, DuckDB and others read as one
//! table (`month=2026-01/part-0.parquet`).
//!
//! Promises that what is seen under the list's name is whole: everything is written into a folder beside
//! it and renamed at the end. Memory doesn't grow with the list.

mod columns;
mod folder;
mod part;

pub(crate) use folder::{Folder, Written};
