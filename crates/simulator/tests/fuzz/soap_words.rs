//! Random envelopes made of SOAP's own words, and one that is deeper than any reader likes.

use crate::run;
use crate::targets::soap;
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\">",
    "</e:Envelope>",
    "<e:Body>",
    "</e:Body>",
    "<e:Header>",
    "</e:Header>",
    "<SessionHeader><sessionId>SESSION</sessionId></SessionHeader>",
    "<login>",
    "</login>",
    "<username>admin@acme.example</username>",
    "<convertLead>",
    "</convertLead>",
    "<leadConverts>",
    "</leadConverts>",
    "<leadId>00Q</leadId>",
    "<merge><request>",
    "</request></merge>",
    "<masterRecord><type>Contact</type>",
    "</masterRecord>",
    "<undelete><ids>",
    "</ids></undelete>",
    "<create><sObjects><type>Contact</type><LastName>\u{1F4DE}</LastName>",
    "</sObjects></create>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "&#0;",
    "<![CDATA[",
    "]]>",
];

#[test]
fn any_soup_of_envelopes_gets_an_envelope_back() {
    let words = prop::collection::vec(prop::sample::select(WORDS), 0..20);
    run(300, words, |words| soap(words.concat().as_bytes()));
}

#[test]
fn an_envelope_without_end_gets_an_envelope_back() {
    soap("<a>".repeat(20_000).as_bytes());
}
