//! The Pub/Sub API as a program meets it: frames, trailers, Avro payloads and bitmaps. What the
//! simulator encodes is read here by a foreign Avro reader.
#![allow(
    clippy::unwrap_used,
    reason = "in tests a missing value is the failure"
)]

mod change_events;
mod control;
mod flow;
mod life;
mod mishaps;
mod platform_events;
mod support;
mod wire;
