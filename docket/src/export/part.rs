//! One file of a month.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use query_api::Content;

use super::columns::{Gathered, Layout};

/// The most rows of a row group.
const GROUP: usize = 100_000;

/// Why a file can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartError {
    #[error("a file cannot be written")]
    File(#[from] std::io::Error),
    #[error("a Parquet file cannot be written")]
    Parquet(#[from] ParquetError),
}

/// A file under way.
pub(super) enum Part {
    Text(BufWriter<File>),
    Parquet { writer: Box<SerializedFileWriter<BufWriter<File>>>, gathered: Gathered },
}

impl Part {
    /// A file of lines, beginning with the line of names, if there is one.
    pub(super) fn text(path: &Path, names: &[u8]) -> Result<Self, PartError> {
        let mut file = BufWriter::new(File::create_new(path)?);
        file.write_all(names)?;
        Ok(Self::Text(file))
    }

    pub(super) fn parquet(path: &Path, layout: &Layout) -> Result<Self, PartError> {
        let writer = Box::new(layout.open(File::create_new(path)?)?);
        Ok(Self::Parquet { writer, gathered: layout.nothing() })
    }

    /// Adds a row.
    pub(super) fn push(&mut self, content: Content) -> Result<(), PartError> {
        match (self, content) {
            (Self::Text(file), Content::Line(line)) => file.write_all(&line)?,
            (Self::Parquet { writer, gathered }, Content::Data(row)) => {
                gathered.push(row);
                if gathered.rows() >= GROUP {
                    gathered.write(writer)?;
                }
            }
            // A row of another form than the file: whoever asks for the form opens the file.
            (Self::Text(_) | Self::Parquet { .. }, _) => {}
        }
        Ok(())
    }

    /// What is gathered in memory, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(_) => 0,
            Self::Parquet { gathered, .. } => gathered.bytes(),
        }
    }

    /// Writes what is gathered.
    pub(super) fn flush(&mut self) -> Result<(), PartError> {
        if let Self::Parquet { writer, gathered } = self
            && gathered.rows() > 0
        {
            gathered.write(writer)?;
        }
        Ok(())
    }

    /// Ends the file, on disk.
    pub(super) fn finish(mut self) -> Result<(), PartError> {
        self.flush()?;
        let file = match self {
            Self::Text(file) => file,
            Self::Parquet { writer, .. } => writer.into_inner()?,
        };
        Ok(file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?)
    }
}
