//! `docket relay reset`: has the stream built anew from the log.

use crate::print::say;
use event_store::relay;

use crate::failure::{Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, nats};

pub(crate) async fn run(settings: &Settings) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, 1).await?;
    relay::reset(&pool, &target.cell).await.while_doing("the relay cannot be asked")?;
    nats::poke(&target).await;
    say!("the relay builds the stream of cell {} anew", target.cell);
    Ok(())
}
