use modelwatch_testkit::{promtool_check_metrics, promtool_lint};

const CLEAN: &[u8] = b"# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{kind=\"a \\\"b\\\"\"} 1\n";

#[test]
fn judged_a_clean_exposition_is_accepted() {
    promtool_check_metrics(CLEAN).unwrap();
}

#[test]
fn judged_an_exposition_that_does_not_parse_is_refused_by_both() {
    let broken = b"jobs_total{kind=\"a} 1\n";
    for refusal in [
        promtool_check_metrics(broken).unwrap_err(),
        promtool_lint(broken).unwrap_err(),
    ] {
        assert!(refusal.contains("parsing error"), "{refusal}");
    }
}

#[test]
fn judged_a_lint_problem_is_named_and_stops_only_the_stricter_check() {
    let unlovely = b"# HELP jobs Jobs done.\n# TYPE jobs counter\njobs 1\n";
    let problems = promtool_lint(unlovely).unwrap();
    assert_eq!(problems, ["jobs counter metrics should have \"_total\" suffix"]);
    assert!(promtool_check_metrics(unlovely).unwrap_err().contains("_total"));
}

#[test]
fn judged_a_page_larger_than_a_pipe_is_read_to_its_end() {
    let mut text = b"# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\n".to_vec();
    for job in 0..20_000 {
        text.extend_from_slice(format!("jobs_total{{job=\"{job}\"}} 1\n").as_bytes());
    }
    promtool_check_metrics(&text).unwrap();
    text.extend_from_slice(b"jobs_total{ 1\n");
    promtool_check_metrics(&text).unwrap_err();
}
