//! What a derived struct declares, and the rows it makes.

use std::borrow::Cow;
use std::sync::Arc;

use modelwatch::FeatureValue::{Category as Cat, Defaulted, Missing, Number};
use modelwatch::{
    AsFeatureValue, Category, Feature, FeatureType, FeatureValue, Features, Format, Monitor, NumericType,
};
use modelwatch_testkit::MetricsPage;

#[derive(Clone, Copy, Category)]
enum Channel {
    Web,
    #[category(rename = "tele\"phone")]
    Phone,
    r#Fax,
}

/// A type of the service's own.
struct Celsius(f64);

impl AsFeatureValue for Celsius {
    fn as_feature_value(&self) -> FeatureValue<'_> {
        Number(self.0)
    }
}
impl NumericType for Celsius {}
impl FeatureType for Celsius {
    fn feature(name: &str) -> Feature {
        Feature::numeric(name).range(-273.15..=f64::MAX)
    }
}

const OLDEST: u8 = 120;

fn country(code: &u16) -> &'static str {
    if *code == 49 { "DE" } else { "other" }
}

fn or_default(income: &Option<f64>) -> FeatureValue<'_> {
    income.map_or(Defaulted, Number)
}

#[derive(Features)]
struct Every<'a> {
    double: f64,
    float: Option<f32>,
    integer: i64,
    unsigned: usize,
    flag: bool,
    owned: String,
    borrowed: &'a str,
    cow: Cow<'a, str>,
    boxed: Box<str>,
    shared: Option<Arc<str>>,
    reference: &'a Option<f64>,
    channel: Channel,
    maybe_channel: Option<Channel>,
    temperature: Celsius,
    r#type: u8,
    #[features(rename = "a name, with \"quotes\"")]
    renamed: f64,
    #[features(range = 0..=OLDEST)]
    age: u8,
    #[features(range = ..=1e6)]
    income: f64,
    #[features(range = -1.5..)]
    low: Option<Celsius>,
    #[features(categories = ["a", "b"])]
    letter: Option<&'a str>,
    #[features(categorical)]
    said: String,
    #[features(numeric)]
    counted: u32,
    #[features(categorical, with = country)]
    country: u16,
    #[features(range = 0.0..=1.0, with = or_default)]
    share: Option<f64>,
    #[features(skip)]
    _skipped: Vec<u8>,
}

fn every(reference: &Option<f64>) -> Every<'_> {
    Every {
        double: 1.5,
        float: None,
        integer: -3,
        unsigned: 4,
        flag: true,
        owned: "owned".into(),
        borrowed: "borrowed",
        cow: Cow::Borrowed("cow"),
        boxed: "boxed".into(),
        shared: Some("shared".into()),
        reference,
        channel: Channel::Web,
        maybe_channel: None,
        temperature: Celsius(-10.0),
        r#type: 7,
        renamed: 8.0,
        age: 41,
        income: 9.0,
        low: None,
        letter: Some("b"),
        said: "said".into(),
        counted: 10,
        country: 49,
        share: None,
        _skipped: Vec::new(),
    }
}

#[test]
fn declares_each_field_as_its_type_and_attributes_say() {
    let numeric = |name: &str| -> Feature { Feature::numeric(name) };
    let categorical = |name: &str| -> Feature { Feature::categorical(name) };
    let channel = |name: &str| Feature::categorical(name).categories(["Web", "tele\"phone", "Fax"]);
    let expected = [
        numeric("double"),
        numeric("float"),
        numeric("integer"),
        numeric("unsigned"),
        numeric("flag"),
        categorical("owned"),
        categorical("borrowed"),
        categorical("cow"),
        categorical("boxed"),
        categorical("shared"),
        numeric("reference"),
        channel("channel"),
        channel("maybe_channel"),
        Feature::numeric("temperature").range(-273.15..=f64::MAX),
        numeric("type"),
        numeric("a name, with \"quotes\""),
        Feature::numeric("age").range(0.0..=120.0),
        Feature::numeric("income").range(f64::MIN..=1e6),
        Feature::numeric("low").range(-1.5..=f64::MAX),
        Feature::categorical("letter").categories(["a", "b"]),
        categorical("said"),
        numeric("counted"),
        categorical("country"),
        Feature::numeric("share").range(0.0..=1.0),
    ];
    assert_eq!(Every::features(), expected);
}

#[test]
fn makes_rows_in_the_order_of_the_declaration() {
    let reference = Some(2.5);
    let expected = [
        Number(1.5),
        Missing,
        Number(-3.0),
        Number(4.0),
        Number(1.0),
        Cat("owned"),
        Cat("borrowed"),
        Cat("cow"),
        Cat("boxed"),
        Cat("shared"),
        Number(2.5),
        Cat("Web"),
        Missing,
        Number(-10.0),
        Number(7.0),
        Number(8.0),
        Number(41.0),
        Number(9.0),
        Missing,
        Cat("b"),
        Cat("said"),
        Number(10.0),
        Cat("DE"),
        Defaulted,
    ];
    assert_eq!(every(&reference).row(), expected);
}

#[derive(Features)]
struct Generic<'a, T, C: ?Sized, const N: usize>
where
    C: Sync,
{
    number: Option<T>,
    category: &'a C,
    #[features(skip)]
    _rest: [u8; N],
}

#[test]
fn bounds_the_type_parameters_of_its_fields() {
    let row = Generic::<f32, str, 2> {
        number: Some(0.5),
        category: "x",
        _rest: [0; 2],
    };
    assert_eq!(row.row(), [Number(0.5), Cat("x")]);
    let declared = Generic::<f32, str, 2>::features();
    assert_eq!(declared, [Feature::numeric("number"), Feature::categorical("category")]);
    let declared = Generic::<&str, u8, 0>::features();
    assert_eq!(declared, [Feature::categorical("number"), Feature::numeric("category")]);
}

#[test]
fn a_class_is_called_as_its_variant() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    for channel in [Channel::Web, Channel::Phone, Channel::Fax] {
        model.record_prediction(0.5).class(channel);
    }
    model.record_prediction(0.5).class(Some(Channel::Fax));
    model.record_prediction(0.5).class(None::<Channel>);
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let count = |class| page.sum("ml_prediction_class_total", &[("class", class)]);
    assert_eq!([count("Web"), count("tele\"phone"), count("Fax")], [1.0, 1.0, 2.0]);
}

/// The example of the guide: which column is missing and which out of range, whatever their order.
#[test]
fn counts_each_column_under_its_own_name() {
    #[derive(Features)]
    struct Claim {
        #[features(range = 0.0..=1e6)]
        income: Option<f64>,
        #[features(range = 0..=120)]
        age: u8,
        channel: Channel,
    }
    let monitor = Monitor::new();
    let model = monitor
        .model("claims-risk", "1")
        .features(Claim::features())
        .register()
        .expect("valid");
    let claim = |income, age| Claim {
        income,
        age,
        channel: Channel::Web,
    };
    for claim in [claim(None, 41), claim(Some(2e6), 200), claim(Some(-1.0), 130)] {
        model.record_features(claim.row());
    }
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let counted = |what: &str| {
        ["income", "age", "channel"]
            .map(|feature| page.sum(&format!("ml_feature_{what}_total"), &[("feature_name", feature)]))
    };
    assert_eq!(counted("observations"), [3.0, 3.0, 3.0]);
    assert_eq!(counted("missing"), [1.0, 0.0, 0.0]);
    assert_eq!(counted("out_of_range"), [2.0, 2.0, 0.0]);
}
