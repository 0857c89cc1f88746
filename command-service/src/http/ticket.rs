//! Commands on a ticket, one file per verb.

mod assign;
mod cancel;
mod category;
mod close;
mod custom_fields;
mod delete;
mod escalate;
mod message;
mod not_spam;
mod note;
mod open;
mod priority;
mod rate;
mod reopen;
mod reply;
mod request_type;
mod resolve;
mod restore;
mod route;
mod spam;
mod status;
mod subject;
mod tags;
mod unassign;

use domain::ticket::commands::{
    AddNote, Assign, Cancel, ChangeCategory, ChangePriority, ChangeRequestType, ChangeStatus, ChangeSubject,
    ChangeTags, Close, Delete, EditMessage, Escalate, MarkSpam, Open, Rate, ReadMessage, RedactMessage,
    Reopen, Reply, Resolve, Restore, Route, SetCustomFields, Unassign, UnmarkSpam,
};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::of::<Open>(),
        Endpoint::of::<Assign>(),
        Endpoint::of::<Unassign>(),
        Endpoint::of::<Reply>(),
        Endpoint::of::<AddNote>(),
        Endpoint::of::<EditMessage>(),
        Endpoint::of::<RedactMessage>(),
        Endpoint::of::<ReadMessage>(),
        Endpoint::of::<ChangeStatus>(),
        Endpoint::of::<Resolve>(),
        Endpoint::of::<Close>(),
        Endpoint::of::<Reopen>(),
        Endpoint::of::<Cancel>(),
        Endpoint::of::<Rate>(),
        Endpoint::of::<ChangePriority>(),
        Endpoint::of::<ChangeCategory>(),
        Endpoint::of::<ChangeRequestType>(),
        Endpoint::of::<ChangeSubject>(),
        Endpoint::of::<ChangeTags>(),
        Endpoint::of::<SetCustomFields>(),
        Endpoint::of::<Escalate>(),
        Endpoint::of::<Route>(),
        Endpoint::of::<MarkSpam>(),
        Endpoint::of::<UnmarkSpam>(),
        Endpoint::of::<Delete>(),
        Endpoint::of::<Restore>(),
    ]
}
