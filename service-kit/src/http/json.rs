//! JSON that says each thing once.
//!
//! RFC 8259 leaves open what a name means that stands twice in one object, and readers differ: whoever
//! checks a body may see another value than whoever acts on it. Fields of our own types are refused by
//! serde where they stand twice; objects of any shape, such as custom fields, are not.

use std::collections::HashSet;
use std::fmt;

use domain::input::{FieldError, pointer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What the walk ends with where a name stands twice; it never leaves this module.
const TWICE: &str = "a name stands twice";

/// The first name that stands twice in an object, however deep, as an error that points at it. Work and
/// memory grow with the length of the text alone. Text that is no JSON has none.
pub(super) fn duplicate(bytes: &[u8]) -> Option<FieldError> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let _ = Names { path: &mut found }.deserialize(&mut deserializer);
    // It is filled from the innermost outwards, and only where there is something to say.
    if found.is_empty() {
        return None;
    }
    let path = found.into_iter().rev().collect::<Vec<String>>();
    let name = path.last().cloned().unwrap_or_default();
    Some(FieldError {
        pointer: pointer(path.iter().map(String::as_str)),
        code: "duplicate_field",
        detail: format!("duplicate field `{name}`"),
    })
}

struct Names<'a> {
    path: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            match elements.next_element_seed(Names { path: self.path }) {
                Ok(Some(())) => index += 1,
                Ok(None) => return Ok(()),
                Err(error) => {
                    if !self.path.is_empty() {
                        self.path.push(index.to_string());
                    }
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                self.path.push(name);
                return Err(Error::custom(TWICE));
            }
            if let Err(error) = members.next_value_seed(Names { path: self.path }) {
                if !self.path.is_empty() {
                    self.path.push(name);
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_pointed_to_however_deep() {
        let found = |text: &str| duplicate(text.as_bytes()).map(|error| error.pointer);
        for (text, pointer) in [
            (r#"{"a":1,"a":1}"#, "/a"),
            (r#"{"f":{"x":1,"y":{"k":1,"k":2}}}"#, "/f/y/k"),
            (r#"[{"a":1},{"b":[0,{"c/d":1,"c\/d":2}]}]"#, "/1/b/1/c~1d"),
            (r#"{"é":1,"\u00e9":2}"#, "/é"),
            (r#"{"":1,"":2}"#, "/"),
        ] {
            assert_eq!(found(text).as_deref(), Some(pointer), "{text}");
        }
        for text in [r#"{"a":{"a":{"a":[]}},"b":[{"a":1},{"a":1}]}"#, "1", "[]", "{\"a\":", "", "\u{1}"] {
            assert_eq!(found(text), None, "{text}");
        }
        assert_eq!(found(&"[".repeat(200)), None);
    }
}
