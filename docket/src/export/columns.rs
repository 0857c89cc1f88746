//! Rows on their way into a Parquet file: gathered by column, written as a group.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use query_api::{Datum, Kind};

/// What a Parquet file of these columns is like.
#[derive(Clone)]
pub(super) struct Layout {
    kinds: Vec<Kind>,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
}

impl Layout {
    pub(super) fn new(columns: &[(&'static str, Kind)]) -> Result<Self, ParquetError> {
        let fields: Result<Vec<_>, _> = columns.iter().map(|(name, kind)| field(name, *kind)).collect();
        let schema = Type::group_type_builder("docket").with_fields(fields?).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("docket ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        Ok(Self { kinds, schema: Arc::new(schema), properties: Arc::new(properties) })
    }

    pub(super) fn open(&self, file: File) -> Result<SerializedFileWriter<BufWriter<File>>, ParquetError> {
        SerializedFileWriter::new(BufWriter::new(file), self.schema.clone(), self.properties.clone())
    }

    /// Nothing gathered yet.
    pub(super) fn nothing(&self) -> Gathered {
        Gathered { columns: self.kinds.iter().map(|kind| Column::new(*kind)).collect(), rows: 0, bytes: 0 }
    }
}

/// Every column may lack values: which ones never do is the read model's affair.
fn field(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let plain = |physical, logical| {
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    match kind {
        Kind::Text | Kind::Json => plain(Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => plain(Physical::INT64, None),
        Kind::Number => plain(Physical::DOUBLE, None),
        Kind::Truth => plain(Physical::BOOLEAN, None),
        Kind::Time => plain(Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Texts => {
            let element = Type::primitive_type_builder("element", Physical::BYTE_ARRAY)
                .with_repetition(Repetition::REQUIRED)
                .with_logical_type(Some(LogicalType::String))
                .build()?;
            let list = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![Arc::new(element)])
                .build()?;
            let texts = Type::group_type_builder(name)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::List))
                .with_fields(vec![Arc::new(list)])
                .build()?;
            Ok(Arc::new(texts))
        }
    }
}

/// Rows, by column.
pub(super) struct Gathered {
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

struct Column {
    values: Values,
    /// Whether a value is there; of lists, how much of it.
    definitions: Vec<i16>,
    /// Of lists, whether an element goes on with the list before it.
    repetitions: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Whole(Vec<i64>),
    Numbers(Vec<f64>),
    Truths(Vec<bool>),
}

/// What a value takes besides its own bytes, about.
const OVERHEAD: usize = 40;

impl Gathered {
    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How much memory they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Vec<Datum>) {
        for (column, datum) in self.columns.iter_mut().zip(row) {
            self.bytes += column.push(datum);
        }
        self.rows += 1;
    }

    /// Writes what was gathered as a row group, and lets go of it.
    pub(super) fn write(
        &mut self,
        writer: &mut SerializedFileWriter<BufWriter<File>>,
    ) -> Result<(), ParquetError> {
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            // As many as the schema has, in its order.
            let Some(mut out) = group.next_column()? else { break };
            column.write(&mut out)?;
            out.close()?;
            column.clear();
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json | Kind::Texts => Values::Texts(Vec::new()),
            Kind::Whole | Kind::Time => Values::Whole(Vec::new()),
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Truth => Values::Truths(Vec::new()),
        };
        Self { values, definitions: Vec::new(), repetitions: Vec::new() }
    }

    /// Adds a value; gives how much memory it takes, about.
    fn push(&mut self, datum: Datum) -> usize {
        match (&mut self.values, datum) {
            (Values::Texts(values), Datum::Texts(texts)) => {
                return list(values, &mut self.definitions, &mut self.repetitions, texts);
            }
            (Values::Texts(values), Datum::Text(text) | Datum::Json(text)) => {
                self.definitions.push(1);
                let bytes = text.len() + OVERHEAD;
                values.push(text.into_bytes().into());
                return bytes;
            }
            (Values::Whole(values), Datum::Whole(value)) => values.push(value),
            (Values::Whole(values), Datum::Time(time)) => values.push(time.timestamp_micros()),
            (Values::Numbers(values), Datum::Number(value)) => values.push(value),
            (Values::Truths(values), Datum::Truth(value)) => values.push(value),
            // Nothing, or what is no value of this column.
            _ => {
                self.definitions.push(0);
                self.repetitions.push(0);
                return 4;
            }
        }
        self.definitions.push(1);
        10
    }

    fn write(&self, out: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match &self.values {
            Values::Texts(values) => self.batch::<ByteArrayType>(out, values),
            Values::Whole(values) => self.batch::<Int64Type>(out, values),
            Values::Numbers(values) => self.batch::<DoubleType>(out, values),
            Values::Truths(values) => self.batch::<BoolType>(out, values),
        }
    }

    fn batch<T: DataType>(
        &self,
        out: &mut SerializedColumnWriter<'_>,
        values: &[T::T],
    ) -> Result<(), ParquetError> {
        let repetitions = (self.repetitions.len() == self.definitions.len()).then_some(&self.repetitions[..]);
        out.typed::<T>().write_batch(values, Some(&self.definitions), repetitions).map(drop)
    }

    /// Lets go of what was written, with its memory: months that have had their rows hold none.
    fn clear(&mut self) {
        match &mut self.values {
            Values::Texts(values) => *values = Vec::new(),
            Values::Whole(values) => *values = Vec::new(),
            Values::Numbers(values) => *values = Vec::new(),
            Values::Truths(values) => *values = Vec::new(),
        }
        (self.definitions, self.repetitions) = (Vec::new(), Vec::new());
    }
}

/// A list, by the levels of the format: 1 is there and empty, 2 has an element.
fn list(
    values: &mut Vec<ByteArray>,
    definitions: &mut Vec<i16>,
    repetitions: &mut Vec<i16>,
    texts: Vec<String>,
) -> usize {
    let mut bytes = 4;
    if texts.is_empty() {
        definitions.push(1);
        repetitions.push(0);
    }
    for (index, text) in texts.into_iter().enumerate() {
        definitions.push(2);
        repetitions.push(i16::from(index > 0));
        bytes += text.len() + OVERHEAD;
        values.push(text.into_bytes().into());
    }
    bytes
}
