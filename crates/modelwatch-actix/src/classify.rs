use std::rc::Rc;

use actix_web::dev::ResponseHead;
use modelwatch::Status;

/// Decides the status of an answer by its head.
pub(crate) type Classifier = Rc<dyn Fn(&ResponseHead) -> Status>;
