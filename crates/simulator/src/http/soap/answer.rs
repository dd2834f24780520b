//! Writing SOAP: a few elements, escaped, in the order that the WSDL gives them.

use crate::http::html::escape;
use crate::org::{ApiError, LeadConvertResult, MergeResult, RecordId, SaveResult, User};

/// An XML text that grows; open elements are closed in turn.
pub(super) struct Xml {
    text: String,
    open: Vec<String>,
}

impl Xml {
    /// An envelope up to its body; `flavour` is `partner` or `enterprise`.
    pub fn envelope(flavour: &str) -> Self {
        let mut xml = Self {
            text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
            open: Vec::new(),
        };
        xml.open_with(
            "soapenv:Envelope",
            &format!(
                "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
                 xmlns=\"urn:{flavour}.soap.sforce.com\" \
                 xmlns:sf=\"urn:fault.{flavour}.soap.sforce.com\" \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
            ),
        );
        xml.open("soapenv:Body");
        xml
    }

    pub fn open(&mut self, name: &str) {
        self.text.push_str(&format!("<{name}>"));
        self.open.push(name.to_owned());
    }

    /// An element with attributes, which must be written out already.
    pub fn open_with(&mut self, name: &str, attributes: &str) {
        self.text.push_str(&format!("<{name} {attributes}>"));
        self.open.push(name.to_owned());
    }

    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str(&format!("</{name}>"));
        }
    }

    pub fn element(&mut self, name: &str, text: &str) {
        self.text
            .push_str(&format!("<{name}>{}</{name}>", escape(&legal(text))));
    }

    pub fn nil(&mut self, name: &str) {
        self.text.push_str(&format!("<{name} xsi:nil=\"true\"/>"));
    }

    pub fn id(&mut self, name: &str, id: Option<RecordId>) {
        match id {
            Some(id) => self.element(name, &id.to_string()),
            None => self.nil(name),
        }
    }

    pub fn flag(&mut self, name: &str, flag: bool) {
        self.element(name, if flag { "true" } else { "false" });
    }

    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

/// XML has no place for most control characters, not even escaped.
fn legal(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let plain = |c: &char| !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    text.chars().filter(allowed).filter(plain).collect()
}

/// `LeadConvertResult`.
pub(super) fn converted(xml: &mut Xml, result: &LeadConvertResult) {
    xml.open("result");
    xml.id("accountId", result.account_id);
    xml.id("contactId", result.contact_id);
    errors(xml, &result.errors);
    xml.id("leadId", result.lead_id);
    xml.id("opportunityId", result.opportunity_id);
    xml.flag("success", result.errors.is_empty());
    xml.close();
}

/// `MergeResult`.
pub(super) fn merged(xml: &mut Xml, result: &Result<MergeResult, Vec<ApiError>>) {
    xml.open("result");
    match result {
        Ok(merge) => {
            xml.id("id", Some(merge.id));
            let ids = merge.merged.iter();
            ids.for_each(|id| xml.id("mergedRecordIds", Some(*id)));
            xml.flag("success", true);
            let ids = merge.updated_related.iter();
            ids.for_each(|id| xml.id("updatedRelatedIds", Some(*id)));
        }
        Err(found) => {
            errors(xml, found);
            xml.nil("id");
            xml.flag("success", false);
        }
    }
    xml.close();
}

/// `SaveResult`, `DeleteResult`, `UndeleteResult` and `EmptyRecycleBinResult` look alike.
pub(super) fn saved(xml: &mut Xml, result: &SaveResult) {
    xml.open("result");
    errors(xml, &result.errors);
    xml.id("id", result.id);
    xml.flag("success", result.errors.is_empty());
    xml.close();
}

fn errors(xml: &mut Xml, errors: &[ApiError]) {
    for error in errors {
        xml.open("errors");
        let fields = error.fields.iter().flatten();
        fields.for_each(|field| xml.element("fields", field));
        xml.element("message", &error.message);
        xml.element("statusCode", error.code);
        xml.close();
    }
}

/// `GetUserInfoResult`: programs find the org's id by its position.
pub(super) fn user_info(xml: &mut Xml, org: (&RecordId, &str), user: &User, seconds: i64) {
    xml.flag("accessibilityMode", false);
    xml.flag("chatterExternal", false);
    xml.element("currencySymbol", "$");
    xml.element("orgAttachmentFileSizeLimit", "5242880");
    xml.element("orgDefaultCurrencyIsoCode", "USD");
    xml.element("orgDefaultCurrencyLocale", "en_US");
    xml.flag("orgDisallowHtmlAttachments", false);
    xml.flag("orgHasPersonAccounts", false);
    xml.element("organizationId", &org.0.to_string());
    xml.flag("organizationMultiCurrency", false);
    xml.element("organizationName", org.1);
    xml.element("profileId", &user.profile_id.to_string());
    xml.nil("roleId");
    xml.element("sessionSecondsValid", &seconds.to_string());
    xml.nil("userDefaultCurrencyIsoCode");
    xml.element("userEmail", &user.email);
    xml.element("userFullName", &user.name);
    xml.element("userId", &user.id.to_string());
    xml.element("userLanguage", &user.language);
    xml.element("userLocale", &user.locale);
    xml.element("userName", &user.username);
    xml.element("userTimeZone", &user.time_zone);
    xml.element("userType", &user.user_type);
    xml.element("userUiSkin", "Theme3");
}
