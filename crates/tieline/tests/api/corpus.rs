//! Requests that no well-meaning caller sends: made of the description, so that a new route is
//! tried without a word here.

use crate::world::Known;
use serde_json::{Map, Value, json};
use std::fmt;

/// One request.
#[derive(Clone)]
pub struct Probe {
    pub method: String,
    pub target: String,
    pub content_type: Option<&'static str>,
    pub key: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
    /// The address has no such method.
    pub foreign_method: bool,
}

impl Probe {
    pub fn new(method: &str, target: &str) -> Probe {
        Probe {
            method: method.to_owned(),
            target: target.to_owned(),
            content_type: Some("application/json"),
            key: None,
            body: None,
            foreign_method: false,
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_deref().map(String::from_utf8_lossy);
        let body = body.as_deref().unwrap_or_default();
        let short: String = body.chars().take(200).collect();
        write!(f, "{} {} {short}", self.method, self.target)
    }
}

/// Texts that broke something somewhere.
pub const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "Mara\0Okafor",
    "' or 1=1 --",
    "%",
    "\\",
    "_",
    "~",
    "a~b~c",
    "9223372036854775807",
    "99999999999999999999",
    "-1",
    "NaN",
    "null",
    "\u{feff}\u{202e}\u{200b}",
    "\u{10ffff}\u{fffd}",
    "e\u{301}e\u{301}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b",
];

/// Ids that are well formed and nobody's.
const NOBODY: u128 = 0x0192_0000_0000_7000_8000_0000_0000_0001;

/// The whole corpus for one operation.
pub fn of(description: &Value, method: &str, path: &str, known: &Known) -> Vec<Probe> {
    let operation = &description["paths"][path][method];
    let address = target(operation, path, known);
    let good = Probe {
        key: Some(b"good".to_vec()),
        body: good_body(description, operation, known).map(|it| it.to_string().into_bytes()),
        ..Probe::new(method, &address)
    };
    let mut all = Vec::new();
    for (name, place) in parameters(operation) {
        for value in hostile_words() {
            // Longer addresses are refused by whatever reads them first.
            let encoded = encode(&value[..value.len().min(15_000)]);
            let target = match place {
                "path" => address.replacen(
                    &segment_of(path, &address, name),
                    if encoded.is_empty() { "%20" } else { &encoded },
                    1,
                ),
                _ => format!("{}?{}={encoded}", address, name),
            };
            all.push(Probe {
                target,
                ..good.clone()
            });
        }
    }
    for query in [
        "%00=%00",
        "nonsense=1",
        "limit=1&limit=2",
        "q=%ff",
        "a[b]=c",
        "&&&=",
        "cursor=~",
    ] {
        let target = format!("{}?{query}", address);
        all.push(Probe {
            target,
            ..good.clone()
        });
    }
    if method != "get" {
        all.extend(bodies(description, operation, known, &good));
    }
    if !path.starts_with("/hooks/") {
        let has = |method: &str| !description["paths"][path][method].is_null();
        for foreign in ["put", "trace", "options"]
            .into_iter()
            .filter(|it| !has(it))
        {
            let mut probe = good.clone();
            probe.method = foreign.to_owned();
            probe.foreign_method = true;
            all.push(probe);
        }
    }
    for key in [&b""[..], b"\xff\xfe", b"a b", &[b'k'; 5_000]] {
        all.push(Probe {
            key: Some(key.to_vec()),
            ..good.clone()
        });
    }
    all.push(Probe {
        key: None,
        ..good.clone()
    });
    // The good one first, and again at the end, when everything above was done to it.
    all.insert(0, good.clone());
    all.push(Probe {
        key: Some(b"last".to_vec()),
        ..good
    });
    all
}

fn bodies(description: &Value, operation: &Value, known: &Known, good: &Probe) -> Vec<Probe> {
    let with = |body: Vec<u8>| Probe {
        body: Some(body),
        key: None,
        ..good.clone()
    };
    let mut all: Vec<Probe> = [
        &b"{"[..],
        b"",
        b"null",
        b"[]",
        b"\"text\"",
        b"1",
        b"{\"nonsense\": 1}",
        b"{\"text\": \"\\ud800\"}",
        b"{\"email\": \"a\\u0000b\", \"password\": \"c\\u0000d\"}",
        b"{\"text\": \"\xff\xfe\"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ]
    .into_iter()
    .map(|body| with(body.to_vec()))
    .collect();
    all.push(with("[".repeat(100_000).into_bytes()));
    all.push(with(vec![b' '; 3 << 20]));
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let body = good.body.clone().unwrap_or_else(|| b"{\"a\": 1}".to_vec());
        let mut probe = with(body);
        probe.content_type = kind;
        all.push(probe);
    }
    let Some(Value::Object(whole)) = good_body(description, operation, known) else {
        return all;
    };
    let schema = body_schema(description, operation);
    let names = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for name in names.keys() {
        let mut without = whole.clone();
        without.remove(name);
        all.push(with(Value::Object(without).to_string().into_bytes()));
        for value in hostile_values(&whole, name) {
            let mut changed = whole.clone();
            changed.insert(name.clone(), value);
            all.push(with(Value::Object(changed).to_string().into_bytes()));
        }
    }
    for probe in &mut all {
        // A route that insists on a key is tried behind it too.
        probe.key = Some(format!("{:x}", fingerprint(probe.body.as_deref())).into_bytes());
    }
    all
}

fn fingerprint(body: Option<&[u8]>) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

fn hostile_words() -> Vec<String> {
    let mut all: Vec<String> = TEXTS.iter().map(|it| (*it).to_owned()).collect();
    all.push("word ".repeat(1_000));
    all.push("a ".repeat(100));
    all.push("x".repeat(40_000));
    for prefix in [
        "ct_", "conv_", "msg_", "ib_", "st_", "om_", "run_", "job_", "cf_", "cn_", "",
    ] {
        all.push(format!("{prefix}{NOBODY:032x}"));
    }
    all
}

fn hostile_values(whole: &Map<String, Value>, name: &str) -> Vec<Value> {
    let mut all: Vec<Value> = hostile_words().into_iter().map(Value::from).collect();
    all.extend([
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!({}),
        json!({"\0": "\0"}),
        json!({"last_name": "a\0b"}),
        json!({"last_name": null, "birthdate": "0000-00-00"}),
        json!({"email": "\u{0}@\u{0}"}),
    ]);
    if let Some(Value::Object(inner)) = whole.get(name) {
        for word in hostile_words() {
            let mut changed = inner.clone();
            changed.insert("title".to_owned(), word.clone().into());
            all.push(Value::Object(changed.clone()));
            changed.insert(word, "x".into());
            all.push(Value::Object(changed));
        }
    }
    all
}

/// A body that the route takes.
fn good_body(description: &Value, operation: &Value, known: &Known) -> Option<Value> {
    let schema = body_schema(description, operation);
    let properties = schema["properties"].as_object()?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut body = Map::new();
    for (name, property) in properties {
        let id = id_named(property).and_then(|id| known.ids.get(id.as_str()));
        let items = &property["items"];
        let item = id_named(items).and_then(|id| known.ids.get(id.as_str()));
        if let Some(item) = item {
            body.insert(name.clone(), json!([item]));
        } else if property["minItems"].as_i64().is_some_and(|least| least > 0) {
            let item = good_value(resolved(description, items), None);
            body.insert(name.clone(), json!([item]));
        } else if required.contains(&name.as_str().into()) || id.is_some() {
            body.insert(
                name.clone(),
                good_value(resolved(description, property), id),
            );
        }
    }
    Some(Value::Object(body))
}

fn good_value(property: &Value, id: Option<&String>) -> Value {
    if let Some(id) = id {
        return id.clone().into();
    }
    if let Some(word) = property["enum"].get(0) {
        return word.clone();
    }
    match property["type"].as_str() {
        Some("integer") => 1.into(),
        Some("boolean") => true.into(),
        Some("object") => json!({"last_name": "Okafor"}),
        Some("array") => json!([]),
        _ => "new.colleague@harrow-vale.example".into(),
    }
}

fn body_schema<'a>(description: &'a Value, operation: &'a Value) -> &'a Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    resolved(description, schema)
}

fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => &description["components"]["schemas"][name_of(reference)],
        None => schema,
    }
}

fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap()
}

/// `ContactId`, for a property or parameter that is one or may be one.
fn id_named(schema: &Value) -> Option<String> {
    let direct = schema["$ref"].as_str();
    let inner = schema["oneOf"]
        .as_array()
        .and_then(|kinds| kinds.iter().find_map(|kind| kind["$ref"].as_str()));
    let name = name_of(direct.or(inner)?);
    name.ends_with("Id").then(|| name.to_owned())
}

fn parameters(operation: &Value) -> Vec<(&str, &str)> {
    let all = operation["parameters"].as_array();
    all.into_iter()
        .flatten()
        .filter_map(|it| Some((it["name"].as_str()?, it["in"].as_str()?)))
        .filter(|(_, place)| *place != "header")
        .collect()
}

/// The address with what is known in its places.
fn target(operation: &Value, path: &str, known: &Known) -> String {
    let mut target = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] != "path" {
            continue;
        }
        let id = id_named(&parameter["schema"]).and_then(|id| known.ids.get(id.as_str()));
        let value = id.cloned().unwrap_or_else(|| "Title".to_owned());
        let name = parameter["name"].as_str().unwrap();
        target = target.replace(&format!("{{{name}}}"), &value);
    }
    target
}

/// What stands at the place of a parameter.
fn segment_of(path: &str, target: &str, name: &str) -> String {
    let place = path
        .split('/')
        .position(|part| part == format!("{{{name}}}"))
        .unwrap();
    target.split('/').nth(place).unwrap().to_owned()
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
