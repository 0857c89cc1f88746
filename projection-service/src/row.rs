//! Rows of read models, set-wise: one statement per table and batch, whatever the number of rows.
//!
//! [`row!`] makes of one list of columns the struct that a projection folds in memory and the
//! statements that load it (`= ANY`), add it (`COPY`) and change it (`unnest`). Tables are named
//! without their schema: the connection's `search_path` says which one is meant, so that live
//! tables, rebuilds and comparisons run the same statements.

mod column;
mod copy;
mod working;

pub(crate) use column::{Bytes, ColumnType, Json, TextArray, storable};
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
    update: String,
    pub(crate) load: String,
    copy: String,
}

impl Statements {
    pub(crate) fn of<R: Row>() -> Self {
        let columns = R::columns();
        let list = |part: &[Part], apart: &str, text: &dyn Fn(&Column) -> String| {
            let wanted = columns.iter().filter(|column| part.contains(&column.part));
            wanted.map(text).collect::<Vec<_>>().join(apart)
        };
        let names = |parts: &[Part]| list(parts, ", ", &|column| column.name().into());
        let (table, key) = (R::TABLE, names(&[Part::Key]));
        // What changes, in the columns' order, as `Row::bind` brings it.
        let changing = [Part::Key, Part::Value];
        let arrays: Vec<String> = columns
            .iter()
            .filter(|column| changing.contains(&column.part))
            .zip(1..)
            .map(|(column, nth)| format!("${nth}::{}", column.array))
            .collect();
        let set = list(&[Part::Value], ", ", &|column| format!("{0} = v.{0}{1}", column.name(), column.cast));
        let same = list(&[Part::Key], " AND ", &|column| format!("t.{0} = v.{0}", column.name()));
        Self {
            update: format!(
                "UPDATE {table} AS t SET {set} FROM unnest({}) AS v ({}) WHERE {same}",
                arrays.join(", "),
                names(&changing),
            ),
            load: format!("SELECT {} FROM {table} WHERE {key} = ANY($1)", names(&changing)),
            copy: format!("COPY {table} ({}) FROM STDIN", names(&[Part::Key, Part::Once, Part::Value])),
        }
    }
}

/// Writes what may change of rows that are there.
pub(crate) async fn update<R: Row>(db: &mut PgConnection, rows: &[&R]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let done = R::bind(rows, sqlx::query(&R::statements().update)).execute(&mut *db).await?;
    expect_rows(rows.len(), done.rows_affected())
}

/// Adds rows that can't be there yet, by COPY: the fastest way in.
pub(crate) async fn insert<'r, R: Row>(
    db: &mut PgConnection,
    rows: impl ExactSizeIterator<Item = &'r R>,
) -> Result<(), sqlx::Error> {
    let count = rows.len();
    if count == 0 {
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
    expect_rows(count, sink.finish().await?)
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
