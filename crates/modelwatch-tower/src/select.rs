//! Which model and route a request belongs to.

use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};

use http::{Method, Request, header};
use modelwatch::{Model, Route, Status, Watched};

#[cfg(feature = "tonic")]
use crate::classify::Protocol;
use crate::methods::{Methods, Unproved};

/// The `route` of requests for which there is no name: no matched path, and none given to the layer.
pub const UNMATCHED: &str = "__unmatched__";

/// Chooses the route a request is recorded on. Implemented by [`Fixed`] and [`PerRequest`].
///
/// ```
/// use modelwatch_tower::{InferenceLayer, InferenceService, Select};
/// use tower::Layer;
///
/// /// Whatever chooses the model, the service is the same.
/// fn watched<M: Select<String>>(layer: &InferenceLayer<M>) -> InferenceService<&'static str, M> {
///     layer.layer("a service")
/// }
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// assert!(format!("{:?}", watched(&InferenceLayer::new(&model))).contains("a service"));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
pub trait Select<B> {
    /// Begins a request on its route.
    fn start(&self, request: &Request<B>) -> Begun;
    /// For a service that failed before it got a request; nothing where only requests tell the model.
    fn fallback(&self) -> Option<&Route>;
}

/// A request that has begun.
///
/// ```
/// use http::Request;
/// use modelwatch_tower::{Begun, Select};
///
/// /// Begins a request, and ends it without an answer.
/// fn cancel(select: &impl Select<()>) {
///     let begun: Begun = select.start(&Request::new(()));
///     drop(begun);
/// }
/// # fn asserts<T: std::fmt::Debug>() {}
/// # asserts::<Begun>();
/// # assert_eq!(modelwatch_tower::UNMATCHED, "__unmatched__");
/// ```
#[derive(Debug)]
pub struct Begun {
    pub(crate) watched: Watched,
    /// It asked for something that the service is known to have.
    pub(crate) known: bool,
    pub(crate) unproved: Option<Box<Unproved>>,
}

impl Begun {
    #[inline(always)]
    fn on(model: &Model, route: &str) -> Self {
        Self {
            watched: Watched::new(model.route(route).into()),
            known: true,
            unproved: None,
        }
    }

    #[inline(always)]
    fn unknown(watched: Watched) -> Self {
        Self {
            watched,
            known: false,
            unproved: None,
        }
    }
}

/// What a request says of its route.
enum Asked<'a> {
    /// A router matched this pattern.
    Pattern(&'a str),
    /// A gRPC call of this path, and the wildcard that a router matched, if there is one.
    #[cfg_attr(not(feature = "tonic"), expect(dead_code, reason = "never made without gRPC"))]
    Method(&'a str, Option<&'a str>),
    Nothing,
}

/// The pattern that is a request's route, if there is one, as the router inside says it.
#[cfg(feature = "axum")]
pub(crate) fn pattern<B>(request: &Request<B>) -> Option<&str> {
    match asked(request) {
        Asked::Pattern(pattern) => Some(pattern),
        Asked::Method(..) | Asked::Nothing => None,
    }
}

#[inline(always)]
fn asked<B>(request: &Request<B>) -> Asked<'_> {
    let pattern = matched_path(request);
    #[cfg(feature = "tonic")]
    {
        // A wildcard is how routers have the services of tonic.
        let wild = |pattern: &str| pattern.ends_with('}') && pattern.contains("{*");
        if pattern.is_none_or(wild) && Protocol::of(request.headers()) != Protocol::Http {
            return Asked::Method(request.uri().path(), pattern);
        }
    }
    pattern.map_or(Asked::Nothing, Asked::Pattern)
}

/// A browser that asks whether it may ask: no inference.
#[inline(always)]
pub(crate) fn is_preflight<B>(request: &Request<B>) -> bool {
    *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Every request belongs to one model version.
///
/// ```
/// use modelwatch_tower::{Fixed, InferenceLayer};
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let layer: InferenceLayer<Fixed> = InferenceLayer::new(&model).route("predict");
/// // The route is exposed before its first request.
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "predict")]), Ok(0.0));
/// # drop(layer);
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Debug)]
pub struct Fixed {
    model: Model,
    /// For requests without a matched path.
    name: Arc<str>,
    /// Of that name, once it is wanted: a service where every path is matched does not expose it.
    route: OnceLock<Route>,
    /// What is inside may tell the route of requests without a matched path.
    told_inside: bool,
    methods: Arc<Methods>,
}

impl Fixed {
    pub(crate) fn new(model: &Model, name: &str) -> Self {
        Self {
            model: model.clone(),
            name: name.into(),
            route: OnceLock::new(),
            told_inside: name == UNMATCHED,
            methods: Arc::default(),
        }
    }

    /// Around a router that tells its routes.
    #[cfg(feature = "axum")]
    pub(crate) fn around(&self) -> Self {
        Self {
            told_inside: true,
            methods: self.methods.clone(),
            ..Self::new(&self.model, &self.name)
        }
    }

    /// With a name that code gave: declared, so that it has its place whatever requests bring, and an error ratio before the first
    /// of them. Where there is no room it overflows, which the monitor warns of.
    pub(crate) fn with_route(&self, name: &str) -> Self {
        let declared = self.model.declare_route(name);
        let route = declared.unwrap_or_else(|_| self.model.route(name));
        Self {
            methods: self.methods.clone(),
            route: route.into(),
            ..Self::new(&self.model, name)
        }
    }

    #[inline(always)]
    fn unnamed(&self) -> &Route {
        self.route.get_or_init(|| self.model.route(&self.name))
    }

    #[inline(always)]
    fn start_asked(&self, asked: &Asked<'_>) -> Begun {
        match asked {
            Asked::Pattern(pattern) => Begun::on(&self.model, pattern),
            Asked::Method(path, wild) => {
                start_method(&self.model, path, *wild, &self.methods, || self.unnamed().clone())
            }
            Asked::Nothing if self.told_inside => Begun::unknown(Watched::unrouted(&self.model, self.unnamed())),
            Asked::Nothing => Begun::unknown(Watched::new(self.unnamed().start())),
        }
    }
}

/// On the method's route if there is one, else on another until the path has proved to be a method.
fn start_method(
    model: &Model,
    path: &str,
    wild: Option<&str>,
    methods: &Arc<Methods>,
    meanwhile: impl FnOnce() -> Route,
) -> Begun {
    if let Some(route) = model.find_route(path) {
        return Begun {
            watched: Watched::new(route.into()),
            known: true,
            unproved: None,
        };
    }
    if methods.has(path) {
        return Begun::on(model, path);
    }
    Begun {
        watched: Watched::unproved(model, path, &meanwhile()),
        known: false,
        unproved: Some(Unproved::new(methods, path, wild)),
    }
}

impl<B> Select<B> for Fixed {
    #[inline(always)]
    fn start(&self, request: &Request<B>) -> Begun {
        if is_preflight(request) {
            return Begun::unknown(Watched::nothing());
        }
        self.start_asked(&asked(request))
    }

    fn fallback(&self) -> Option<&Route> {
        Some(self.unnamed())
    }
}

/// The request tells the model version.
///
/// ```
/// use http::{Request, Response};
/// use modelwatch::{Model, Monitor};
/// use modelwatch_tower::{InferenceLayer, PerRequest};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let monitor = Monitor::new();
/// monitor.model("claims-risk", "2026-04-01").register()?;
/// let models = monitor.clone();
/// let by_path = move |request: &Request<()>| models.find(request.uri().path().strip_prefix("/")?, "2026-04-01");
/// let layer: InferenceLayer<PerRequest<_>> = InferenceLayer::per_request(by_path);
/// let handler = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
///
/// layer.layer(handler).oneshot(Request::get("/claims-risk").body(())?).await?;
/// layer.layer(handler).oneshot(Request::get("/whatever").body(())?).await?; // counts for nobody
/// assert_eq!(monitor.value("ml_inference_requests_total", &[])?, 1.0);
/// # Ok(())
/// # }
/// ```
pub struct PerRequest<F> {
    select: Arc<F>,
    /// For requests that tell none.
    otherwise: Option<Fixed>,
    /// For requests without a matched path.
    name: Arc<str>,
    /// What is inside may tell the route of requests without a matched path.
    told_inside: bool,
    methods: Arc<Methods>,
}

impl<F> PerRequest<F> {
    pub(crate) fn new(select: F) -> Self {
        Self {
            select: Arc::new(select),
            otherwise: None,
            name: UNMATCHED.into(),
            told_inside: true,
            methods: Arc::default(),
        }
    }

    /// Around a router that tells its routes.
    #[cfg(feature = "axum")]
    pub(crate) fn around(&self) -> Self {
        Self {
            select: self.select.clone(),
            otherwise: self.otherwise.as_ref().map(Fixed::around),
            name: self.name.clone(),
            told_inside: true,
            methods: self.methods.clone(),
        }
    }

    pub(crate) fn otherwise(&self, model: &Model) -> Self {
        let otherwise = Fixed {
            methods: self.methods.clone(),
            ..Fixed::new(model, UNMATCHED)
        };
        Self {
            select: self.select.clone(),
            otherwise: Some(match &*self.name {
                UNMATCHED => otherwise,
                name => otherwise.with_route(name),
            }),
            name: self.name.clone(),
            told_inside: self.told_inside,
            methods: self.methods.clone(),
        }
    }

    pub(crate) fn with_route(&self, name: &str) -> Self {
        Self {
            select: self.select.clone(),
            otherwise: self.otherwise.as_ref().map(|otherwise| otherwise.with_route(name)),
            name: name.into(),
            told_inside: name == UNMATCHED,
            methods: self.methods.clone(),
        }
    }
}

impl<B, F: Fn(&Request<B>) -> Option<Model>> Select<B> for PerRequest<F> {
    #[inline(always)]
    fn start(&self, request: &Request<B>) -> Begun {
        if is_preflight(request) {
            return Begun::unknown(Watched::nothing());
        }
        let asked = asked(request);
        let breaks = Breaks(self.otherwise.as_ref(), &asked);
        let selected = (self.select)(request);
        mem::forget(breaks);
        let Some(model) = selected else {
            return match &self.otherwise {
                Some(otherwise) => otherwise.start_asked(&asked),
                None => self.unclaimed(&asked),
            };
        };
        match asked {
            Asked::Pattern(pattern) => Begun::on(&model, pattern),
            Asked::Method(path, wild) => start_method(&model, path, wild, &self.methods, || model.route(&self.name)),
            Asked::Nothing if self.told_inside => Begun::unknown(Watched::unrouted(&model, &model.route(&self.name))),
            Asked::Nothing => Begun::unknown(Watched::new(model.route(&self.name).into())),
        }
    }

    fn fallback(&self) -> Option<&Route> {
        self.otherwise.as_ref().map(Fixed::unnamed)
    }
}

/// A request whose model is being looked up: a panic in that is an error of whoever gets the requests that tell no model.
struct Breaks<'a>(Option<&'a Fixed>, &'a Asked<'a>);

impl Drop for Breaks<'_> {
    #[cold]
    fn drop(&mut self) {
        if let Some(otherwise) = self.0 {
            otherwise.start_asked(self.1).watched.finish(Status::Error);
        }
    }
}

impl<F> PerRequest<F> {
    /// Counts for nobody, unless the handler says for whom.
    fn unclaimed(&self, asked: &Asked<'_>) -> Begun {
        match asked {
            Asked::Pattern(pattern) => Begun {
                watched: Watched::unclaimed(pattern),
                known: true,
                unproved: None,
            },
            Asked::Method(path, _) if self.methods.has(path) => Begun {
                watched: Watched::unclaimed(path),
                known: true,
                unproved: None,
            },
            Asked::Method(path, wild) => Begun {
                watched: Watched::unclaimed_unproved(&self.name, path),
                known: false,
                unproved: Some(Unproved::new(&self.methods, path, *wild)),
            },
            Asked::Nothing => Begun::unknown(Watched::unclaimed(&self.name)),
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

/// The pattern a router matched, such as `/models/{name}`: bounded by the program, as the path itself is not.
#[cfg(feature = "axum")]
#[inline(always)]
fn matched_path<B>(request: &Request<B>) -> Option<&str> {
    request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
#[inline(always)]
fn matched_path<B>(_: &Request<B>) -> Option<&str> {
    None
}
