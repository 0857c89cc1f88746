//! `docket migrate`: brings the tables up to date.

use crate::print::say;
use sqlx::PgPool;

use crate::database;
use crate::failure::{Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect_patiently(&target.database_url).await?;
    migrate(&pool).await?;
    say!("the tables are up to date");
    Ok(())
}

/// The log first: the read models' migrations stand on it.
pub(crate) async fn migrate(pool: &PgPool) -> Outcome {
    event_store::migrate(pool).await.while_doing("the log cannot be brought up to date")?;
    projection_service::migrate(pool).await.while_doing("the read models cannot be brought up to date")
}
