//! Laws of the workspace, and the server as its clients see it, in one test binary.

mod configuration;
mod documents;
mod front;
mod imports;
mod lifecycle;
mod routes;
