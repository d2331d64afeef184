//! From a page to the requests that follow from it.
//!
//! In: what a page says (its links, its wishes, how far it is from the seeds) and what the crawl is
//! allowed. Out: for each link a request, or the reason why there is none. Pure: whether a URL was
//! seen before, what robots.txt says of it and when its turn comes is for others to find out, and
//! must not be known here; nor how a page is read.

pub mod counts;
pub mod follow;
pub mod traps;

pub use counts::{CountLimits, Shown, TrapCounts};
pub use follow::{Followed, Nofollow, PageFacts, Reason, Rules, follow, leads_to_a_page, reason, spelt};
pub use traps::{Trap, TrapLimits, trap};
