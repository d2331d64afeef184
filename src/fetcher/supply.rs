//! Where the answers of a run come from: the network, an archive, a cache before the network.

use std::sync::Arc;

use super::BuildError;
use crate::{
    cookies::CookieJar,
    fetch::{Client, Wire},
    model::{Ask, Exchange},
    replay::Replay,
    settings::{CacheSettings, Settings, Transport},
};
#[cfg(feature = "sqlite")]
use crate::{fetch::replay::Recall, settings::Verify};

/// Where answers come from.
#[derive(Debug)]
pub(crate) enum Supply {
    /// The network.
    Live(Box<Client>),
    /// An archive.
    Replay(Replay),
    /// A cache, and the network for what is not there.
    #[cfg(feature = "sqlite")]
    Cached(Box<Client>, Box<crate::cache::Cache>),
}

impl Supply {
    /// As the settings say. Nothing is sent.
    pub fn of(settings: &Settings) -> Result<Supply, BuildError> {
        if !settings.replay.is_empty() {
            let replay = Replay::open(&settings.replay, settings);
            return Ok(Supply::Replay(replay.map_err(BuildError::Replay)?));
        }
        let client = Box::new(Client::new(settings)?);
        match &settings.cache {
            None => Ok(Supply::Live(client)),
            Some(cache) => Supply::cached(client, cache, &settings.transport),
        }
    }

    #[cfg(feature = "sqlite")]
    fn cached(client: Box<Client>, cache: &CacheSettings, transport: &Transport) -> Result<Supply, BuildError> {
        let jar = client.cookies().cloned();
        let cache = crate::cache::Cache::open(cache, Recall::beside(&client), jar, identity(transport));
        Ok(Supply::Cached(client, Box::new(cache.map_err(|error| BuildError::Cache(error.to_string()))?)))
    }

    #[cfg(not(feature = "sqlite"))]
    fn cached(_: Box<Client>, _: &CacheSettings, _: &Transport) -> Result<Supply, BuildError> {
        Err(BuildError::Cache("this fetchall was built without a cache (feature `sqlite`)".to_owned()))
    }
}

impl Supply {
    /// The jar, if cookies are kept.
    pub fn cookies(&self) -> Option<&CookieJar> {
        match self {
            Supply::Live(client) => client.cookies(),
            Supply::Replay(_) => None,
            #[cfg(feature = "sqlite")]
            Supply::Cached(client, _) => client.cookies(),
        }
    }

    /// What went wrong with the cache, in a sentence.
    pub fn cache_fault(&self) -> Option<String> {
        match self {
            Supply::Live(_) | Supply::Replay(_) => None,
            #[cfg(feature = "sqlite")]
            Supply::Cached(_, cache) => cache.fault(),
        }
    }
}

impl Wire for Supply {
    async fn exchange(&self, ask: Ask) -> Exchange {
        match self {
            Supply::Live(client) => client.exchange(ask).await,
            // On the heap: what goes over the network would carry the room for it around.
            Supply::Replay(replay) => Box::pin(replay.exchange(ask)).await,
            #[cfg(feature = "sqlite")]
            Supply::Cached(client, cache) => Box::pin(cache.exchange(&**client, ask)).await,
        }
    }

    fn keeps(&self) -> bool {
        match self {
            Supply::Live(_) | Supply::Replay(_) => false,
            #[cfg(feature = "sqlite")]
            Supply::Cached(..) => true,
        }
    }

    async fn recall(&self, ask: Ask) -> Option<Exchange> {
        match self {
            Supply::Live(_) | Supply::Replay(_) => {
                drop(ask);
                None
            }
            #[cfg(feature = "sqlite")]
            Supply::Cached(_, cache) => cache.recall(ask).await,
        }
    }
}

/// What says who asks where no field does, and whom an answer may have come from: what was believed without
/// a look at its certificate is nothing for those who look.
#[cfg(feature = "sqlite")]
fn identity(transport: &Transport) -> [u8; 32] {
    use sha2::Digest as _;
    match (&transport.identity_pem, transport.verify) {
        (None, Verify::Full) => [0; 32],
        (pem, verify) => {
            let sum = sha2::Sha256::new_with_prefix([u8::from(verify == Verify::Full)]);
            sum.chain_update(pem.as_ref().map_or(&[][..], |(chain, _)| chain)).finalize().into()
        }
    }
}

/// The same past the cache: a form to log in by is good once.
pub(super) struct Straight(pub Arc<Supply>);

impl Wire for Straight {
    async fn exchange(&self, ask: Ask) -> Exchange {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Supply::Cached(client, cache) if !cache.is_offline() => client.exchange(ask).await,
            line => line.exchange(ask).await,
        }
    }
}
