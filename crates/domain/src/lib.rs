//! What the hub knows and decides, and nothing else.
//!
//! No I/O, no clock, no randomness, no logging: time and ids come in as arguments, rules return
//! values, and the drivers in the crates above perform them. So every rule can be tested as a
//! table, and a seeded run of the whole hub replays exactly.

mod words;

pub mod access;
pub mod address;
pub mod attachment;
pub mod attempt;
pub mod carrier;
pub mod catalogue;
pub mod channel;
pub mod connection;
pub mod consent;
pub mod contact;
pub mod conversation;
pub mod country;
pub mod delivery;
pub mod email;
pub mod event;
pub mod failure;
pub mod fold;
pub mod gate;
pub mod id;
pub mod job;
pub mod keyword;
pub mod phone;
pub mod presence;
pub mod receive;
pub mod search;
pub mod segments;
pub mod sync;
pub mod text;
pub mod time;
