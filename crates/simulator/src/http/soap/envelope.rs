//! A SOAP request taken apart: which operation, whose session, and the operation's arguments. The
//! names of elements count, their prefixes do not.

use roxmltree::{Document, Node, ParsingOptions};

use super::fault::Fault;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Elements that a body may hold.
const NODES_MAX: u32 = 200_000;

/// The operation of a request and its headers.
pub(super) struct Request<'d, 'i> {
    pub operation: Node<'d, 'i>,
    headers: Option<Node<'d, 'i>>,
}

/// The body as a tree; without document types, which could blow it up.
pub(super) fn read(text: &str) -> Result<Document<'_>, Fault> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    let parsed = Document::parse_with_options(text, options);
    parsed.map_err(|error| Fault::client(format!("the request is not well-formed XML: {error}")))
}

impl<'d, 'i> Request<'d, 'i> {
    pub fn of(document: &'d Document<'i>) -> Result<Self, Fault> {
        let envelope = document.root_element();
        if !envelope.has_tag_name((SOAP, "Envelope")) {
            return Err(Fault::client("the request is not a SOAP 1.1 envelope"));
        }
        let part = |name: &str| {
            let mut parts = envelope.children();
            parts.find(|node| node.has_tag_name((SOAP, name)))
        };
        let operation = part("Body").and_then(|body| body.first_element_child());
        Ok(Self {
            operation: operation
                .ok_or_else(|| Fault::client("the SOAP body holds no operation"))?,
            headers: part("Header"),
        })
    }

    /// The text of `<header><name>…`.
    pub fn header(&self, header: &str, name: &str) -> Option<String> {
        let header = child(self.headers?, header)?;
        child(header, name).map(|node| text(node))
    }

    /// An argument of the operation.
    pub fn argument(&self, name: &str) -> Option<String> {
        child(self.operation, name).map(|node| text(node))
    }

    /// All arguments of a name.
    pub fn arguments(&self, name: &str) -> Vec<Node<'d, 'i>> {
        children(self.operation, name).collect()
    }

    /// The texts of all arguments of a name.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.arguments(name).into_iter().map(text).collect()
    }
}

/// The first child element of a local name.
pub(super) fn child<'d, 'i>(node: Node<'d, 'i>, name: &str) -> Option<Node<'d, 'i>> {
    let mut children = node.children();
    children.find(|node| node.is_element() && node.tag_name().name() == name)
}

/// All child elements of a local name.
pub(super) fn children<'d, 'i>(
    node: Node<'d, 'i>,
    name: &str,
) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// The text of an element, without the blanks around it.
pub(super) fn text(node: Node<'_, '_>) -> String {
    let parts = node.children().filter_map(|part| part.text());
    parts.collect::<String>().trim().to_owned()
}

/// The text of a child, unless it is empty or nil.
pub(super) fn optional(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = child(node, name).filter(|child| !is_nil(*child))?;
    Some(text(child)).filter(|text| !text.is_empty())
}

/// Whether a child says `true`.
pub(super) fn flag(node: Node<'_, '_>, name: &str) -> bool {
    optional(node, name).is_some_and(|text| text == "true" || text == "1")
}

pub(super) fn is_nil(node: Node<'_, '_>) -> bool {
    node.attribute((XSI, "nil"))
        .is_some_and(|nil| nil == "true" || nil == "1")
}

/// The type that `xsi:type` gives, without its prefix.
pub(super) fn declared_type(node: Node<'_, '_>) -> Option<String> {
    let declared = node.attribute((XSI, "type"))?;
    declared.rsplit(':').next().map(str::to_owned)
}
