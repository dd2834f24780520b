//! Platform events: defined by an administrator, published by programs, kept as they came.

use super::payload;
use crate::org::Org;
use crate::org::error::ApiError;
use crate::org::event_bus::avro::{Kind, Reader};
use crate::org::event_bus::{Holds, Published, Shape, What};

/// The type of a platform event's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformKind {
    /// Text and ids.
    Text,
    /// A checkbox.
    Bool,
    /// A number.
    Number,
    /// Date, or date and time.
    DateTime,
}

/// Why an event was not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublishRefused {
    UnknownEvent,
    UnknownSchema,
    /// The bytes are not what the schema says.
    Unreadable,
    TooLarge,
}

/// Bytes that one event may have.
const EVENT_BYTES_MAX: usize = 1_048_576;

impl Org {
    /// Defines `Some__e`, or changes its fields; old schemas stay readable.
    pub fn define_platform_event(
        &self,
        name: &str,
        fields: &[(&str, PlatformKind)],
    ) -> Result<(), ApiError> {
        if !name.ends_with("__e") {
            return Err(ApiError::not_found());
        }
        let fields: Vec<(String, Kind)> = fields
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), encoded_as(*kind)))
            .collect();
        let mut state = self.lock();
        let shape = state
            .events
            .register(Shape::of_platform_event(name, &fields));
        state.events.platform.insert(name.to_owned(), shape);
        Ok(())
    }

    /// Publishes one event; its replay id.
    pub(crate) fn publish_event(
        &self,
        event: &str,
        (id, schema_id): (&str, &str),
        bytes: &[u8],
    ) -> Result<u64, PublishRefused> {
        let now_ms = self.now_ms();
        let mut state = self.settled_events();
        let bus = &mut state.events;
        let shape = bus.platform.get(event);
        let shape = shape.ok_or(PublishRefused::UnknownEvent)?;
        if shape.id != schema_id {
            return Err(PublishRefused::UnknownSchema);
        }
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(PublishRefused::TooLarge);
        }
        reads_as(shape, bytes).ok_or(PublishRefused::Unreadable)?;
        let number = bus.events.len() as u64 ^ bytes.len() as u64;
        let published = Published {
            event: event.to_owned(),
            id: match id.is_empty() {
                true => payload::uuid(bus.seed ^ now_ms as u64, number),
                false => id.to_owned(),
            },
            schema_id: schema_id.to_owned(),
            payload: bytes.to_vec(),
        };
        let due_ms = now_ms + bus.mishaps.late_ms;
        let replay = bus.store(now_ms, due_ms, What::Published(Box::new(published)));
        bus.announce();
        Ok(replay)
    }
}

fn encoded_as(kind: PlatformKind) -> Kind {
    match kind {
        PlatformKind::Text => Kind::Text,
        PlatformKind::Bool => Kind::Bool,
        PlatformKind::Number => Kind::Double,
        PlatformKind::DateTime => Kind::Long,
    }
}

/// Whether all bytes are used by the fields of the shape.
fn reads_as(shape: &Shape, bytes: &[u8]) -> Option<()> {
    let mut reader = Reader { bytes };
    for field in &shape.fields {
        match &field.holds {
            Holds::Required(kind) => reader.skip(*kind)?,
            Holds::Value(kind) => match reader.long()? {
                0 => {}
                1 => reader.skip(*kind)?,
                _ => return None,
            },
            Holds::Parts(_) => return None,
        }
    }
    reader.bytes.is_empty().then_some(())
}
