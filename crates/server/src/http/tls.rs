//! Encryption: the certificate that callers are shown, read again whenever its files change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

/// How long a renewed certificate may lie there unseen. Two small files are cheap to read.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5);

/// All clients speak this; nothing is gained by another version for requests this small.
const PROTOCOL: &[u8] = b"http/1.1";

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The certificate, followed by those that vouch for it, in PEM.
    pub(crate) certificate: PathBuf,
    /// The private key of the first of them, in PEM.
    pub(crate) key: PathBuf,
}

/// What the files held when they were last read.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Encrypts connections under a certificate that may be renewed while the server runs.
pub(crate) struct Tls {
    files: CertificateFiles,
    contents: Contents,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files; says which of them is wrong, and how.
    pub(crate) fn open(files: CertificateFiles) -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let contents = files.read()?;
        let shown = Arc::new(Shown(RwLock::new(files.parse(&contents, &provider)?)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![PROTOCOL.to_owned()];
        Ok(Self {
            files,
            contents,
            shown,
            config: Arc::new(config),
        })
    }

    /// What encrypts a connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Shows new callers what the files hold by now, again and again. Whoever renews a certificate
    /// need only replace the files.
    pub(crate) async fn follow_files(mut self) {
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let files = self.files.clone();
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else {
                return;
            };
            self.take(read);
        }
    }

    /// Keeps showing the old certificate where the new one is of no use: one of the two files may
    /// not have been replaced yet.
    fn take(&mut self, read: Result<Contents>) {
        let renewed = read.and_then(|contents| {
            if contents == self.contents {
                return Ok(false);
            }
            self.contents = contents;
            let provider = self.config.crypto_provider();
            let certificate = self.files.parse(&self.contents, provider)?;
            self.shown.replace(certificate);
            Ok(true)
        });
        match renewed {
            Ok(false) => {}
            Ok(true) => info!("callers are shown a new certificate"),
            Err(error) => warn!("callers are still shown the old certificate: {error:#}"),
        }
    }
}

impl CertificateFiles {
    fn read(&self) -> Result<Contents> {
        let read =
            |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }

    fn parse(&self, contents: &Contents, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain = certificates(&contents.certificate)
            .with_context(|| format!("{certificate} holds no certificate in PEM"))?;
        let private = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|error| explain(&error))
            .with_context(|| format!("{key} holds no unencrypted private key in PEM"))?;
        let private = (provider.key_provider.load_private_key(private))
            .with_context(|| format!("{key} holds a private key that cannot be used"))?;
        let certified = CertifiedKey::new(chain, private);
        match certified.keys_match() {
            // A kind of key that cannot tell.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(Arc::new(certified))
            }
            Err(Error::InconsistentKeys(_)) => Err(anyhow!(
                "the private key in {key} is not that of the certificate in {certificate}"
            )),
            Err(error) => Err(anyhow!(error).context(format!(
                "{certificate} holds a certificate that cannot be used"
            ))),
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| explain(&error))?;
    ensure!(!chain.is_empty(), "there is none");
    Ok(chain)
}

/// Says what is wrong with a PEM file without repeating any of it: it may hold a key.
fn explain(error: &PemError) -> anyhow::Error {
    anyhow!(match error {
        PemError::MissingSectionEnd { .. } => "a section has no end",
        PemError::IllegalSectionStart { .. } => "a section begins wrongly",
        PemError::Base64Decode(_) => "a section is not base64",
        PemError::SectionTooLarge => "a section is too large",
        _ => "there is none",
    })
}

/// The certificate in force.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    fn replace(&self, certificate: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}
