use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};

use crate::served_by::ServedBy;

/// `(ServedBy(model), answer)` in a handler.
impl IntoResponseParts for ServedBy {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}
