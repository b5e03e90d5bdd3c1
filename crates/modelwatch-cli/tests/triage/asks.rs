//! Questions at a terminal.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use modelwatch_testkit::{Release, inbox};
use serde_json::Value as Json;

use crate::fixture::{ALERT, HOSTILE, folder, incident, prometheus, said};

#[test]
fn judged_names_the_guilty_version_of_what_fires() {
    let world = incident();
    let folder = folder("");
    let at = world.end().to_string();
    for release in Release::ALL {
        let prometheus = prometheus(release, &world);
        let address = format!("http://{}", prometheus.address());
        let ask = |more: &[&str]| {
            let arguments = [&["triage", "--prometheus", &address, "--at", &at], more].concat();
            let (done, said) = said(folder.path(), &arguments);
            assert!(done, "{said}");
            said
        };
        let whatever = ask(&[]);
        assert_eq!(whatever, ask(&[ALERT]), "{whatever}");
        for expected in [
            "1. Is it isolated to one model version? Yes: version 2",
            "2. Is it only one route? No: 2 routes",
            "4. Did it start after a release? Yes: version 2 (traffic 0% to 10%)",
            "5. Who acts, and what first? platform (serving): shift traffic away from version 2.",
            "runbook: https://runbooks.example.com/MLInferenceHighErrorRate.md",
        ] {
            assert!(whatever.contains(expected), "{expected}: {whatever}");
        }
        assert!(whatever.lines().count() <= 40, "{whatever}");
        let json: Json = serde_json::from_str(&ask(&["--json"])).unwrap();
        assert_eq!(json["subject"]["model"], HOSTILE);
        assert_eq!(json["subject"]["only"]["environment"], "production");
        assert_eq!(json["releases"][0]["release"]["name"], "2");
        assert_eq!(json["releases"][0]["verdict"], "suspect");
        let page = ask(&["--html"]);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"), "{page}");
        assert!(!page.contains("<b>&'"), "{page}");
        // The other model's new version is fine, and so is the model.
        let quiet = ask(&["--model", "quiet"]);
        assert!(quiet.contains("nothing is wrong that the metrics show"), "{quiet}");
    }
}

#[test]
fn judged_says_which_alerts_and_models_there_are() {
    let world = incident();
    let folder = folder("");
    let prometheus = prometheus(Release::System, &world);
    let address = format!("http://{}", prometheus.address());
    let at = world.end().to_string();
    let (done, said_it) = said(
        folder.path(),
        &["triage", "MLTrafficGone", "--prometheus", &address, "--at", &at],
    );
    assert!(
        !done && said_it.contains("MLTrafficGone does not fire at that time; name a model"),
        "{said_it}"
    );
    let (done, said_it) = said(
        folder.path(),
        &["triage", "--model", "no-such", "--prometheus", &address],
    );
    assert!(
        done && said_it.contains("unknown: there are no series of this model"),
        "{said_it}"
    );
}

#[test]
fn says_so_when_prometheus_is_down() {
    let folder = folder("");
    let (done, said) = said(folder.path(), &["triage", "--model", "quiet"]);
    assert!(!done && said.contains("http://127.0.0.1:1: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn says_so_when_prometheus_is_slow() {
    let folder = folder("");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let begun = Instant::now();
    let (done, said) = said(
        folder.path(),
        &["triage", "--model", "quiet", "--timeout", "1", "--prometheus", &address],
    );
    assert!(
        !done && said.contains("has not answered within 1 s; give it more with --timeout"),
        "{said}"
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(silent);
}

#[test]
fn says_so_when_what_answers_is_no_prometheus() {
    let folder = folder("");
    for (answer, expected) in [
        (
            "HTTP/1.1 503 Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
            "answers 503",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
            "not an answer of Prometheus: <html>",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "give --token-file",
        ),
    ] {
        let (address, _requests) = inbox(move |_| answer);
        let address = format!("http://{address}");
        let (done, said) = said(folder.path(), &["triage", "--model", "quiet", "--prometheus", &address]);
        assert!(!done && said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn sends_the_authorization_of_a_file() {
    let folder = folder("");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 62\r\nConnection: close\r\n\r\n{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}";
    for (flags, contents, expected) in [
        (&["--token-file"][..], "secret\n", "Bearer secret"),
        (
            &["--user", "user", "--password-file"][..],
            "pass word",
            "Basic dXNlcjpwYXNzIHdvcmQ=",
        ),
        (&["--authorization-file"][..], "Custom x", "Custom x"),
    ] {
        let (address, requests) = inbox(move |_| answer);
        let file = folder.path().join("secret");
        std::fs::write(&file, contents).unwrap();
        let address = format!("http://{address}");
        let asked = ["triage", "--model", "quiet", "--prometheus", &address];
        said(folder.path(), &[&asked[..], flags, &[file.to_str().unwrap()]].concat());
        let head = requests.recv_timeout(Duration::from_secs(30)).unwrap().head;
        let header = format!("authorization: {expected}\r\n").to_lowercase();
        assert!(head.to_lowercase().contains(&header), "{head}");
    }
    let (done, said) = said(
        folder.path(),
        &[
            "triage",
            "--model",
            "quiet",
            "--prometheus",
            "http://user:pass@localhost",
        ],
    );
    assert!(
        !done && said.contains("--password-file") && !said.contains("pass@"),
        "{said}"
    );
}

#[test]
fn refuses_times_and_labels_that_are_none() {
    let folder = folder("");
    for (arguments, expected) in [
        (["--at", "tomorrow"], "how long ago it was (2h"),
        (
            ["--only", "cluster=eu,stage=blue"],
            "--only cluster=eu --only stage=blue",
        ),
        (["--at", "99999999999"], "in the past"),
        (["--only", "a}b=c"], "is not the name of a label"),
        (["--prometheus", "ftp://x"], "not a URL that begins with http"),
    ] {
        let (done, said) = said(
            folder.path(),
            &[&["triage", "--model", "quiet"], &arguments[..]].concat(),
        );
        assert!(!done && said.contains(expected), "{expected}: {said}");
    }
}
