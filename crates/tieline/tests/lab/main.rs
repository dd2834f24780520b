//! Histories that a seed decides: a hub and its outside parties in one task, a clock moved by hand,
//! requests handed over within the process. So a history can be played again, step by step.

mod acts;
mod anew;
mod attempts;
mod broken_writes;
mod budget;
mod cleaning;
mod clocks;
mod converge;
mod desk;
mod history;
mod https;
mod hubs;
mod keys;
mod lease;
mod live;
mod mishaps;
mod model;
mod nature;
mod order;
mod presence;
mod reading;
mod receiver;
mod reckoning;
mod replay;
mod seals;
mod side_by_side;
mod sides;
mod standing;
mod tasks;
mod ties;
mod transcripts;
mod two_orgs;
mod waits;
mod webhook;
mod world;
