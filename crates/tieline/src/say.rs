//! What the program tells whoever started it. Nobody may be listening any more, which is no reason
//! to panic, as `println!` does: what is in hand is still brought to its end.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to the output.
pub fn say(line: impl Display) {
    write(std::io::stdout().lock(), line);
}

/// Writes a line to the other output, where people look for what went wrong.
pub fn complain(line: impl Display) {
    write(std::io::stderr().lock(), line);
}

fn write(mut out: impl Write, line: impl Display) {
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
