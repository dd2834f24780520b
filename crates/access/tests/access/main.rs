//! Signing in and managing users over a store: who gets in and how often they may try, how long a
//! session lives, who may act for whom, and what a key opens.

mod audited;
mod keys;
mod managing;
mod passwords;
mod sessions;
mod ways_in;
mod world;
