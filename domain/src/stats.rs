//! Statistics: what is measured, by what, and how percentiles are told from counts.

mod measure;
pub mod sketch;

pub use measure::{Dimension, Measure};
