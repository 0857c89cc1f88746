//! JSON values as callers send them: bounded, and without what Postgres can't keep.

use serde_json::Value;

use super::{Check, has_forbidden};

/// The most elements of an array in a custom field.
const MAX_ELEMENTS: usize = 100;
/// The most values, nested ones included, in channel metadata.
const MAX_VALUES: usize = 1_000;
/// The most bytes of texts and keys in channel metadata.
const MAX_BYTES: usize = 32 * 1024;

impl Check {
    /// The value of a custom field: null, a scalar, or an array of scalars.
    pub fn field_value(&mut self, pointer: &str, value: &Value, max: usize) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => self.value_text(pointer, text, max),
            Value::Array(elements) if elements.len() > MAX_ELEMENTS => {
                self.fail(pointer, "too_many", format!("{MAX_ELEMENTS} elements at most"));
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    match element {
                        Value::String(text) => {
                            self.value_text(&format!("{pointer}/{index}"), text, max);
                        }
                        Value::Null | Value::Array(_) | Value::Object(_) => self.fail(
                            format!("{pointer}/{index}"),
                            "invalid_type",
                            "an element is a text, a number or a truth value",
                        ),
                        Value::Bool(_) | Value::Number(_) => {}
                    }
                }
            }
            Value::Object(_) => self.fail(
                pointer,
                "invalid_type",
                "a field is a text, a number, a truth value, or an array of those",
            ),
        }
    }

    /// A JSON value of any shape, kept as it came, within bounds.
    pub fn any_value(&mut self, pointer: &str, value: &Value) {
        let mut left = Bounds { values: MAX_VALUES, bytes: MAX_BYTES };
        match left.take(value) {
            Ok(()) => {}
            Err("too_long") => {
                self.fail(pointer, "too_long", format!("{MAX_VALUES} values, {MAX_BYTES} bytes at most"));
            }
            Err(code) => self.fail(pointer, code, "no control characters here"),
        }
    }

    /// A text within a value; unlike a field of its own, it may be empty.
    fn value_text(&mut self, pointer: &str, text: &str, max: usize) {
        if !text.is_empty() {
            self.fits(pointer, text, max);
        }
    }
}

/// What a nested value may still use.
struct Bounds {
    values: usize,
    bytes: usize,
}

impl Bounds {
    fn take(&mut self, value: &Value) -> Result<(), &'static str> {
        self.values = self.values.checked_sub(1).ok_or("too_long")?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
            Value::String(text) => self.take_text(text),
            Value::Array(elements) => elements.iter().try_for_each(|element| self.take(element)),
            Value::Object(members) => members.iter().try_for_each(|(key, value)| {
                self.take_text(key)?;
                self.take(value)
            }),
        }
    }

    fn take_text(&mut self, text: &str) -> Result<(), &'static str> {
        self.bytes = self.bytes.checked_sub(text.len()).ok_or("too_long")?;
        if has_forbidden(text) { Err("invalid_character") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(value: Value) -> Vec<&'static str> {
        let mut check = Check::new();
        check.field_value("/f", &value, 10);
        check.finish().err().unwrap_or_default().iter().map(|error| error.code).collect()
    }

    fn any(value: Value) -> Vec<&'static str> {
        let mut check = Check::new();
        check.any_value("/m", &value);
        check.finish().err().unwrap_or_default().iter().map(|error| error.code).collect()
    }

    #[test]
    fn a_field_is_a_scalar_or_an_array_of_scalars() {
        for good in [json!(null), json!(1.5), json!(true), json!(""), json!("x"), json!([1, "a"])] {
            assert!(field(good).is_empty());
        }
        assert_eq!(field(json!({"a": 1})), ["invalid_type"]);
        assert_eq!(field(json!([[1]])), ["invalid_type"]);
        assert_eq!(field(json!("12345678901")), ["too_long"]);
        assert_eq!(field(json!("a\0b")), ["invalid_character"]);
        assert_eq!(field(json!(["a\0b"])), ["invalid_character"]);
        assert_eq!(field(json!(vec![1; 101])), ["too_many"]);
    }

    #[test]
    fn a_free_value_is_bounded_and_clean_all_the_way_down() {
        assert!(any(json!({"a": [{"b": "c\nd"}]})).is_empty());
        assert_eq!(any(json!({"a": [{"b\0": "c"}]})), ["invalid_character"]);
        assert_eq!(any(json!({"a": [{"b": "c\0"}]})), ["invalid_character"]);
        assert_eq!(any(json!(vec![0; 2_000])), ["too_long"]);
        assert_eq!(any(json!("x".repeat(40_000))), ["too_long"]);
    }
}
