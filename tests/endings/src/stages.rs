//! A version and servers to watch, as most tests want them.

use modelwatch::{Model, Monitor};

/// A monitor and its only version, `m` and `1`.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn model() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

/// Serves a router of axum, with so many workers and blocking threads if it matters.
#[macro_export]
macro_rules! serve {
    ($app:expr $(, $workers:expr, $blocking:expr)?) => {{
        let app = $app;
        let serve = |listener, stopped| {
            ::axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .into_future()
        };
        $crate::serve!(@start serve $(, $workers, $blocking)?)
    }};
    (@start $serve:expr) => {
        ::modelwatch_testkit::TokioServer::start($serve)
    };
    (@start $serve:expr, $workers:expr, $blocking:expr) => {
        ::modelwatch_testkit::TokioServer::with_threads($workers, $blocking, $serve)
    };
}

/// Serves an application of actix-web by one worker, with settings of the server if there are to be some.
#[macro_export]
macro_rules! serve_actix {
    ($app:expr $(, $setting:ident($value:expr))*) => {{
        let app = $app;
        ::modelwatch_testkit::ActixServer::start(move |listener| {
            let server = ::actix_web::HttpServer::new(app).workers(1).shutdown_timeout(1);
            Ok(server$(.$setting($value))*.disable_signals().listen(listener)?.run())
        })
    }};
}
