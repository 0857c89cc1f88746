//! The OpenAPI document, from the same table as the router.

use std::any::TypeId;

use domain::identity::Operation;
use service_kit::http::finish_document;
use service_kit::problem::{FieldError, ProblemSchema};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Header, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response,
    ResponseBuilder,
};

use super::answer::{AnswerBody, ConfigurationBody};
use super::configuration::{Configures, Nothing};
use super::verb::Verb;

type Schemas = Vec<(String, RefOr<Schema>)>;

/// What an endpoint says of itself.
pub(super) struct Document {
    summary: &'static str,
    tag: &'static str,
    body: Option<String>,
    accepted: Vec<(u16, &'static str, String)>,
    conditional: bool,
    versioned: bool,
    retried: bool,
    /// What its query takes, and what that means.
    query: &'static [(&'static str, &'static str)],
    schemas: Schemas,
}

impl Document {
    /// A command on a ticket.
    pub(super) fn of<V: Verb>() -> Self {
        let accepted = match V::OPERATION {
            Operation::OpenTicket => (201, "Opened; the commit is durable"),
            _ => (200, "Done, or there was nothing to do; the commit is durable"),
        };
        Self::new::<V::Body, AnswerBody<'_>>(V::SUMMARY, "Tickets", &[accepted]).conditional()
    }

    /// A command on policies and calendars.
    pub(super) fn configures<C: Configures>() -> Self {
        let accepted = match C::OPERATION {
            Operation::AddPolicy | Operation::AddCalendar => (201, "Added; the commit is durable"),
            _ => (200, "Done, or there was nothing to do; the commit is durable"),
        };
        let document =
            Self::new::<C::Schema, ConfigurationBody<'_>>(C::SUMMARY, "Service levels", &[accepted]);
        Self { query: C::QUERY, ..document.conditional() }
    }

    /// An endpoint with this body and this answer, under each of these statuses.
    pub(super) fn new<B: ToSchema + 'static, A: ToSchema>(
        summary: &'static str,
        tag: &'static str,
        accepted: &[(u16, &'static str)],
    ) -> Self {
        let mut schemas = Vec::new();
        let body = (TypeId::of::<B>() != TypeId::of::<Nothing>()).then(|| gather::<B>(&mut schemas));
        let answer = gather::<A>(&mut schemas);
        let accepted = accepted.iter().map(|(status, says)| (*status, *says, answer.clone())).collect();
        Self {
            summary,
            tag,
            body,
            accepted,
            conditional: false,
            versioned: true,
            retried: true,
            query: &[],
            schemas,
        }
    }

    /// It takes `If-Match`.
    pub(super) fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// What it answers has no version.
    pub(super) fn unversioned(mut self) -> Self {
        self.versioned = false;
        self
    }

    /// Doing it twice is no harm anyway.
    pub(super) fn without_key(mut self) -> Self {
        self.retried = false;
        self
    }
}

fn gather<T: ToSchema>(schemas: &mut Schemas) -> String {
    let name = T::name().into_owned();
    schemas.push((name.clone(), T::schema()));
    T::schemas(schemas);
    name
}

/// The whole document.
pub(super) fn whole(endpoints: impl Iterator<Item = (Operation, Document)>) -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = Vec::new();
    gather::<ProblemSchema>(&mut schemas);
    gather::<FieldError>(&mut schemas);
    for (operation, mut document) in endpoints {
        schemas.append(&mut document.schemas);
        let method = match operation.method() {
            "PATCH" => HttpMethod::Patch,
            "DELETE" => HttpMethod::Delete,
            _ => HttpMethod::Post,
        };
        paths.add_path_operation(operation.path(), vec![method], one(operation, &document));
    }
    let mut components = Components::new();
    components.schemas.extend(schemas);
    components.responses.extend(
        REFUSALS.iter().map(|(status, name, says)| ((*name).to_owned(), RefOr::T(refusal(status, says)))),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token of a known issuer; its claims name user, tenant and roles"))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let mut info = Info::new("Docket: commands", env!("CARGO_PKG_VERSION"));
    info.description = Some("Everything that changes something. Answers after the commit is durable.".into());
    let document = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]))
        .build();
    finish_document(document)
}

fn one(operation: Operation, document: &Document) -> utoipa::openapi::path::Operation {
    let mut builder = OperationBuilder::new()
        .operation_id(Some(operation.name()))
        .summary(Some(document.summary))
        .description(Some(format!("Needs the permission `{}`.", operation.permission())))
        .tag(document.tag)
        .request_body(document.body.as_deref().map(|body| request_body(operation, body)));
    for name in operation.path().split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let says = PATH_PARAMETERS.iter().find(|(known, _)| *known == name).map_or("", |(_, says)| says);
        builder = builder.parameter(parameter(name, ParameterIn::Path, says));
    }
    for (name, says) in document.query {
        builder = builder.parameter(parameter(name, ParameterIn::Query, says));
    }
    if document.retried {
        let key = "Makes a retry return the first answer: 1 to 255 characters";
        builder = builder.parameter(parameter("Idempotency-Key", ParameterIn::Header, key));
    }
    if document.conditional {
        let version = "Its version in quotes: only if it is at that version";
        builder = builder.parameter(parameter("If-Match", ParameterIn::Header, version));
    }
    for (status, says, answer) in &document.accepted {
        let response = ResponseBuilder::new()
            .description(*says)
            .content("application/json", content(answer))
            .header("Docket-Position", header("The position that the answer reflects"));
        let response = if document.versioned {
            response.header("ETag", header("The version, in quotes"))
        } else {
            response
        };
        let response = if document.retried {
            response.header("Idempotency-Replayed", header("`true` where a retry is answered as before"))
        } else {
            response
        };
        let response = match status {
            201 => response.header("Location", header("The path of what was added")),
            _ => response,
        };
        builder = builder.response(status.to_string(), response.build());
    }
    for (status, name, _) in REFUSALS {
        builder = builder.response(*status, RefOr::Ref(Ref::from_response_name(*name)));
    }
    builder.build()
}

fn request_body(operation: Operation, schema: &str) -> RequestBody {
    let body = RequestBodyBuilder::new().content("application/json", content(schema));
    let body = match operation.method() {
        "PATCH" => body.content("application/merge-patch+json", content(schema)),
        _ => body,
    };
    body.required(Some(Required::True)).build()
}

const PATH_PARAMETERS: &[(&str, &str)] = &[
    ("id", "The ticket: its id or its number"),
    ("message_id", "The message's id"),
    ("key", "The policy's or calendar's key"),
    ("tenant", "The tenant: its id or its key"),
];

/// Status, name and meaning.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("400", "Malformed", "The request can't be read"),
    ("401", "Unauthenticated", "No token, or none that can be taken"),
    ("403", "Forbidden", "Not permitted"),
    ("404", "NotFound", "There is no such thing, or none that the caller may know of"),
    ("409", "Conflict", "The state doesn't allow it, or the same idempotency key is at work"),
    ("412", "VersionMismatch", "It is at another version"),
    ("413", "TooLarge", "The body is larger than 1 MiB"),
    ("415", "UnsupportedMediaType", "The body isn't JSON"),
    ("422", "Invalid", "The body is JSON, but not what is wanted"),
    ("429", "RateLimited", "The caller, or the tenant, asks for more at once than they may; see Retry-After"),
    ("503", "Unavailable", "Overloaded or not available; see Retry-After"),
];

fn refusal(status: &str, says: &str) -> Response {
    let response =
        ResponseBuilder::new().description(says).content("application/problem+json", content("Problem"));
    let response = match status {
        "401" => response.header("WWW-Authenticate", header("How to authenticate")),
        "409" => response
            .header("Retry-After", header("With `command_in_progress`: when to try again, in seconds")),
        "429" | "503" => response.header("Retry-After", header("When to try again, in seconds")),
        _ => response,
    };
    response.build()
}

fn content(schema: &str) -> Content {
    Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(schema))))
}

fn header(says: &str) -> Header {
    let mut header = Header::new(Object::with_type(Type::String));
    header.description = Some(says.to_owned());
    header
}

fn parameter(name: &str, place: ParameterIn, says: &str) -> utoipa::openapi::path::Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(says))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}
