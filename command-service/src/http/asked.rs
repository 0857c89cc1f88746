//! A request for a command, read as far as all commands are alike: who, may they, under which conditions.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::uri::PathAndQuery;
use domain::identity::{Audience, Operation};
use service_kit::http::{IfMatch, Payload, RequestInfo};
use service_kit::problem::Problem;

use super::headers::idempotency_key;
use crate::executor::{CommandError, CommandRequest, IdempotencyKey};
use crate::service::CommandService;

/// A request for a command.
pub(super) struct Asked {
    /// Who asks, and under which conditions.
    pub(super) request: CommandRequest,
    /// What the path names.
    pub(super) params: Vec<(String, String)>,
    /// The body.
    pub(super) body: Payload,
}

impl Asked {
    /// Reads it. The permission is looked at before anything else of the request is.
    pub(super) async fn read(
        service: &CommandService,
        operation: Operation,
        request: Request,
    ) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let principal = service.authenticator().authenticate(&parts.headers).await?;
        principal.may(operation).map_err(CommandError::from)?;
        let share = service.capacity().command(&principal).await?;
        let Ok(info) = RequestInfo::from_request_parts(&mut parts, &()).await;
        let mut request = CommandRequest::new(principal, info);
        request.share = Some(Arc::new(share));
        if operation.audience() == Audience::Services && !request.info.from_service {
            return Err(Problem::forbidden(
                "This is for Docket's own services; nobody asks for it themselves.",
            ));
        }
        request.if_match = IfMatch::from_request_parts(&mut parts, &()).await?.0;
        let key = idempotency_key(&parts.headers)?;
        let params = if operation.path().contains('{') {
            let params = RawPathParams::from_request_parts(&mut parts, &()).await;
            let params = params.map_err(|_| Problem::not_found())?;
            params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        } else {
            Vec::new()
        };
        // What the query says belongs to what a key stands for.
        let path = parts.uri.path_and_query().map_or(parts.uri.path(), PathAndQuery::as_str).to_owned();
        let body = Payload::from_request(Request::from_parts(parts, body), &()).await?;
        request.idempotency = key.map(|key| IdempotencyKey::new(key, operation.method(), &path, &body.0));
        Ok(Self { request, params, body })
    }
}
