//! What a recipe says about logging in, and what that asks of other flags.

use fetchall::{
    page::recipe::Recipe,
    session::Login,
    settings::{Cookies, Settings},
};

use super::{BadFlag, TrustFlags};

/// The login of a recipe, if it has one; it turns cookies on, since they are what a session is kept in.
pub(super) fn resolve(
    recipe: Option<&Recipe>,
    trust: &TrustFlags,
    settings: &mut Settings,
) -> Result<Option<Login>, BadFlag> {
    let login = recipe.map(Login::of).transpose().map_err(|error| BadFlag::new("--recipe", error.to_string()))?;
    let login = login.flatten();
    if login.is_some() && settings.transport.cookies == Cookies::Off {
        if trust.cookies.is_some() {
            let message = "off does not go with a recipe that logs in: a session is kept in cookies";
            return Err(BadFlag::new("--cookies", message));
        }
        settings.transport.cookies = Cookies::On;
    }
    Ok(login)
}
