//! Requests that met a connection which was gone, or going: they are repeated unseen, so that what a
//! server does to its connections is not laid to URLs.
//!
//! Must not know how a request is made.

use super::classify;

/// Dead connections that one request may meet in the pool.
pub(super) const RACES: usize = 8;
/// How often one request is asked again where HTTP/2 refused it, or broke under it: the server may have
/// enough to do already.
const REFUSALS: u32 = 2;
/// How often one request is asked again where it may have met a connection that was going: of 10,000 requests to a
/// server that gives each connection up after seven, 80 meet one, and one of them two.
const DOUBTS: u32 = 3;

/// Whether a request is to be repeated unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Race {
    None,
    /// It met a pooled connection that was just being closed.
    Lost,
    /// It may have met one: whether its connection was new cannot be told.
    Doubtful,
    /// The server has not looked at it, and says so; or a connection of HTTP/2 that was there already
    /// broke, whosever stream it was that broke it.
    Refused,
    /// A connection of HTTP/2 broke that was opened for this request: another stream may have broken it.
    Broken,
    /// The response head has more fields than the usual client takes.
    Crowded,
    /// What is there of the body cannot be gone on with: all of it is to be asked for.
    Unfit,
    /// Not here: there is no proxy where there should be one.
    NoProxy,
}

/// Which connection a request had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// One that was there before.
    Pooled,
    /// A pooled one may have come free when its own was as good as ready.
    Either,
    /// One that was opened for it.
    Own,
}

/// Whether a request can be repeated unseen once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Early,
    Last,
}

impl Race {
    /// Where no response head came; `may_repeat` says whether the method may be asked twice, `whose`
    /// whose the connection was.
    pub fn of(error: &reqwest::Error, may_repeat: bool, whose: Whose) -> Self {
        match () {
            () if classify::is_unprocessed(error) => Race::Refused,
            () if may_repeat && classify::is_broken_for_all(error) && whose == Whose::Pooled => Race::Refused,
            () if may_repeat && classify::is_broken_for_all(error) => Race::Broken,
            () if !may_repeat || !classify::is_stale_connection(error) => Race::None,
            () => match whose {
                Whose::Pooled => Race::Lost,
                Whose::Either => Race::Doubtful,
                Whose::Own => Race::None,
            },
        }
    }
}

/// What one request was asked again for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unseen {
    refused: u32,
    broken: u32,
    doubtful: u32,
}

impl Unseen {
    /// Whether it may be asked again for that once more, which is counted.
    pub fn allows(&mut self, race: Race) -> bool {
        let (count, most) = match race {
            Race::Refused => (&mut self.refused, REFUSALS),
            Race::Broken => (&mut self.broken, 1),
            Race::Doubtful => (&mut self.doubtful, DOUBTS),
            _ => return true,
        };
        *count += 1;
        *count <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_http2_refuses_is_asked_again_twice_and_what_it_breaks_once() {
        let mut unseen = Unseen::default();
        let told: Vec<bool> = [Race::Refused; 3].into_iter().map(|race| unseen.allows(race)).collect();
        assert_eq!(told, [true, true, false]);
        assert!(unseen.allows(Race::Broken) && !unseen.allows(Race::Broken));
        assert!(unseen.allows(Race::Lost) && unseen.allows(Race::Lost));
        assert!((0..DOUBTS).all(|_| unseen.allows(Race::Doubtful)) && !unseen.allows(Race::Doubtful));
    }
}
