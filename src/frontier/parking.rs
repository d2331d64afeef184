//! Items that wait for something to be known of their origin before they may queue on their host.
//!
//! Keeps their order. Must not know what they wait for, nor how they queue afterwards.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use super::{
    End, Frontier, LaneId,
    lane::{Own, Place, Queued},
};
use crate::model::Wait;

/// One that waits, and the lane that it will go to.
#[derive(Debug)]
pub(super) struct Held<T> {
    pub lane: LaneId,
    pub queued: Queued<T>,
}

/// All that wait, by what they wait for.
#[derive(Debug)]
pub(super) struct Parking<T>(HashMap<Box<str>, VecDeque<Held<T>>>);

impl<T> Parking<T> {
    pub fn new() -> Self {
        Parking(HashMap::new())
    }

    pub fn hold(&mut self, key: &str, held: Held<T>) {
        match self.0.get_mut(key) {
            Some(queue) => queue.push_back(held),
            None => {
                self.0.insert(key.into(), VecDeque::from([held]));
            }
        }
    }

    pub fn is_holding(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The first of those that wait for this.
    pub fn let_go(&mut self, key: &str, most: usize) -> VecDeque<Held<T>> {
        let Some(queue) = self.0.get_mut(key) else { return VecDeque::new() };
        let behind = queue.split_off(queue.len().min(most));
        let first = std::mem::replace(queue, behind);
        if queue.is_empty() {
            self.0.remove(key);
        }
        first
    }

    /// All of them, in no order, as they stand.
    pub fn iter(&self) -> impl Iterator<Item = &Held<T>> {
        self.0.values().flatten()
    }

    /// All of them, in no order.
    pub fn drain(&mut self) -> impl Iterator<Item = Held<T>> {
        std::mem::take(&mut self.0).into_values().flatten()
    }

    /// Takes out what is unwanted.
    pub fn extract(&mut self, unwanted: impl Fn(&T) -> bool) -> Vec<Held<T>> {
        let mut out = Vec::new();
        self.0.retain(|_, queue| {
            let (late, kept): (VecDeque<_>, VecDeque<_>) =
                queue.drain(..).partition(|held| unwanted(&held.queued.item));
            out.extend(late);
            *queue = kept;
            !queue.is_empty()
        });
        out
    }
}

impl<T> Frontier<T> {
    /// Keeps an item from queueing on its host until [`let_go`](Self::let_go) hands those that wait
    /// for the same `key` back. It counts as waiting, since `since`.
    pub fn hold(&mut self, key: &str, host: &str, item: T, since: Instant, now: Instant) {
        let lane = self.lane_of(host, now);
        if let Some(lane) = self.lane_mut(lane) {
            lane.later += 1;
        }
        self.parking.hold(key, Held { lane, queued: Queued::new(item, since) });
        self.waiting += 1;
    }

    /// Whether anything waits for this key.
    pub fn is_holding(&self, key: &str) -> bool {
        self.parking.is_holding(key)
    }

    /// The first of those that wait for this key, in their order, each with the time since when.
    pub fn let_go(&mut self, key: &str, most: usize) -> Vec<(T, Instant)> {
        let first = self.parking.let_go(key, most);
        self.waiting -= first.len();
        first.into_iter().map(|held| self.leave(held)).map(|queued| (queued.item, queued.since)).collect()
    }

    /// Queues an item that was held for `why` since `since`. Its host, if it waits for nothing else,
    /// goes ahead of all others once: it has just answered, and its connection is still open.
    pub fn push_held(&mut self, host: &str, priority: i32, item: T, why: Wait, since: Instant, now: Instant) {
        let id = self.lane_of(host, now);
        let own = Some(Own::new(why, now.saturating_duration_since(since)));
        self.enqueue(id, priority, Queued { own, ..Queued::new(item, since) }, End::Back);
        self.waiting += 1;
        self.first -= 1;
        let first = self.first;
        let Some(lane) = self.lane_mut(id).filter(|lane| lane.len() == 1) else { return };
        if let Place::Ready(old) = lane.place {
            let key = (old.0, first);
            lane.place = Place::Ready(key);
            self.ready.remove(&old);
            self.ready.insert(key, id);
        }
    }

    /// One that was held is no more on its lane's account.
    pub(super) fn leave(&mut self, held: Held<T>) -> Queued<T> {
        if let Some(lane) = self.lane_mut(held.lane) {
            lane.later = lane.later.saturating_sub(1);
        }
        held.queued
    }
}
