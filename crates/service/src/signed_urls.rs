//! URLs by which clients reach artifacts without this server, where the store has such.

use std::time::Duration;

use ferroflow_artifacts::{ArtifactPath, SignedUrl};
use ferroflow_model::{Context, ErrorKind, Result};

use crate::Service;
use crate::places::Root;
use crate::service::authorise;

impl Service {
    /// Whether clients that read and write artifacts through this server can do so without it.
    pub fn signs_urls(&self) -> bool {
        self.artifacts.signs_urls()
    }

    /// A URL to read what lies at a path below the tenant's artifact root; `None` where the store
    /// has none.
    pub async fn sign_download(
        &self,
        context: &Context,
        path: &str,
        lifetime: Duration,
    ) -> Result<Option<SignedUrl>> {
        let place = self.place_to_read(context, ArtifactPath::parse(path)?);
        self.artifacts.sign_download(&place.await?, lifetime).await
    }

    /// A URL to read an artifact below a root that clients reach themselves; `None` where the store
    /// has none, or is not this server's to sign for.
    pub async fn sign_direct_download(
        &self,
        context: &Context,
        root_uri: &str,
        path: &ArtifactPath,
        lifetime: Duration,
    ) -> Result<Option<SignedUrl>> {
        match self.direct_place(context, root_uri, path).await? {
            Some(place) => place.store.sign_download(&place.path, lifetime).await,
            None => Ok(None),
        }
    }

    /// A URL to write an artifact of a type below such a root.
    pub async fn sign_direct_upload(
        &self,
        context: &Context,
        root_uri: &str,
        path: &ArtifactPath,
        content_type: &str,
        lifetime: Duration,
    ) -> Result<Option<SignedUrl>> {
        match self.direct_place(context, root_uri, path).await? {
            Some(place) => {
                let signing = place.store.sign_upload(&place.path, content_type, lifetime);
                signing.await
            }
            None => Ok(None),
        }
    }

    /// The place of a path below a root; `None` where the root is not this server's to read.
    async fn direct_place(
        &self,
        context: &Context,
        root_uri: &str,
        path: &ArtifactPath,
    ) -> Result<Option<Root<'_>>> {
        authorise(context)?;
        match self.root_at(&context.scope, root_uri).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            root => {
                let Root { store, path: root } = root?;
                let path = root.join(path)?;
                Ok(Some(Root { store, path }))
            }
        }
    }
}
