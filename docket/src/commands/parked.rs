//! `docket parked`: tickets that a read model can't go on with.

use crate::print::say;
use event_store::parked::{self, Parked, Request};
use sqlx::PgPool;

use crate::cli::{ParkedArgs, ParkedCommand};
use crate::database;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, command: ParkedCommand) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, 1).await?;
    match command {
        ParkedCommand::List => list(&pool).await,
        ParkedCommand::Retry(args) => request(&pool, &args, Request::Retry).await,
        ParkedCommand::Skip(args) => request(&pool, &args, Request::Skip).await,
    }
}

async fn list(pool: &PgPool) -> Outcome {
    let all = parked::list(pool, None).await.while_doing("what is parked cannot be read")?;
    if all.is_empty() {
        say!("nothing is parked");
    }
    for Parked { projection, aggregate_type, aggregate_id, position, event_type, error, attempts, .. } in all
    {
        say!(
            "{aggregate_type} {aggregate_id} in {projection}: {event_type} at position {position}, \
             {attempts} attempts: {error}"
        );
    }
    Ok(())
}

async fn request(pool: &PgPool, args: &ParkedArgs, request: Request) -> Outcome {
    let asked = parked::request(pool, args.projection.as_deref(), &args.id, request).await;
    match asked.while_doing("the request cannot be written")? {
        0 => Err(Failure::said(format!("{} is not parked: see `docket parked list`", args.id))),
        count => {
            say!("asked in {count} read models; see `docket parked list` for what is left");
            Ok(())
        }
    }
}
