/// On an answer that is no inference, such as a page of metrics: wherever the layer is, it does not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotInference;
