//! Faces: the sides that the hub shows to the world. A route belongs to one, and that fixes what its
//! caller must show and who else's pages may use it; portal, widget and component come with theirs.

/// A side that the hub shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Pages and files for anybody; they touch nothing that is about people.
    Page,
    /// What a browser needs before somebody is signed in.
    Door,
    /// Staff, programs with a key, and the operator.
    Staff,
    /// Signed-in staff about themselves.
    Person,
    /// Carriers, calling back.
    Hook,
}

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    None,
    /// The session's cookie.
    Session,
    /// The session's cookie, or a key; the operator shows neither, but comes by their own socket.
    SessionOrKey,
    /// A signature over the request, which the handler checks against the inbox.
    Signature,
}

impl Face {
    /// What a caller must show.
    pub fn credential(self) -> Credential {
        match self {
            Face::Page | Face::Door => Credential::None,
            Face::Staff => Credential::SessionOrKey,
            Face::Person => Credential::Session,
            Face::Hook => Credential::Signature,
        }
    }

    /// Whether another site's page may have a browser change something here. None of these faces
    /// lets it, nor lets it read answers or frame pages; carriers are no browsers.
    pub fn takes_cross_site_changes(self) -> bool {
        self == Face::Hook
    }

    /// Whether answers may tell about people, and so are kept by nobody.
    pub fn is_personal(self) -> bool {
        matches!(self, Face::Door | Face::Staff | Face::Person)
    }
}
