//! `docket token`: a token of the development issuer, and nothing else on standard output.

use crate::print::say;
use domain::identity::Role;
use domain::ids::{OrganizationId, TenantId, UserId};
use service_kit::auth::{Claims, DevIssuer};
use service_kit::clock::SystemClock;

use crate::cli::TokenArgs;
use crate::data_dir::DataDir;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Instance;
use crate::settings::Settings;
use crate::{database, tenants};

pub(crate) async fn run(settings: &Settings, args: TokenArgs) -> Outcome {
    let dir = DataDir::open(&settings.data_dir)?;
    let instance = Instance::running(&dir)?;
    let trusted =
        instance.as_ref().map_or(settings.development_tokens, |instance| instance.development_tokens);
    if !trusted {
        return Err(Failure::said(
            "tokens of the development issuer are not trusted there: docket takes those of --oidc-issuer alone, until \
             it is started with --development-tokens",
        ));
    }
    let tenant = tenants::id_of(&args.tenant);
    if !tenants::is_remembered(&dir, tenant) {
        // A tenant that was created over HTTP is in the database alone.
        let instance = instance.ok_or_else(|| tenants::unknown(&args.tenant))?;
        let pool = database::connect(&instance.database_url, 1).await?;
        tenants::find(&pool, &args.tenant).await?;
    }
    say!("{}", mint(&dir, tenant, args)?);
    Ok(())
}

fn mint(dir: &DataDir, tenant: TenantId, args: TokenArgs) -> Result<String, Failure> {
    for role in &args.roles {
        if Role::named(role).is_none() {
            let known: Vec<&str> = Role::BUILT_IN.iter().map(|role| role.name).collect();
            return Err(Failure::said(format!("there is no role {role:?}; there are {}", known.join(", "))));
        }
    }
    let user = UserId::new(args.sub).while_doing("--sub is no user id")?;
    let organization = args.org.map(OrganizationId::new).transpose().while_doing("--org is no id")?;
    let claims = Claims {
        org: organization,
        name: args.name,
        email: args.email,
        ..Claims::new(user, tenant, args.roles)
    };
    let issuer = DevIssuer::open(&dir.issuer_dir()).while_doing("the development issuer cannot be used")?;
    issuer.mint(&claims, args.ttl, &SystemClock).while_doing("the token cannot be signed")
}
