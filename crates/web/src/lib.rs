//! What both dialects need of HTTP: a route table in which every route declares its permission,
//! the facts about a request that middleware establishes, and bodies read within limits.

mod body;
mod content;
mod declare;
mod report;
mod request;
mod routes;

pub use body::{BodyBudget, BodyLimit, read_body};
pub use content::{content_disposition, content_type};
pub use declare::MatchedRoute;
pub use report::Reporter;
pub use request::{RequestFacts, RequestId, facts, host_of};
pub use routes::{Route, RouteFacts, RouteTable};
