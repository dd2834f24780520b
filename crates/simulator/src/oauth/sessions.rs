//! Sessions: who is signed in, by which app, with which scopes, until when.

use super::{ConnectedApp, OAuth, Proved, Visit};
use crate::org::{Org, RecordId};
use std::collections::BTreeSet;

/// A session of one user.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub user: RecordId,
    /// Consumer key of the app; `None` for a session that came without one.
    pub app: Option<String>,
    /// With spaces between; empty for all.
    pub scope: String,
    /// The refresh token's grant that it belongs to.
    pub grant: Option<u64>,
    pub opened_ms: i64,
    pub until_ms: i64,
    length_ms: i64,
}

impl Session {
    /// Whether the session may be used for the data APIs.
    pub fn reaches_api(&self) -> bool {
        let scopes: BTreeSet<&str> = self.scope.split(' ').collect();
        self.scope.is_empty() || scopes.contains("api") || scopes.contains("full")
    }
}

impl OAuth {
    /// A session that no app asked for.
    pub(crate) fn open_session(&mut self, org: &Org, user: RecordId, now_ms: i64) -> String {
        let opening = Session {
            user,
            app: None,
            scope: String::new(),
            grant: None,
            opened_ms: now_ms,
            until_ms: now_ms,
            length_ms: 0,
        };
        self.open(org, opening, None)
    }

    pub(super) fn open_for(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        proved: &Proved,
    ) -> String {
        let opening = Session {
            user: proved.user.id,
            app: Some(app.consumer_key.clone()),
            scope: proved.scope.clone(),
            grant: proved.grant,
            opened_ms: visit.now_ms,
            until_ms: visit.now_ms,
            length_ms: 0,
        };
        self.open(visit.org, opening, app.session_minutes)
    }

    /// Gives a session its length and its name.
    fn open(&mut self, org: &Org, mut session: Session, minutes: Option<u32>) -> String {
        let token = format!("{}!{}", &org.id().to_string()[..15], self.opaque());
        let minutes = minutes.unwrap_or(self.settings.session_minutes);
        session.length_ms = i64::from(minutes.clamp(15, 24 * 60)) * 60_000;
        session.until_ms = session.opened_ms + session.length_ms;
        self.sessions.insert(token.clone(), session);
        token
    }

    /// A session that is not over, without using it.
    pub(crate) fn session(&self, token: &str, now_ms: i64) -> Option<&Session> {
        let session = self.sessions.get(token);
        session.filter(|session| session.until_ms > now_ms)
    }

    /// How long a session lives after its last use, in seconds.
    pub(crate) fn session_seconds(&self) -> i64 {
        i64::from(self.settings.session_minutes) * 60
    }

    /// The user of a session, which lives on by being used.
    pub(crate) fn user_of(&mut self, token: &str, now_ms: i64) -> Option<RecordId> {
        let session = self.sessions.get_mut(token)?;
        if session.until_ms <= now_ms {
            return None;
        }
        session.until_ms = now_ms + session.length_ms;
        Some(session.user)
    }

    /// Ends all sessions.
    pub(crate) fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Ends the sessions of one user; refresh tokens stay.
    pub(crate) fn end_sessions_of(&mut self, user: &RecordId) {
        self.sessions.retain(|_, session| session.user != *user);
    }

    /// Ends one session, or with a refresh token the whole grant; whether there was one.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        let session = self.sessions.remove(token).is_some();
        match self.refresh_tokens.get(token).map(|t| t.grant) {
            Some(grant) => {
                self.revoke_grant(grant);
                true
            }
            None => session,
        }
    }
}
