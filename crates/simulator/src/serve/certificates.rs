//! The test CA and the certificate it signs, made anew by each run, so that clients which insist
//! on https can trust this simulator and nothing else.

use super::hosts::HostNames;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

/// A certificate for all hosts of the simulator; its private key never leaves the process.
pub(super) struct Certificates {
    /// What clients are told to trust.
    pub ca_pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificates {
    pub fn new(names: &HostNames) -> std::io::Result<Certificates> {
        Self::make(names).map_err(std::io::Error::other)
    }

    fn make(names: &HostNames) -> Result<Certificates, rcgen::Error> {
        let mut ca = params(Vec::new(), "Tieline simulator test CA")?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);
        let mut leaf = params(names.on_certificate(), "Tieline simulator")?;
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf_key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&leaf_key, &issuer)?;
        Ok(Certificates {
            ca_pem: ca_certificate.pem(),
            chain: vec![certificate.der().clone(), ca_certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(leaf_key.serialize_der()),
        })
    }

    /// How a listener shakes hands that speaks these protocols.
    pub fn server(&self, protocols: &[&[u8]]) -> std::io::Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(self.key.clone_key());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let config = config.with_no_client_auth();
                config.with_single_cert(self.chain.clone(), key)
            })
            .map_err(std::io::Error::other)?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }
}

/// Valid for longer than anybody keeps a simulator running, whatever its machine's clock says.
fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}
