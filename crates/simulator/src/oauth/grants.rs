//! Refresh tokens: each belongs to a grant, which dies as a whole when it is revoked or when a
//! token that rotation ended is used again.

use super::{ConnectedApp, OAuth, Proved, Refused, Visit, refused};
use crate::org::RecordId;

/// A refresh token, dead ones too: one that comes back tells of a theft.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub grant: u64,
    pub user: RecordId,
    pub app: String,
    pub scope: String,
    pub used_ms: i64,
    pub rotated: bool,
}

impl OAuth {
    /// The first refresh token of a new grant.
    pub(super) fn new_grant(
        &mut self,
        user: RecordId,
        app: &str,
        scope: &str,
        now_ms: i64,
    ) -> (u64, String) {
        self.grants += 1;
        let token = RefreshToken {
            grant: self.grants,
            user,
            app: app.to_owned(),
            scope: scope.to_owned(),
            used_ms: now_ms,
            rotated: false,
        };
        (self.grants, self.keep(token))
    }

    pub(super) fn refresh(
        &mut self,
        visit: &Visit<'_>,
        app: &ConnectedApp,
        given: &str,
    ) -> Result<Proved, Refused> {
        let expired = || refused("invalid_grant", "expired access/refresh token");
        let token = self.refresh_tokens.get(given).cloned();
        let token = token.filter(|token| token.app == app.consumer_key);
        let token = token.ok_or_else(expired)?;
        if token.rotated {
            self.revoke_grant(token.grant);
            return Err(expired());
        }
        let life_ms = app.refresh_token_minutes.map(|m| i64::from(m) * 60_000);
        if life_ms.is_some_and(|life| token.used_ms + life <= visit.now_ms) {
            return Err(expired());
        }
        let user = visit.org.user(&token.user).ok_or_else(expired)?;
        let mut proved = Proved {
            user,
            scope: token.scope.clone(),
            grant: Some(token.grant),
            refresh_token: None,
        };
        let used = RefreshToken {
            used_ms: visit.now_ms,
            rotated: app.rotate_refresh_tokens,
            ..token.clone()
        };
        // Somebody who may not come in keeps the token: it works again once they may.
        self.admit(visit, &proved.user, Some(app))
            .map_err(super::Denied::oauth)?;
        self.refresh_tokens.insert(given.to_owned(), used);
        if app.rotate_refresh_tokens {
            let fresh = RefreshToken {
                used_ms: visit.now_ms,
                ..token
            };
            proved.refresh_token = Some(self.keep(fresh));
        }
        Ok(proved)
    }

    pub(super) fn revoke_grant(&mut self, grant: u64) {
        self.refresh_tokens.retain(|_, token| token.grant != grant);
        self.sessions
            .retain(|_, session| session.grant != Some(grant));
    }

    fn keep(&mut self, token: RefreshToken) -> String {
        let text = format!("5Aep{}", self.opaque());
        self.refresh_tokens.insert(text.clone(), token);
        text
    }
}
