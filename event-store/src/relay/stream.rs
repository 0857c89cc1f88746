//! The stream: made, looked at, removed.

use std::time::Duration;

use async_nats::jetstream::context::{
    CreateStreamError, DeleteStreamError, GetStreamError, GetStreamErrorKind, UpdateStreamError,
};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};

use super::StreamOptions;
use crate::subjects;

/// Why the stream couldn't be made, read or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("the stream couldn't be made")]
    Create(#[source] CreateStreamError),
    #[error("the stream's limits couldn't be changed")]
    Update(#[source] UpdateStreamError),
    #[error("the stream couldn't be removed")]
    Delete(#[source] DeleteStreamError),
    #[error("the stream couldn't be found")]
    Get(#[source] GetStreamError),
    #[error("the stream couldn't be read")]
    Read(#[from] async_nats::jetstream::stream::RawMessageError),
}

/// A message as far as it tells where the stream is.
pub(crate) struct Mark {
    pub(crate) position: Option<i64>,
    pub(crate) epoch: Option<i64>,
    pub(crate) log: Option<uuid::Uuid>,
    pub(crate) event_id: Option<uuid::Uuid>,
}

fn config(cell: &str, options: &StreamOptions) -> Config {
    Config {
        name: subjects::stream(cell),
        subjects: vec![subjects::all_events(cell)],
        storage: StorageType::File,
        discard: DiscardPolicy::Old,
        max_bytes: options.max_bytes.unwrap_or(-1),
        max_messages: -1,
        max_messages_per_subject: -1,
        num_replicas: options.replicas,
        duplicate_window: Duration::from_secs(120),
        ..Config::default()
    }
}

/// The stream as it is, or `None` if there is none.
pub(crate) async fn find(context: &Context, cell: &str) -> Result<Option<Stream>, StreamError> {
    match context.get_stream(subjects::stream(cell)).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(kind) if kind.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Ok(None)
            }
            _ => Err(StreamError::Get(error)),
        },
    }
}

/// Makes an empty stream in the place of whatever is there. Emptying the old one wouldn't do: it
/// would go on to take the events for duplicates by their ids.
pub(crate) async fn make_anew(
    context: &Context,
    cell: &str,
    options: &StreamOptions,
) -> Result<(), StreamError> {
    if find(context, cell).await?.is_some() {
        context.delete_stream(subjects::stream(cell)).await.map_err(StreamError::Delete)?;
    }
    context.create_stream(config(cell, options)).await.map_err(StreamError::Create)?;
    Ok(())
}

/// Has the stream keep to the limits that are set now.
pub(crate) async fn bring_up_to_date(
    context: &Context,
    cell: &str,
    options: &StreamOptions,
    stream: &Stream,
) -> Result<(), StreamError> {
    let (wanted, there) = (config(cell, options), &stream.cached_info().config);
    if wanted.max_bytes != there.max_bytes || wanted.num_replicas != there.num_replicas {
        context.update_stream(wanted).await.map_err(StreamError::Update)?;
    }
    Ok(())
}

/// What stands at a sequence of the stream; `None` if nothing does.
pub(crate) async fn mark_at(stream: &Stream, sequence: u64) -> Result<Option<Mark>, StreamError> {
    let message = match stream.get_raw_message(sequence).await {
        Ok(message) => message,
        Err(error) => {
            return match error.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(None),
                RawMessageErrorKind::JetStream(kind) if kind.error_code() == ErrorCode::NO_MESSAGE_FOUND => {
                    Ok(None)
                }
                _ => Err(error.into()),
            };
        }
    };
    let text = |name: &str| message.headers.get(name).map(async_nats::HeaderValue::as_str);
    Ok(Some(Mark {
        position: text(super::message::POSITION).and_then(|text| text.parse().ok()),
        epoch: text(super::message::EPOCH).and_then(|text| text.parse().ok()),
        log: text(super::message::LOG).and_then(|text| text.parse().ok()),
        event_id: text(super::message::MESSAGE_ID).and_then(|text| text.parse().ok()),
    }))
}
