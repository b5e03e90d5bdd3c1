//! Grafana's and Kubernetes' own types and schemas.

use modelwatch_testkit::{grafana_schema_check, kubernetes_schema_check};

const DASHBOARD: &str = r#"{
  "title": "t", "schemaVersion": 42, "panels": [], "templating": {"list": []}, "annotations": {"list": []}
}"#;
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: text}\n";

#[test]
fn judged_a_dashboard_that_grafana_knows_is_accepted() {
    grafana_schema_check(&[("small", DASHBOARD)]).unwrap();
}

#[test]
fn judged_a_field_that_grafana_does_not_know_is_named_with_its_dashboard() {
    let broken = DASHBOARD.replace("\"title\"", "\"titel\"");
    let said = grafana_schema_check(&[("small", DASHBOARD), ("broken", &broken)]).unwrap_err();
    assert!(said.contains("broken.ts") && said.contains("'\"titel\"'"), "{said}");
    assert!(!said.contains("small.ts"), "{said}");
}

#[test]
fn judged_a_manifest_that_kubernetes_takes_is_accepted() {
    kubernetes_schema_check(&[("map", MAP)]).unwrap();
}

#[test]
fn judged_a_value_against_the_schema_is_refused() {
    let said = kubernetes_schema_check(&[("map", &MAP.replace("text", "5"))]).unwrap_err();
    assert!(said.contains("map.yaml") && said.contains("must be string"), "{said}");
}

#[test]
fn judged_a_field_no_schema_forbids_is_refused_by_the_compiler() {
    let said = kubernetes_schema_check(&[("map", &MAP.replace("\ndata:", "\ndta:"))]).unwrap_err();
    assert!(said.contains("'\"dta\"'"), "{said}");
}

#[test]
fn judged_two_documents_and_none_are_told_apart() {
    kubernetes_schema_check(&[("two", &format!("{MAP}---\n{MAP}"))]).unwrap();
    kubernetes_schema_check(&[("none", "")]).unwrap_err();
}
