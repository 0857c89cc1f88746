//! How bodies look that are a domain type with something more, or a JSON Merge Patch (RFC 7396) on one.

use std::borrow::Cow;
use std::marker::PhantomData;

use utoipa::openapi::schema::{
    AdditionalProperties, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema::Object as AnObject};
use utoipa::{PartialSchema, ToSchema};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// A JSON Merge Patch on a `T`: no member is required, and null takes one away.
pub(super) struct PatchOf<T>(PhantomData<T>);

impl<T: ToSchema> PartialSchema for PatchOf<T> {
    fn schema() -> RefOr<Schema> {
        let mut object = object(T::schema());
        object.required.clear();
        object.properties = object.properties.into_iter().map(|(name, of)| (name, or_null(of))).collect();
        let what = object.description.unwrap_or_default();
        object.description =
            Some(format!("A JSON Merge Patch (RFC 7396): what is named changes, null goes. {what}"));
        object.into()
    }
}

impl<T: ToSchema> ToSchema for PatchOf<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Patch", T::name()).into()
    }

    fn schemas(schemas: &mut Schemas) {
        T::schemas(schemas);
    }
}

/// The schema of a `T` with one more property.
pub(super) fn with<T: ToSchema>(name: &str, property: ObjectBuilder, required: bool) -> RefOr<Schema> {
    let mut object = object(T::schema());
    object.properties.insert(name.to_owned(), property.into());
    if required {
        object.required.push(name.to_owned());
    }
    object.into()
}

fn object(schema: RefOr<Schema>) -> Object {
    match schema {
        RefOr::T(AnObject(object)) => object,
        // What is configured are objects.
        _ => Object::new(),
    }
}

/// A patch says nothing of what isn't named, so there are no defaults.
fn or_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(AnObject(mut object)) => {
            if let SchemaType::Type(only) = object.schema_type {
                object.schema_type = SchemaType::Array(vec![only, Type::Null]);
            }
            object.default = None;
            object.additional_properties = object.additional_properties.map(|each| {
                Box::new(match *each {
                    AdditionalProperties::RefOr(of) => AdditionalProperties::RefOr(or_null(of)),
                    any @ AdditionalProperties::FreeForm(_) => any,
                })
            });
            object.into()
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = SchemaType::Array(vec![Type::Array, Type::Null]);
            array.default = None;
            RefOr::T(Schema::Array(array))
        }
        RefOr::T(other) => RefOr::T(other),
        reference @ RefOr::Ref(_) => {
            OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(reference).into()
        }
    }
}
