//! Values that come as text under names (query parameters, environment, settings), read into types.

use std::collections::HashMap;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextError {
    /// The name it stood under, if it is about one.
    pub(crate) name: Option<String>,
    pub(crate) why: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for TextError {}

impl de::Error for TextError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { name: None, why: message.to_string() }
    }
}

/// Reads named texts into a struct. A name given more than once makes a list, as do commas.
pub(crate) fn read<T: DeserializeOwned>(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Result<T, TextError> {
    let mut named: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, value) in pairs {
        let place = *places.entry(name).or_insert_with_key(|name| {
            named.push((name.clone(), Vec::new()));
            named.len() - 1
        });
        if let Some((_, values)) = named.get_mut(place) {
            values.push(value);
        }
    }
    T::deserialize(Named(&named))
}

struct Named<'a>(&'a [(String, Vec<String>)]);

impl<'de> de::Deserializer<'de> for Named<'_> {
    type Error = TextError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_map(Entries { left: self.0.iter(), values: None })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<'a> {
    left: std::slice::Iter<'a, (String, Vec<String>)>,
    values: Option<(&'a str, &'a [String])>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = TextError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TextError> {
        let Some((name, values)) = self.left.next() else {
            return Ok(None);
        };
        self.values = Some((name, values));
        let key: StrDeserializer<'_, TextError> = name.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.under(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, TextError> {
        let (name, values) = self.values.take().unwrap_or_default();
        seed.deserialize(Text(values)).map_err(|error| error.under(name))
    }
}

impl TextError {
    fn under(mut self, name: &str) -> Self {
        self.name.get_or_insert_with(|| name.to_owned());
        self
    }
}

struct Text<'a>(&'a [String]);

impl<'a> Text<'a> {
    fn one(&self) -> Result<&'a str, TextError> {
        match self.0 {
            [only] => Ok(only),
            _ => Err(de::Error::custom("takes one value")),
        }
    }

    fn parse<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, TextError> {
        self.one()?.trim().parse().map_err(|_| de::Error::custom(format_args!("takes {wanted}")))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty: $wanted:literal),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
            visitor.$visit(self.parse::<$type>($wanted)?)
        }
    )+};
}

impl<'de> de::Deserializer<'de> for Text<'_> {
    type Error = TextError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_str(self.one()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        match self.one()?.trim() {
            "true" | "1" => visitor.visit_bool(true),
            "false" | "0" => visitor.visit_bool(false),
            _ => Err(de::Error::custom("takes true or false")),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8: "a whole number",
        deserialize_i16 visit_i16 i16: "a whole number",
        deserialize_i32 visit_i32 i32: "a whole number",
        deserialize_i64 visit_i64 i64: "a whole number",
        deserialize_u8 visit_u8 u8: "a whole number from 0 to 255",
        deserialize_u16 visit_u16 u16: "a whole number from 0 to 65535",
        deserialize_u32 visit_u32 u32: "a whole number, 0 or more",
        deserialize_u64 visit_u64 u64: "a whole number, 0 or more",
        deserialize_f32 visit_f32 f32: "a number",
        deserialize_f64 visit_f64 f64: "a number",
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TextError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        let parts: Vec<String> = match self.0 {
            [only] => only.split(',').map(|part| part.trim().to_owned()).collect(),
            several => several.to_vec(),
        };
        let filled = parts.iter().filter(|part| !part.is_empty());
        visitor.visit_seq(de::value::SeqDeserializer::new(filled.map(Item)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TextError> {
        let text: StrDeserializer<'_, TextError> = self.one()?.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Item<'a>(&'a String);

impl<'a> IntoDeserializer<'_, TextError> for Item<'a> {
    type Deserializer = Text<'a>;

    fn into_deserializer(self) -> Text<'a> {
        Text(std::slice::from_ref(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        limit: Option<u32>,
        #[serde(default)]
        tag: Vec<String>,
        #[serde(default)]
        count: bool,
    }

    fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
        given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn reads_what_is_there() {
        let read: Wanted =
            read(pairs(&[("limit", "5"), ("tag", "a"), ("tag", "b"), ("count", "true")])).unwrap();
        assert_eq!(read, Wanted { limit: Some(5), tag: vec!["a".into(), "b".into()], count: true });
    }

    #[test]
    fn names_what_it_refuses() {
        let refused = |given| read::<Wanted>(pairs(given)).unwrap_err().to_string();
        assert_eq!(refused(&[("limit", "x")]), "limit: takes a whole number, 0 or more");
        assert_eq!(refused(&[("limit", "1"), ("limit", "2")]), "limit: takes one value");
        assert!(refused(&[("colour", "red")]).starts_with("colour: unknown field `colour`"));
    }
}
