//! A password from the person at the terminal, or a new one.

use crate::operator::line::Failure;
use crate::say::complain;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

/// 32 letters and digits that nobody mistakes for each other.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password that nobody guesses, in groups that can be read aloud.
pub fn generate() -> String {
    let bytes: [u8; 25] = crate::real::bytes();
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<String> = letters.chunks(5).map(String::from_iter).collect();
    groups.join("-")
}

/// Asked for twice and not shown at a terminal; else the first line of the input.
pub fn read() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return line();
    }
    let _quiet = Quiet::begin();
    let first = prompt("New password: ")?;
    let second = prompt("Once more: ")?;
    match first == second {
        true => Ok(first),
        false => Err(Failure::argument(
            "the password",
            "the two differ".to_owned(),
            "try again",
        )),
    }
}

fn prompt(words: &str) -> Result<String, Failure> {
    let mut terminal = std::io::stderr();
    let _ = write!(terminal, "{words}").and_then(|()| terminal.flush());
    let given = line();
    complain("");
    given
}

fn line() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text);
    let given = text.trim_end_matches(['\r', '\n']);
    match read {
        Ok(_) if !given.is_empty() => Ok(given.to_owned()),
        _ => Err(Failure::argument(
            "the password",
            "nothing came in".to_owned(),
            "type it, write it to the input, or give --generate",
        )),
    }
}

/// The terminal does not show what is typed, until this is dropped.
struct Quiet;

impl Quiet {
    fn begin() -> Quiet {
        show_typing(false);
        Quiet
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        show_typing(true);
    }
}

fn show_typing(shown: bool) {
    let word = if shown { "echo" } else { "-echo" };
    // Where there is no such program, the password is seen, which is no reason to refuse it.
    let _ = std::process::Command::new("stty").arg(word).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_made_is_long_and_another_each_time() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.len(), 29);
        assert_ne!(one, other);
    }
}
