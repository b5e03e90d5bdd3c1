//! Which model and route a request belongs to.

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};
use modelwatch::{Model, Route, Status, Watched};

/// The `route` of requests for which there is no name: no pattern matched, and none given to the middleware.
pub const UNMATCHED: &str = "__unmatched__";

/// Chooses the route a request is recorded on. Implemented by [`Fixed`] and [`PerRequest`].
///
/// ```
/// use actix_web::test::TestRequest;
/// use modelwatch_actix::{Fixed, InferenceMiddleware, Select};
///
/// fn chooses<M: Select>(_: &InferenceMiddleware<M>) -> &'static str {
///     std::any::type_name::<M>()
/// }
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// assert_eq!(chooses(&InferenceMiddleware::new(&model)), std::any::type_name::<Fixed>());
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
pub trait Select {
    /// Begins a request on its route.
    fn start(&self, request: &ServiceRequest) -> Watched;
    /// For a service that failed before it got a request; nothing where only requests tell the model.
    fn fallback(&self) -> Option<Route>;
    /// Where a request that ends puts the handle of its route, if the next is likely to take it; nowhere unless a selector says so.
    fn spare(&self) -> Option<Spare> {
        None
    }
}

/// The handle of a route that no request has at the moment. Requests of one service, which come one after the other on one thread, hand it
/// on: the count of a handle is a locked instruction up and one down, each of which waits for whatever was written before.
pub type Spare = Rc<Cell<Option<Route>>>;

/// The name of a request's route.
struct Names {
    /// For requests that no pattern matched.
    unmatched: Arc<str>,
    spare: Spare,
    latest: RefCell<Option<Latest>>,
}

/// The latest path and the pattern it matched. Around a whole application a pattern is not matched yet: actix-web tries them one
/// after the other, and then makes a string. For one service the path alone decides, and most requests ask for the
/// same one.
#[derive(Debug)]
struct Latest {
    path: String,
    pattern: Option<String>,
    /// For one model, once it is known to have a series of its own.
    route: Option<Route>,
}

impl Latest {
    fn of(request: &ServiceRequest) -> Self {
        Self {
            path: request.path().to_owned(),
            pattern: request.match_pattern(),
            route: None,
        }
    }
}

impl Names {
    fn new(unmatched: &str) -> Self {
        Self {
            unmatched: unmatched.into(),
            spare: Spare::default(),
            latest: RefCell::default(),
        }
    }

    fn latest(&self, request: &ServiceRequest) -> RefMut<'_, Latest> {
        let mut latest = RefMut::map(self.latest.borrow_mut(), |latest| {
            latest.get_or_insert_with(|| Latest::of(request))
        });
        if latest.path != request.path() {
            // Paths that differ each time fill the same string again and again.
            request.path().clone_into(&mut latest.path);
            latest.pattern = request.match_pattern();
            latest.route = None;
        }
        latest
    }

    fn with<T>(&self, request: &ServiceRequest, then: impl FnOnce(&str) -> T) -> T {
        let latest = self.latest(request);
        then(latest.pattern.as_deref().unwrap_or(&self.unmatched))
    }

    /// The request's route of a model that all requests belong to.
    fn route_of(&self, model: &Model, request: &ServiceRequest) -> Route {
        let mut latest = self.latest(request);
        if let Some(route) = &latest.route {
            // Another's where the latest request was for another path, or its handler chose another version.
            let spare = self.spare.take().filter(|spare| spare == route);
            return spare.unwrap_or_else(|| route.clone());
        }
        let name = latest.pattern.as_deref().unwrap_or(&self.unmatched);
        let route = model.route(name);
        // Past the limits it is that of the overflow, which counts each request that gets there, until there is room.
        if route.name() == name {
            latest.route = Some(route.clone());
        }
        route
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("unmatched", &self.unmatched)
            .finish_non_exhaustive()
    }
}

/// Each service remembers paths of its own, since another may be around other patterns.
impl Clone for Names {
    fn clone(&self) -> Self {
        Self::new(&self.unmatched)
    }
}

/// A browser that asks whether it may ask: no inference.
fn is_preflight(request: &ServiceRequest) -> bool {
    *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A name that code gave has its place whatever requests bring, and an error ratio before the first of them. Where there is no room
/// it overflows, which the monitor warns of.
fn declare(model: &Model, name: &str) {
    drop(model.declare_route(name).unwrap_or_else(|_| model.route(name)));
}

/// Every request belongs to one model version.
///
/// ```
/// use modelwatch_actix::{Fixed, InferenceMiddleware};
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let middleware: InferenceMiddleware<Fixed> = InferenceMiddleware::new(&model).route("predict");
/// // The route is exposed before its first request.
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "predict")]), Ok(0.0));
/// # drop(middleware);
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fixed {
    model: Model,
    names: Names,
}

impl Fixed {
    pub(crate) fn new(model: &Model, name: &str) -> Self {
        Self {
            model: model.clone(),
            names: Names::new(name),
        }
    }

    pub(crate) fn with_route(&self, name: &str) -> Self {
        declare(&self.model, name);
        Self::new(&self.model, name)
    }
}

impl Select for Fixed {
    fn start(&self, request: &ServiceRequest) -> Watched {
        if is_preflight(request) {
            return Watched::nothing();
        }
        Watched::new(self.names.route_of(&self.model, request).into())
    }

    fn fallback(&self) -> Option<Route> {
        Some(self.model.route(&self.names.unmatched))
    }

    fn spare(&self) -> Option<Spare> {
        Some(self.names.spare.clone())
    }
}

/// The request tells the model version.
///
/// ```
/// use actix_web::{App, test, web};
/// use modelwatch_actix::{InferenceMiddleware, PerRequest};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// let monitor = modelwatch::Monitor::new();
/// monitor.model("claims-risk", "2026-04-01").register()?;
/// let models = monitor.clone();
/// let by_header: InferenceMiddleware<PerRequest<_>> = InferenceMiddleware::per_request(move |request| {
///     models.find("claims-risk", request.headers().get("x-model-version")?.to_str().ok()?)
/// });
/// let app = App::new().service(web::resource("/predict").wrap(by_header).to(async || "0.82"));
/// let app = test::init_service(app).await;
/// for version in ["2026-04-01", "invented"] {
///     let request = test::TestRequest::get().uri("/predict").insert_header(("x-model-version", version));
///     test::call_and_read_body(&app, request.to_request()).await;
/// }
/// assert_eq!(monitor.value("ml_inference_requests_total", &[])?, 1.0);
/// # Ok(()) })
/// # }
/// ```
pub struct PerRequest<F> {
    select: Rc<F>,
    /// For requests that tell none.
    otherwise: Option<Model>,
    names: Names,
}

impl<F> PerRequest<F> {
    pub(crate) fn new(select: F) -> Self {
        Self {
            select: Rc::new(select),
            otherwise: None,
            names: Names::new(UNMATCHED),
        }
    }

    pub(crate) fn otherwise(self, model: &Model) -> Self {
        if *self.names.unmatched != *UNMATCHED {
            declare(model, &self.names.unmatched);
        }
        Self {
            otherwise: Some(model.clone()),
            ..self
        }
    }

    pub(crate) fn with_route(self, name: &str) -> Self {
        if let Some(otherwise) = &self.otherwise {
            declare(otherwise, name);
        }
        Self {
            names: Names::new(name),
            ..self
        }
    }
}

impl<F: Fn(&ServiceRequest) -> Option<Model>> Select for PerRequest<F> {
    fn start(&self, request: &ServiceRequest) -> Watched {
        if is_preflight(request) {
            return Watched::nothing();
        }
        let breaks = Breaks(self, request);
        let selected = (self.select)(request);
        mem::forget(breaks);
        match selected.or_else(|| self.otherwise.clone()) {
            Some(model) => {
                let route = self.names.with(request, |name| model.route(name));
                request.extensions_mut().insert(model);
                Watched::new(route.into())
            }
            None => self.names.with(request, Watched::unclaimed),
        }
    }

    fn fallback(&self) -> Option<Route> {
        let model = self.otherwise.as_ref()?;
        Some(model.route(&self.names.unmatched))
    }
}

/// A request whose model is being looked up: a panic in that is an error of whoever gets the requests that tell no model.
struct Breaks<'a, F>(&'a PerRequest<F>, &'a ServiceRequest);

impl<F> Drop for Breaks<'_, F> {
    #[cold]
    fn drop(&mut self) {
        let Self(models, request) = self;
        if let Some(model) = &models.otherwise {
            let route = models.names.with(request, |name| model.route(name));
            Watched::new(route.into()).finish(Status::Error);
        }
    }
}

impl<F> Clone for PerRequest<F> {
    fn clone(&self) -> Self {
        Self {
            select: self.select.clone(),
            otherwise: self.otherwise.clone(),
            names: self.names.clone(),
        }
    }
}

impl<F> fmt::Debug for PerRequest<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequest")
            .field("otherwise", &self.otherwise)
            .finish_non_exhaustive()
    }
}
