//! Who may sign in from where: the org's settings for it, and why somebody is refused, in the words
//! of OAuth and in those of SOAP.

use super::{ConnectedApp, OAuth, Refused, refused};
use crate::org::{Org, OrgKind, User};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

const HOUR_MS: i64 = 3_600_000;

/// How strict an org is at sign-in; the default lets everybody in who has the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// How long a session lives after its last use: 15 minutes to 24 hours.
    pub session_minutes: u32,
    /// Whether programs must put the security token behind the password, outside trusted addresses.
    pub security_token_required: bool,
    /// First and last of addresses that need no security token.
    pub trusted_addresses: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// By profile name, the only addresses its users may come from.
    pub profile_addresses: BTreeMap<String, Vec<(Ipv4Addr, Ipv4Addr)>>,
    /// Whether the header `x-simulator-client-ip` tells the client's address.
    pub client_address_header: bool,
    /// Whether the flow with user name and password is switched off.
    pub password_flow_blocked: bool,
    /// Whether only the org's own host takes sign-ins, not login.salesforce.com and its twin.
    pub login_hosts_closed: bool,
    /// Sign-ins of one user within an hour.
    pub logins_per_hour: usize,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            session_minutes: 120,
            security_token_required: false,
            trusted_addresses: Vec::new(),
            profile_addresses: BTreeMap::new(),
            client_address_header: false,
            password_flow_blocked: false,
            login_hosts_closed: false,
            logins_per_hour: 3_600,
        }
    }
}

/// A request to sign in, as far as it is not in its form.
pub(crate) struct Visit<'a> {
    pub org: &'a Org,
    pub now_ms: i64,
    /// The host that was asked, with its port.
    pub host: String,
    /// The org's own address, as it was asked.
    pub base_url: &'a str,
    /// The same over https, however it was asked.
    pub public_url: Option<&'a str>,
    pub address: Ipv4Addr,
}

/// Why somebody may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    WrongPassword,
    NeedsSecurityToken,
    Inactive,
    WrongAddress,
    TooOften,
    WrongHost,
}

impl Denied {
    pub fn oauth(self) -> Refused {
        let description = match self {
            Self::WrongPassword | Self::NeedsSecurityToken | Self::WrongHost => {
                "authentication failure"
            }
            Self::Inactive => "inactive user",
            Self::WrongAddress => "ip restricted",
            Self::TooOften => "login rate exceeded",
        };
        refused("invalid_grant", description)
    }
}

impl Visit<'_> {
    /// The login host that was asked, if it is one: production or sandbox.
    pub fn login_host(&self) -> Option<OrgKind> {
        let host = self.host.split(':').next().unwrap_or_default();
        match host.to_ascii_lowercase().as_str() {
            "login.salesforce.com" => Some(OrgKind::Production),
            "test.salesforce.com" => Some(OrgKind::Sandbox),
            _ => None,
        }
    }

    fn is_among(&self, ranges: &[(Ipv4Addr, Ipv4Addr)]) -> bool {
        let within = |(from, to): &(Ipv4Addr, Ipv4Addr)| (*from..=*to).contains(&self.address);
        ranges.iter().any(within)
    }
}

impl OAuth {
    /// A user by name and password, as a program gives them: perhaps with the security token.
    pub(crate) fn check_password(
        &self,
        visit: &Visit<'_>,
        username: &str,
        given: &str,
    ) -> Result<User, Denied> {
        let user = visit.org.user_by_username(username);
        let user = user.ok_or(Denied::WrongPassword)?;
        let with_token = format!("{}{}", self.password, self.security_token);
        let trusted = visit.is_among(&self.settings.trusted_addresses);
        match given {
            given if given == with_token => {}
            given if given != self.password => return Err(Denied::WrongPassword),
            _ if self.settings.security_token_required && !trusted => {
                return Err(Denied::NeedsSecurityToken);
            }
            _ => {}
        }
        Ok(user)
    }

    /// Whether a user who proved to be who they are may sign in now and from here.
    pub(crate) fn admit(
        &mut self,
        visit: &Visit<'_>,
        user: &User,
        app: Option<&ConnectedApp>,
    ) -> Result<(), Denied> {
        if !user.active {
            return Err(Denied::Inactive);
        }
        if visit
            .login_host()
            .is_some_and(|kind| self.settings.login_hosts_closed || kind != visit.org.kind())
        {
            return Err(Denied::WrongHost);
        }
        let ranges = self.settings.profile_addresses.get(&user.profile);
        let relaxed = app.is_some_and(|app| app.relax_ip);
        if !relaxed && ranges.is_some_and(|ranges| !visit.is_among(ranges)) {
            return Err(Denied::WrongAddress);
        }
        let logins = self.logins.entry(user.id).or_default();
        logins.retain(|at| *at > visit.now_ms - HOUR_MS);
        if logins.len() >= self.settings.logins_per_hour {
            return Err(Denied::TooOften);
        }
        logins.push_back(visit.now_ms);
        Ok(())
    }
}
