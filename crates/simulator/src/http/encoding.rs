//! How bodies look on the wire: gzipped for who asks, and indented for who would rather read them.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// Answers below this size only grow when they are compressed.
const BYTES_MIN: u64 = 860;

/// Gzips answers for clients that accept it, as fast as it goes, since the wire is short; events stream one by one and stay as they are.
pub(super) fn gzip() -> CompressionLayer<impl Predicate> {
    let worth_it = SizeAbove::new(BYTES_MIN)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::SSE);
    CompressionLayer::new()
        .gzip(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(worth_it)
}

/// Indents JSON for a request with `X-PrettyPrint: 1`.
pub(super) async fn pretty_print(request: Request, next: Next) -> Response {
    let asked = request.headers().get("x-prettyprint");
    let asked = asked.is_some_and(|value| value == "1" || value == "true");
    let response = next.run(request).await;
    match asked && is_json(response.headers()) {
        true => indented(response).await,
        false => response,
    }
}

async fn indented(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        // A body that breaks off breaks off in this form as well.
        Err(error) => {
            let broken = futures_util::stream::once(async { Err::<Vec<u8>, _>(error) });
            return Response::from_parts(parts, Body::from_stream(broken));
        }
    };
    parts.headers.remove(CONTENT_LENGTH);
    let body = indent(&bytes).map_or_else(|| Body::from(bytes), Body::from);
    Response::from_parts(parts, body)
}

fn indent(json: &[u8]) -> Option<Vec<u8>> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut serializer = Serializer::with_formatter(&mut out, Indented::default());
    value.serialize(&mut serializer).ok()?;
    Some(out)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The way Salesforce indents: members on lines of their own with spaces around the colon, entries
/// of a list one after the other.
#[derive(Default)]
struct Indented {
    depth: usize,
    filled: bool,
}

impl Indented {
    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" ]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b" " } else { b", " })
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        match self.filled {
            true => self.line(writer)?,
            false => writer.write_all(b" ")?,
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_salesforce_does() {
        let flat = br#"{"totalSize":1,"records":[{"a":{"b":2.50}},null],"none":[],"e":{}}"#;
        let lines = [
            "{",
            "  \"totalSize\" : 1,",
            "  \"records\" : [ {",
            "    \"a\" : {",
            "      \"b\" : 2.5",
            "    }",
            "  }, null ],",
            "  \"none\" : [ ],",
            "  \"e\" : { }",
            "}",
        ];
        let indented = String::from_utf8(indent(flat).unwrap()).unwrap();
        assert_eq!(indented, lines.join("\n"));
    }
}
