//! Rows of read models, set-wise: one statement per table and batch, whatever the number of rows.
//!
//! [`row!`] makes of one list of columns the struct that a projection folds in memory and the
//! statements that load it (`= ANY`), write it (`unnest`) and copy it (`COPY`). Tables are named
//! without their schema: the connection's `search_path` says which one is meant, so that live
//! tables, rebuilds and comparisons run the same statements.

mod column;
mod copy;
mod working;

pub(crate) use column::{ColumnType, Json, TextArray};
pub(crate) use copy::CopyText;
pub(crate) use working::Working;

use sqlx::PgConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

type PgQuery<'q> = Query<'q, sqlx::Postgres, PgArguments>;

/// A column of a table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The type of the array that brings its values.
    pub(crate) array: &'static str,
    /// What turns an element of that array into the column's type, if it isn't already.
    pub(crate) cast: &'static str,
    pub(crate) part: Part,
}

impl Column {
    /// The name as SQL has it: a field that is a word of Rust's is written `r#…`.
    fn name(&self) -> &'static str {
        self.name.trim_start_matches("r#")
    }
}

/// What part a column plays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It identifies the row.
    Key,
    /// Written with the row and never after, so never loaded.
    Once,
    /// It may change.
    Value,
}

/// A row of a table.
pub(crate) trait Row: Sized + Send + Sync + 'static {
    const TABLE: &'static str;
    fn columns() -> &'static [Column];
    fn statements() -> &'static Statements;
    fn bind<'q>(rows: &[&'q Self], query: PgQuery<'q>) -> PgQuery<'q>;
    fn copy(&self, out: &mut CopyText);
    fn load(row: &PgRow) -> Result<Self, sqlx::Error>;
}

/// The statements of one table, made once from its columns.
pub(crate) struct Statements {
    insert: String,
    upsert: String,
    pub(crate) load: String,
    copy: String,
}

impl Statements {
    pub(crate) fn of<R: Row>() -> Self {
        let columns = R::columns();
        let list = |keep: &dyn Fn(&Column) -> bool, text: &dyn Fn(&Column) -> String| {
            let texts: Vec<String> = columns.iter().filter(|column| keep(column)).map(text).collect();
            texts.join(", ")
        };
        let (table, all) = (R::TABLE, list(&|_| true, &|column| column.name().into()));
        let values = list(&|_| true, &|column| format!("v.{}{}", column.name(), column.cast));
        let arrays: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| format!("${}::{}", index + 1, column.array))
            .collect();
        let insert = format!(
            "INSERT INTO {table} ({all}) SELECT {values} FROM unnest({}) AS v ({all})",
            arrays.join(", ")
        );
        let key = list(&|column| column.part == Part::Key, &|column| column.name().into());
        let set = list(&|column| column.part == Part::Value, &|column| {
            format!("{0} = EXCLUDED.{0}", column.name())
        });
        let loaded = list(&|column| column.part != Part::Once, &|column| column.name().into());
        Self {
            upsert: format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {set}"),
            load: format!("SELECT {loaded} FROM {table} WHERE {key} = ANY($1)"),
            copy: format!("COPY {table} ({all}) FROM STDIN"),
            insert,
        }
    }
}

/// Adds rows that can't be there yet.
pub(crate) async fn insert<R: Row>(db: &mut PgConnection, rows: &[&R]) -> Result<(), sqlx::Error> {
    write(db, &R::statements().insert, rows).await
}

/// Writes rows over those with the same key.
pub(crate) async fn upsert<R: Row>(db: &mut PgConnection, rows: &[&R]) -> Result<(), sqlx::Error> {
    write(db, &R::statements().upsert, rows).await
}

async fn write<R: Row>(
    db: &mut PgConnection,
    statement: &'static str,
    rows: &[&R],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let done = R::bind(rows, sqlx::query(statement)).execute(&mut *db).await?;
    expect_rows(rows.len(), done.rows_affected())
}

/// Adds rows by COPY: the fastest way in, for tables under construction (it is refused on tables
/// with row-level security).
pub(crate) async fn copy<R: Row>(db: &mut PgConnection, rows: &[&R]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sink = db.copy_in_raw(&R::statements().copy).await?;
    let mut text = CopyText::default();
    for row in rows {
        row.copy(&mut text);
        text.end_row();
        if text.len() > 1 << 20 {
            sink.send(text.take()).await?;
        }
    }
    sink.send(text.take()).await?;
    expect_rows(rows.len(), sink.finish().await?)
}

fn expect_rows(wanted: usize, affected: u64) -> Result<(), sqlx::Error> {
    if affected == wanted as u64 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!("{affected} rows were written instead of {wanted}")))
}

/// Declares a [`Row`]: its table and columns in the table's order of parts: what identifies it, what
/// is written once, what may change.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal
        key { $($key:ident : $key_type:ty),+ $(,)? }
        once { $($once:ident : $once_type:ty),* $(,)? }
        value { $($value:ident : $value_type:ty),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $name {
            $(pub(crate) $key: $key_type,)+
            $(pub(crate) $once: $once_type,)*
            $(pub(crate) $value: $value_type,)*
        }

        impl $crate::row::Row for $name {
            const TABLE: &'static str = $table;

            fn columns() -> &'static [$crate::row::Column] {
                use $crate::row::{Column, ColumnType, Part};
                const COLUMNS: &[Column] = &[
                    $(Column {
                        name: stringify!($key), part: Part::Key,
                        array: <$key_type as ColumnType>::ARRAY, cast: <$key_type as ColumnType>::CAST,
                    },)+
                    $(Column {
                        name: stringify!($once), part: Part::Once,
                        array: <$once_type as ColumnType>::ARRAY, cast: <$once_type as ColumnType>::CAST,
                    },)*
                    $(Column {
                        name: stringify!($value), part: Part::Value,
                        array: <$value_type as ColumnType>::ARRAY, cast: <$value_type as ColumnType>::CAST,
                    },)*
                ];
                COLUMNS
            }

            fn statements() -> &'static $crate::row::Statements {
                static STATEMENTS: std::sync::LazyLock<$crate::row::Statements> =
                    std::sync::LazyLock::new($crate::row::Statements::of::<$name>);
                &STATEMENTS
            }

            fn bind<'q>(
                rows: &[&'q Self],
                query: sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>,
            ) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
                use $crate::row::ColumnType;
                query
                    $(.bind(rows.iter().map(|row| row.$key.wire()).collect::<Vec<_>>()))+
                    $(.bind(rows.iter().map(|row| row.$once.wire()).collect::<Vec<_>>()))*
                    $(.bind(rows.iter().map(|row| row.$value.wire()).collect::<Vec<_>>()))*
            }

            fn copy(&self, out: &mut $crate::row::CopyText) {
                use $crate::row::ColumnType;
                $(self.$key.copy(out);)+
                $(self.$once.copy(out);)*
                $(self.$value.copy(out);)*
            }

            fn load(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                Ok(Self {
                    $($key: row.try_get(stringify!($key))?,)+
                    $($once: Default::default(),)*
                    $($value: row.try_get(stringify!($value))?,)*
                })
            }
        }
    };
}
pub(crate) use row;
