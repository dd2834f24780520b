//! Prints the description of the API, as `crates/web/openapi.json` keeps it:

#![allow(clippy::print_stdout, reason = "an example talks to the terminal")]
//! `cargo run -p tieline-web --example openapi > crates/web/openapi.json`

fn main() {
    println!("{:#}", tieline_web::description());
}
