//! The verbs by which the operator manages users, inboxes, keys and work that gave up.
//!
//! Each is a request or two to the hub's own API, see [`crate::operator::line`]. What it found or did
//! goes to the output, why it did not to the other one; the exit code says which kind it was.

mod find;
mod inbox;
mod jobs;
mod key;
mod password;
mod session;
mod show;
mod staff;

use crate::operator::line::{Failure, Line, Place};
use crate::say::complain;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use show::Shown;
use std::process::ExitCode;

/// The hub refused, or something failed on the way.
const REFUSED: u8 = 1;
/// An argument cannot be taken; also what the parser of arguments says.
const WRONG_ARGUMENT: u8 = 2;
/// Neither a hub nor a database is to be had.
const UNREACHABLE: u8 = 3;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused by the hub, 2 wrong arguments, 3 no hub and no database to be had.";

/// What the operator may ask for.
#[derive(Subcommand)]
pub enum Verb {
    /// Users: who may sign in, and what they may do
    #[command(after_help = EXIT_CODES)]
    Staff(Group<staff::Act>),
    /// Inboxes, and who is a member of them
    #[command(after_help = EXIT_CODES)]
    Inbox(Group<inbox::Act>),
    /// Background work that gave up
    #[command(after_help = EXIT_CODES)]
    Jobs(Group<jobs::Act>),
    /// Privileged acts, the latest first
    #[command(after_help = EXIT_CODES)]
    Audit(AuditArgs),
    /// Sessions of users who are signed in
    #[command(after_help = EXIT_CODES)]
    Session(Group<session::Act>),
    /// Keys of programs that use the API
    #[command(after_help = EXIT_CODES)]
    Key(Group<key::Act>),
}

/// A noun with its verbs.
#[derive(Args)]
pub struct Group<Act: Subcommand> {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    common: Common,
}

/// `tieline audit`.
#[derive(Args)]
pub struct AuditArgs {
    /// How many lines
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Go on behind the line of this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// Print JSON, as the API gives it
    #[arg(long, global = true)]
    json: bool,
    /// The hub's database: sqlite:PATH or postgres://…
    #[arg(
        long,
        global = true,
        env = "TIELINE_DATABASE",
        hide_env_values = true,
        default_value = "sqlite:tieline.db",
        help_heading = "Where the hub is"
    )]
    database: String,
    /// The socket of the hub that runs, if it was set; off to pass it by
    #[arg(
        long,
        global = true,
        env = "TIELINE_SOCKET",
        help_heading = "Where the hub is"
    )]
    socket: Option<String>,
    /// Where people reach the hub, for sign-in links that are made while none runs
    #[arg(
        long,
        global = true,
        env = "TIELINE_PUBLIC_URL",
        default_value = "http://127.0.0.1:4000",
        help_heading = "Where the hub is"
    )]
    public_url: String,
}

impl Verb {
    fn common(&self) -> &Common {
        match self {
            Verb::Staff(group) => &group.common,
            Verb::Inbox(group) => &group.common,
            Verb::Jobs(group) => &group.common,
            Verb::Audit(args) => &args.common,
            Verb::Session(group) => &group.common,
            Verb::Key(group) => &group.common,
        }
    }

    async fn ask(&self, line: &Line) -> Result<Shown, Failure> {
        match self {
            Verb::Staff(group) => group.act.ask(line).await,
            Verb::Inbox(group) => group.act.ask(line).await,
            Verb::Jobs(group) => group.act.ask(line).await,
            Verb::Audit(args) => jobs::audit(line, args.limit, args.after.as_deref()).await,
            Verb::Session(group) => group.act.ask(line).await,
            Verb::Key(group) => group.act.ask(line).await,
        }
    }
}

/// Does what was asked and tells the person at the terminal.
pub async fn run(verb: Verb) -> ExitCode {
    let common = verb.common();
    let outcome = match tieline_web::check_public_url(&common.public_url) {
        Ok(public_url) => {
            let place = Place {
                database: common.database.clone(),
                socket: common.socket.clone(),
                public_url,
            };
            carry_out(&verb, &place).await
        }
        Err(why) => Err(Failure::argument("--public-url", why, "")),
    };
    match outcome {
        Ok(shown) => {
            shown.print(common.json);
            ExitCode::SUCCESS
        }
        Err(failure) => ExitCode::from(tell(&failure, common.json)),
    }
}

async fn carry_out(verb: &Verb, place: &Place) -> Result<Shown, Failure> {
    let line = Line::open(place).await?;
    let outcome = verb.ask(&line).await;
    line.close().await;
    outcome
}

/// Says why it was not done, and what to do; the exit code.
fn tell(failure: &Failure, as_json: bool) -> u8 {
    let (code, told) = match failure {
        Failure::Argument { name, problem, fix } => {
            let told =
                json!({"code": "wrong_argument", "field": name, "detail": problem, "fix": fix});
            (WRONG_ARGUMENT, told)
        }
        Failure::Refused(problem) => (REFUSED, problem.clone()),
        Failure::Unreachable(why) => (UNREACHABLE, json!({"code": "unreachable", "detail": why})),
    };
    if as_json {
        complain(&told);
        return code;
    }
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let argument = match failure {
        Failure::Argument { name, .. } => format!("{name}: "),
        // The hub's sentences name their field.
        Failure::Refused(_) | Failure::Unreachable(_) => String::new(),
    };
    let detail = match text("detail") {
        "" => "the hub refused without a word",
        detail => detail,
    };
    complain(show::still(&format!("error: {argument}{detail}")));
    if !text("fix").is_empty() && !detail.contains(text("fix")) {
        complain(format_args!("  fix: {}", text("fix")));
    }
    code
}

/// The items of a list of the API.
fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

/// A field that is a text.
fn text<'a>(it: &'a Value, name: &str) -> &'a str {
    it[name].as_str().unwrap_or_default()
}
