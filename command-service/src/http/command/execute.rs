//! Carry out many commands in one request.

use std::collections::HashMap;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::identity::Operation;
use domain::ids::{Position, TicketId};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service_kit::http::{POSITION, Payload, RequestInfo, parse_outermost, position_header};
use service_kit::problem::{FieldError, Problem};
use utoipa::ToSchema;

use super::item::{Item, ItemSchema};
use crate::executor::{Answer, CommandError, CommandRequest, IdempotencyKey, Target, TicketRef, overloaded};
use crate::http::Endpoint;
use crate::http::answer::AnswerBody;
use crate::http::document::Document;
use crate::http::headers::idempotency_key;
use crate::service::CommandService;

/// The most commands of one request.
const MOST: usize = 500;
/// Why many commands at once have to wait where a single one hasn't.
const BEHIND: &str = "What was done before isn't shown everywhere yet; many commands at once wait for that.";
/// How many tickets are worked on at once.
const AT_ONCE: usize = 64;

pub(in crate::http) fn endpoint() -> Endpoint {
    let accepted = [(200, "Each command with its own result")];
    let summary = "Carry out up to 500 commands, in order per ticket; each has its own result";
    Endpoint {
        operation: Operation::BulkCommands,
        handler: post(execute),
        document: Document::new::<BulkSchema, ResultsSchema>(summary, "Commands", &accepted).unversioned(),
    }
}

/// Up to 500 commands. With an `Idempotency-Key` each of them has a key of its own: the request's,
/// and its place in the list.
#[derive(ToSchema)]
#[schema(as = Bulk)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
struct BulkSchema {
    /// The commands.
    #[schema(min_items = 1, max_items = 500)]
    commands: Vec<ItemSchema>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    // Each is read by itself, so that one that is malformed fails alone.
    commands: Vec<Box<RawValue>>,
}

/// The commands' results, in their order.
#[derive(ToSchema)]
#[schema(as = BulkResults)]
#[expect(dead_code, reason = "describes the answer for the OpenAPI document")]
struct ResultsSchema {
    /// One per command.
    results: Vec<ResultSchema>,
}

/// What became of one command.
#[derive(ToSchema)]
#[schema(as = BulkResult)]
#[expect(dead_code, reason = "describes the answer for the OpenAPI document")]
struct ResultSchema {
    /// The status that the command alone would have been answered with.
    status: u16,
    /// The answer, if it was accepted.
    body: Option<AnswerBody<'static>>,
    /// Why not, if it wasn't.
    problem: Option<service_kit::problem::ProblemSchema>,
    /// It was carried out before, under the same idempotency key.
    replayed: Option<bool>,
}

#[derive(Serialize)]
struct Line<'a, P> {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<AnswerBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<P>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
}

type Outcome = Result<Answer, Problem>;

async fn execute(State(service): State<CommandService>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let principal = service.authenticator().authenticate(&parts.headers).await?;
    principal.may(Operation::BulkCommands).map_err(CommandError::from)?;
    let Ok(info) = RequestInfo::from_request_parts(&mut parts, &()).await;
    let headers = std::mem::take(&mut parts.headers);
    parts.headers.clone_from(&headers);
    let Payload(body) = Payload::from_request(Request::from_parts(parts, body), &()).await?;
    let bulk: Bulk = parse_outermost(&body)?;
    check_size(bulk.commands.len())?;
    let _share = service.capacity().bulk(&principal).await?;
    if service.backpressure().holds_back().await {
        return Err(overloaded().detail(BEHIND));
    }
    let request = CommandRequest::new(principal, info);
    let results = Batch { service: &service, request: &request }.run(&headers, &bulk.commands).await?;
    Ok(respond(&results, &request.info.request_id))
}

fn check_size(commands: usize) -> Result<(), Problem> {
    let error = match commands {
        0 => FieldError::new("/commands", "required", "1 command at least"),
        1..=MOST => return Ok(()),
        _ => FieldError::new("/commands", "too_many", format!("{MOST} commands at most")),
    };
    Err(Problem::validation(vec![error]))
}

struct Batch<'a> {
    service: &'a CommandService,
    request: &'a CommandRequest,
}

impl Batch<'_> {
    async fn run(&self, headers: &HeaderMap, commands: &[Box<RawValue>]) -> Result<Vec<Outcome>, Problem> {
        let key = idempotency_key(headers)?;
        let mut results: Vec<Option<Outcome>> = commands.iter().map(|_| None).collect();
        let mut groups: HashMap<Group, Vec<(usize, Item)>> = HashMap::new();
        for (index, raw) in commands.iter().enumerate() {
            match Item::read(raw.get()) {
                Ok(mut item) => {
                    // A control character can't be in a caller's key, so none can be mistaken for this.
                    let own = key.as_ref().map(|key| format!("{key}\u{1f}{index}"));
                    item.idempotency = own.map(|own| {
                        let operation = Operation::BulkCommands;
                        IdempotencyKey::new(own, operation.method(), operation.path(), raw.get().as_bytes())
                    });
                    groups.entry(self.group(index, &item.target).await).or_default().push((index, item));
                }
                Err(problem) => results[index] = Some(Err(problem)),
            }
        }
        let mut done = futures::stream::iter(groups.into_values())
            .map(|group| self.one_after_the_other(group))
            .buffer_unordered(AT_ONCE);
        while let Some(group) = done.next().await {
            for (index, outcome) in group {
                results[index] = Some(outcome);
            }
        }
        Ok(results.into_iter().map(|result| result.unwrap_or_else(|| Err(Problem::internal()))).collect())
    }

    /// Commands on one ticket belong together, whether it is named by id or by number.
    async fn group(&self, index: usize, target: &Target) -> Group {
        match target {
            Target::New | Target::NewAs(_) => Group::Alone(index),
            Target::Ticket(TicketRef::Id(id)) => Group::Ticket(*id),
            Target::Ticket(number) => {
                let tenant = self.request.principal.tenant;
                match self.service.executor().resolve(tenant, number).await {
                    Ok(Some(id)) => Group::Ticket(id),
                    // The command itself will say what is wrong.
                    Ok(None) | Err(_) => Group::Alone(index),
                }
            }
        }
    }

    async fn one_after_the_other(&self, group: Vec<(usize, Item)>) -> Vec<(usize, Outcome)> {
        let mut outcomes = Vec::with_capacity(group.len());
        for (index, item) in group {
            let mut request = self.request.clone();
            request.if_match = item.if_match;
            request.idempotency = item.idempotency;
            let outcome = self.service.executor().execute(&request, &item.target, &item.command).await;
            outcomes.push((index, outcome.map_err(Problem::from)));
        }
        outcomes
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Group {
    Ticket(TicketId),
    Alone(usize),
}

fn respond(results: &[Outcome], request_id: &str) -> Response {
    let lines: Vec<_> = results
        .iter()
        .map(|outcome| match outcome {
            Ok(answer) => Line {
                status: answer.status,
                body: Some(AnswerBody::of(answer)),
                problem: None,
                replayed: answer.replayed,
            },
            Err(problem) => Line {
                status: problem.status().as_u16(),
                body: None,
                problem: Some(problem.body(Some(request_id))),
                replayed: false,
            },
        })
        .collect();
    let position = results.iter().flatten().map(|answer| answer.position).max();
    let mut response = (StatusCode::OK, axum::Json(serde_json::json!({ "results": lines }))).into_response();
    response.headers_mut().insert(POSITION, position_header(position.unwrap_or(Position::START)));
    response
}
