//! The incidents of a video service, with the setting that users get.

use modelwatch_triage::localization::Settings;

use crate::cases;

static INCIDENTS: &[u8] = include_bytes!("../data/incidents.csv.gz");

#[test]
fn names_the_culprit_of_real_incidents() {
    let cases = cases::read(INCIDENTS);
    assert_eq!(cases.len(), 68);
    let score = cases::score(&cases, &Settings::default());
    for (of, least) in [(0, 0.70), (1, 0.90), (2, 0.95)] {
        assert!(score.share(of) >= least, "{score}; not found: {:?}", score.missed);
    }
}
