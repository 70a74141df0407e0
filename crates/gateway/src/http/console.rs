//! Serves the console's files and pages, on all paths that are not listed in `router`.

use crate::app::Gateway;
use crate::assets;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::response::Response;
use std::sync::Arc;

/// Returns a file or a page.
///
/// # Errors
/// The method is not allowed, or there is no such file.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
) -> Result<Response, Problem> {
    assets::serve(&gateway.assets, &request)
}
