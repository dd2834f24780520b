//! What goes wrong with a whole SOAP request. Programs look its parts up by their literal names,
//! prefix included, so they are written exactly so.

use super::answer::Xml;
use crate::org::ApiError;

/// A fault of the API, or of the envelope when it has no code.
pub(super) struct Fault {
    code: Option<&'static str>,
    message: String,
}

impl Fault {
    /// The API refuses with a code of its own.
    pub fn api(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            message: message.into(),
        }
    }

    /// The request cannot be understood.
    pub fn client(message: impl Into<String>) -> Self {
        Self {
            code: None,
            message: message.into(),
        }
    }

    /// Written as the only content of the SOAP body.
    pub fn write(&self, xml: &mut Xml) {
        xml.open("soapenv:Fault");
        match self.code {
            None => {
                xml.element("faultcode", "soapenv:Client");
                xml.element("faultstring", &self.message);
            }
            Some(code) => {
                // Programs read the bare code here, and the prefix of the detail is fixed.
                xml.element("faultcode", code);
                xml.element("faultstring", &format!("{code}: {}", self.message));
                let kind = fault_type(code);
                xml.open("detail");
                xml.open_with(&format!("sf:{kind}"), &format!("xsi:type=\"sf:{kind}\""));
                xml.element("sf:exceptionCode", code);
                xml.element("sf:exceptionMessage", &self.message);
                xml.close();
                xml.close();
            }
        }
        xml.close();
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::api(error.code, error.message)
    }
}

fn fault_type(code: &str) -> &'static str {
    match code {
        "INVALID_LOGIN" | "LOGIN_MUST_USE_SECURITY_TOKEN" | "PASSWORD_LOCKOUT" | "ORG_LOCKED" => {
            "LoginFault"
        }
        "INVALID_ID_FIELD" | "MALFORMED_ID" => "InvalidIdFault",
        "INVALID_TYPE" => "InvalidSObjectFault",
        _ => "UnexpectedErrorFault",
    }
}
