//! What every sub-command has in common, as a user runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn the_configuration_is_found_in_a_folder_above() {
    let home = folder();
    let below = home.path().join("services/scoring");
    fs::create_dir_all(&below).unwrap();
    assert!(run(home.path(), &["stack", "init"]).status.success());

    let generated = run(&below, &["stack", "generate"]);
    assert!(generated.status.success(), "{}", text(&generated.stderr));
    assert!(home.path().join("monitoring/prometheus/prometheus.yml").exists());
    assert!(run(&below, &["stack", "check"]).status.success());
    // One that is named is read from where one is.
    let named = run(&below, &["stack", "check", "--config", "modelwatch.toml"]);
    assert!(!named.status.success());
    assert!(text(&named.stderr).contains("modelwatch.toml: can't be read"));
}

/// Each command that has the option `--config`, with what else it needs to come as far as reading the file.
fn that_read_a_configuration() -> Vec<Vec<String>> {
    let of = |(command, option, _)| (option == "--config").then_some(command);
    options().into_iter().filter_map(of).collect()
}

#[test]
fn without_a_configuration_the_mend_is_named() {
    for command in that_read_a_configuration() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let missing = run(folder().path(), &arguments);
        let said = text(&missing.stderr);
        assert!(!missing.status.success(), "{command:?}");
        assert!(said.contains("modelwatch stack init"), "{command:?}: {said}");
    }
}

/// What is wrong in it shows which file each of them reads.
#[test]
fn every_command_reads_the_nearest_configuration_above() {
    let home = folder();
    let below = home.path().join("services/scoring");
    fs::create_dir_all(&below).unwrap();
    let above = home.path().join("services/modelwatch.toml");
    fs::write(&above, "nonsense = 1\n").unwrap();
    fs::write(home.path().join("modelwatch.toml"), "farther = 1\n").unwrap();
    let commands = that_read_a_configuration();
    assert!(commands.len() > 1, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let refused = run(&below, &arguments);
        let said = text(&refused.stderr);
        assert!(!refused.status.success(), "{command:?}");
        assert!(
            said.contains("nonsense") && said.contains("services/modelwatch.toml:1"),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn completions_are_scripts_of_their_shell() {
    let here = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = run(here.path(), &["completions", shell]);
        assert!(printed.status.success());
        assert!(text(&printed.stdout).contains("generate"), "{shell}");
    }
    let script = here.path().join("modelwatch.bash");
    fs::write(&script, run(here.path(), &["completions", "bash"]).stdout).unwrap();
    let checked = Command::new("bash").arg("-n").arg(&script).status().unwrap();
    assert!(checked.success());
}

#[test]
fn each_command_has_a_manual_page() {
    let here = folder();
    let written = run(here.path(), &["man", "man/man1"]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    for page in ["modelwatch", "modelwatch-stack-generate", "modelwatch-completions"] {
        let page = fs::read_to_string(here.path().join("man/man1").join(format!("{page}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    let unwritable = run(here.path(), &["man", "man/man1/modelwatch.1"]);
    assert!(text(&unwritable.stderr).contains("name a folder you may write to"));
}

#[test]
fn a_wrong_filter_of_the_log_is_a_wrong_command_line() {
    let here = folder();
    let wrong = command(here.path(), &["stack", "init"])
        .env("RUST_LOG", "modelwatch=loud")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let said = text(&wrong.stderr);
    assert!(
        said.contains("RUST_LOG=modelwatch=loud") && said.contains("give a level"),
        "{said}"
    );
    assert!(!here.path().join("modelwatch.toml").exists());
}

/// What no option alone can say of its value, as whether it is a URL or another option is missing.
#[test]
fn a_command_line_that_is_wrong_ends_with_2_whoever_finds_it_wrong() {
    let here = folder();
    run(here.path(), &["stack", "init"]);
    let wrong: &[&[&str]] = &[
        &["stack", "check", "--prometheus", "nowhere"],
        &["stack", "check", "--prometheus", "http://user:password@nowhere"],
        &["stack", "check", "--token-file", "token"],
        #[cfg(feature = "triage")]
        &["triage", "--prometheus", "nowhere"],
        #[cfg(feature = "drill")]
        &["drill", "no-such-incident"],
        #[cfg(feature = "drift")]
        &[
            "performance",
            "a",
            "b",
            "--label",
            "c",
            "--model",
            "m",
            "--textfile",
            "metrics.txt",
        ],
        #[cfg(feature = "drift")]
        &[
            "performance",
            "a",
            "b",
            "--label",
            "c",
            "--model",
            "m",
            "--pushgateway",
            "nowhere",
        ],
        #[cfg(feature = "kafka")]
        &[
            "ingest",
            "kafka",
            "--brokers",
            "kafka:9092",
            "--topic",
            "t",
            "--format",
            "avro",
        ],
        #[cfg(feature = "kafka")]
        &[
            "ingest",
            "kafka",
            "--brokers",
            "kafka:9092",
            "--topic",
            "t",
            "--registry",
            "http://registry",
        ],
        #[cfg(feature = "kafka")]
        &[
            "ingest",
            "kafka",
            "--brokers",
            "kafka:9092",
            "--topic",
            "t",
            "--log",
            "s3://bucket/log",
        ],
    ];
    for arguments in wrong {
        let refused = run(here.path(), arguments);
        assert_eq!(
            refused.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = text(&run(folder().path(), &["--help"]).stdout);
    for part in ["Examples:", "Exit codes:", "NO_COLOR", "RUST_LOG"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

/// The help of a command and of all below it, with the words that lead there.
fn helps(words: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let arguments: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    let help = text(&run(folder().path(), &arguments).stdout);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        helps(&[words, &[name.to_owned()]].concat(), found);
    }
    found.push((words.to_vec(), help));
}

/// A command line of an example without what is said of it: words, and the words between quotes.
fn words(example: &str) -> Vec<String> {
    let command = example.trim_start().split("   ").next().unwrap();
    // Where the answer goes is for the shell.
    let command = command.split(" > ").next().unwrap();
    command.split_whitespace().map(|word| word.replace('\'', "")).collect()
}

#[test]
fn every_command_has_examples_that_it_understands() {
    let mut found = Vec::new();
    helps(&[], &mut found);
    assert!(found.len() > 5, "{}", found.len());
    let mut examples = 0;
    for (command, help) in found {
        assert!(help.contains("\nExamples:\n"), "{command:?} has no example: {help}");
        // What all commands have follows what one has of its own.
        let options = help.lines().skip_while(|line| *line != "Options:").skip(1);
        let options = options.take_while(|line| line.is_empty() || line.starts_with(' '));
        let options: Vec<_> = options
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .collect();
        let common = options
            .iter()
            .position(|option| option.starts_with("-v,") || option.starts_with("-q,"));
        let last = &options[common.expect("every command has -v")..];
        let are_common = |option: &&str| {
            ["-v,", "-q,", "-h,", "-V,"]
                .iter()
                .any(|common| option.starts_with(common))
        };
        assert!(last.iter().all(are_common), "{command:?}: {help}");
        let lines = help.lines().skip_while(|line| !line.starts_with("Examples:"));
        let of_ours = lines.filter(|line| line.starts_with("  modelwatch "));
        for example in of_ours.flat_map(|line| line.split(" && ")) {
            // Help is printed where all that comes before it is understood.
            let words = words(example);
            let arguments: Vec<&str> = words[1..].iter().map(String::as_str).chain(["--help"]).collect();
            let understood = run(folder().path(), &arguments);
            assert!(understood.status.success(), "{example}: {}", text(&understood.stderr));
            examples += 1;
        }
    }
    assert!(examples > 5, "{examples}");
}

/// Each option of each command that takes a value, with the words that lead to the command.
fn options() -> Vec<(Vec<String>, String, String)> {
    static HELPS: LazyLock<Vec<(Vec<String>, String)>> = LazyLock::new(|| {
        let mut found = Vec::new();
        helps(&[], &mut found);
        found
    });
    let mut options = Vec::new();
    for (command, help) in HELPS.iter() {
        for line in help.lines().map(str::trim_start).filter(|line| line.starts_with("--")) {
            let mut words = line.split_whitespace();
            let (Some(option), Some(value)) = (words.next(), words.next()) else {
                continue;
            };
            let value = value.strip_prefix('<').and_then(|value| value.strip_suffix('>'));
            if let Some(value) = value {
                options.push((command.clone(), option.to_owned(), value.to_owned()));
            }
        }
    }
    options
}

/// Whether the command line is understood as far as this option, and what is said otherwise. No command runs.
fn understood(command: &[String], option: &str, value: &str) -> Result<(), String> {
    let given = format!("{option}={value}");
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain([&*given, "--help"]).collect();
    let ran = run(folder().path(), &arguments);
    match ran.status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(text(&ran.stderr)),
        code => panic!("{given}: {code:?}: {}", text(&ran.stderr)),
    }
}

/// Values of a kind are read alike by every option that takes one.
fn read_alike(kinds: &[&str], good: &[&str], bad: &[&str], hint: &str) {
    let mut tried = 0;
    for (command, option, kind) in options() {
        if !kinds.contains(&&*kind) {
            continue;
        }
        for value in good {
            let read = understood(&command, &option, value);
            assert_eq!(read, Ok(()), "{command:?} {option} {value:?}");
        }
        for value in bad {
            let said = understood(&command, &option, value).expect_err(&format!("{command:?} {option} {value:?}"));
            assert!(
                said.contains(&option) && said.contains(hint),
                "{command:?} {option} {value:?}: {said}"
            );
        }
        tried += 1;
    }
    assert!(tried > 0, "no option takes a {kinds:?}");
}

#[cfg(feature = "drift")]
#[test]
fn every_option_that_takes_a_time_reads_it_as_people_write_it() {
    let good = [
        "2026-05-01T14:03:00Z",
        "2026-05-01T14:03:00+02:00",
        "2026-05-01T14:03Z",
        "2026-05-01T14:03+02:00",
        "2026-05-01 14:03",
        "2026-05-01 14:03 UTC",
        "2026-05-01T14:03:09.5",
        "2026-05-01",
        "2026/05/01",
        "20260501",
        "1 May 2026",
        "May 1, 2026",
        "yesterday",
        "Yesterday",
        "yesterday 14:00",
        "now",
        "2h",
        "2h ago",
        "2 hours ago",
        "1 day 12 hours ago",
        "now-2h",
        "1w",
        "1777645380",
    ];
    // What looks like a moment and would silently be one of 1970, or of the year 58301.
    let bad = [
        "soon",
        "2026",
        "0",
        "90",
        "1777645380000",
        "2026-02-30",
        "2026-05-01T25:00:00Z",
        "12h1d",
        "ago",
        "100y",
        "-2h",
    ];
    read_alike(&["TIME"], &good, &bad, "yesterday");
}

#[test]
fn every_option_that_takes_a_duration_reads_units_and_names_its_range() {
    // As long as every one of them may be, and one that is longer by nature.
    for (command, option, _) in options().iter().filter(|(_, _, kind)| kind == "DURATION") {
        let unit = if option == "--history" { "hour" } else { "second" };
        let short = &unit[..1];
        for value in [format!("1{short}"), format!("1 {unit}"), format!("2 {unit}s")] {
            assert_eq!(
                understood(command, option, &value),
                Ok(()),
                "{command:?} {option} {value:?}"
            );
        }
    }
    read_alike(
        &["DURATION"],
        &[],
        &["soon", "1x", "-5s", "nan", "1h1h"],
        "write a duration",
    );
    let counted = options()
        .into_iter()
        .filter(|(_, _, kind)| kind.contains("SECOND") || kind.contains("MINUTE"));
    assert_eq!(counted.collect::<Vec<_>>(), []);
}

#[cfg(feature = "drift")]
#[test]
fn every_option_that_takes_a_number_names_its_range() {
    let bad = ["many", "-1", "1.5", "1e6", "99999999999999999999"];
    read_alike(
        &["ROWS", "WINDOWS", "BYTES", "MIB", "NUMBER"],
        &["8"],
        &bad,
        "write a whole number",
    );
}

#[cfg(feature = "drift")]
#[test]
fn every_option_that_takes_a_list_takes_commas_with_blanks() {
    read_alike(
        &["COLUMNS", "MODELS", "NAMES", "FIELDS"],
        &["a", "a,b", "a, b"],
        &["a,", "a,,b"],
        "is empty",
    );
    read_alike(
        &["THEIRS=OURS", "CLASS=COLUMN"],
        &["a=b", "a=b,c=d", "a=b, c=d"],
        &["a", "a=b,c", "=b"],
        "such as",
    );
}

#[cfg(feature = "drift")]
#[test]
fn every_option_that_takes_an_address_takes_a_name_or_a_port_alone() {
    let good = ["127.0.0.1:0", "localhost:0", ":0", "[::1]:0"];
    read_alike(
        &["ADDRESS"],
        &good,
        &["nowhere", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:80"],
        "such as 127.0.0.1:",
    );
}

/// `--model "$MODEL"`, where the variable is not set, names nothing.
#[test]
fn no_option_takes_an_empty_value() {
    for (command, option, kind) in options() {
        for value in ["", " "] {
            let said = understood(&command, &option, value);
            assert!(said.is_err(), "{command:?} {option} <{kind}> takes {value:?}");
        }
    }
}

/// A full disk cuts an answer short: whoever reads it later must not take it for whole.
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let here = folder();
    for (arguments, code) in [
        (&["--help"][..], 1),
        (&["stack", "init", "--help"], 1),
        (&["--version"], 1),
        (&["completions", "bash"], 1),
        (&["man", "pages"], 1),
        (&["stack", "init"], 1),
        (&["stack", "generate"], 1),
        (&["stack", "check"], 1),
    ] {
        fails_on_a_full_disk(here.path(), arguments, code);
    }
}

fn fails_on_a_full_disk(here: &Path, arguments: &[&str], code: i32) {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let failed = command(here, arguments).stdout(full).output().unwrap();
    let said = text(&failed.stderr);
    assert_eq!(failed.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(
        said.contains("can't be written to standard output"),
        "{arguments:?}: {said}"
    );
}

/// `head` reads what it needs and goes.
#[test]
fn a_reader_that_goes_is_no_failure() {
    let here = folder();
    for arguments in [
        &["completions", "bash"][..],
        &["--help"],
        &["stack", "--help"],
        &["--version"],
        &["man", "pages"],
        &["stack", "init"],
        &["stack", "generate"],
        &["stack", "check"],
        &["stack", "check", "--json"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = command(here.path(), arguments).stdout(writer).output().unwrap();
        let said = (done.status.code(), text(&done.stderr));
        assert_eq!(said, (Some(0), String::new()), "{arguments:?}");
    }
}

/// The commands of "Your first alert" in docs/getting-started.md, as they stand: who scrapes what and tells whom.
#[test]
fn the_commands_of_the_first_alert_watch_the_service_and_tell_the_webhook() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/getting-started.md")).unwrap();
    let chapter = page.split("## Your first alert\n").nth(1).unwrap();
    let typed = chapter.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let here = folder();
    let mut ran = 0;
    for line in typed.lines().filter(|line| line.starts_with("modelwatch ")) {
        let arguments: Vec<&str> = line.split("   #").next().unwrap().split_whitespace().skip(1).collect();
        let done = run(here.path(), &arguments);
        assert!(done.status.success(), "{line}: {}", text(&done.stderr));
        ran += 1;
    }
    assert_eq!(ran, 3);
    let written = |file: &str| fs::read_to_string(here.path().join("monitoring").join(file)).unwrap();
    let scraped = written("prometheus/prometheus.yml");
    assert!(scraped.contains("host.docker.internal:8000"), "{scraped}");
    let told = written("alertmanager/alertmanager.yml");
    assert!(told.contains("url: http://host.docker.internal:5001/"), "{told}");
    assert!(!told.contains("slack_configs"), "{told}");
    for wrong in [
        ["--target", "http://127.0.0.1:8000"],
        ["--target", "127.0.0.1"],
        ["--webhook", "127.0.0.1:5001"],
    ] {
        let refused = run(here.path(), &[&["stack", "init", "other.toml"][..], &wrong].concat());
        let said = text(&refused.stderr);
        assert!(
            refused.status.code() == Some(2) && said.contains("write a"),
            "{wrong:?}: {said}"
        );
    }
}

#[test]
fn stack_init_makes_the_folder_of_the_file() {
    let here = folder();
    let done = run(here.path(), &["stack", "init", "teams/claims.toml"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(here.path().join("teams/claims.toml").exists());
}

/// A signal in the middle of a file, as Ctrl-C may come: no file is half of what it should be, so the next run has nothing
/// to complain of.
#[test]
fn an_interrupted_stack_generate_can_be_run_again() {
    let here = folder();
    run(here.path(), &["stack", "init"]);
    let limited = format!(
        "ulimit -c 0; ulimit -f 8; exec '{}' stack generate",
        env!("CARGO_BIN_EXE_modelwatch")
    );
    let ended = Command::new("bash")
        .args(["-c", &limited])
        .current_dir(here.path())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), None, "{}", text(&ended.stdout));

    let again = run(here.path(), &["stack", "generate"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    let mut folders = vec![here.path().join("monitoring")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(
                path.extension().is_none_or(|ending| ending != "tmp"),
                "{}",
                path.display()
            );
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

/// Ctrl-C while promtool works, which here is a script that waits.
#[cfg(feature = "drill")]
#[test]
fn an_interrupted_drill_leaves_no_folder_behind() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    let here = folder();
    run(here.path(), &["stack", "init"]);
    let tool = here.path().join("tool");
    fs::write(
        &tool,
        "#!/bin/sh\n[ \"$1\" = --version ] && exit\ntouch working\nexec sleep 5\n",
    )
    .unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let temporary = here.path().join("temporary");
        fs::create_dir(&temporary).unwrap();
        let drill = ["drill", "canary-errors", "--promtool", "./tool", "--amtool", "./tool"];
        let mut drill = command(here.path(), &drill).env("TMPDIR", &temporary).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !here.path().join("working").exists() {
            assert!(Instant::now() < deadline, "promtool was not run");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1);
        let killed = Command::new("kill")
            .args([signal, &drill.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(drill.wait().unwrap().code(), Some(code), "{signal}");
        fs::remove_file(here.path().join("working")).unwrap();
        // It would not be removed if anything were in it.
        fs::remove_dir(&temporary).unwrap();
    }
}

#[cfg(feature = "drift")]
mod drift {
    use std::process::{Command, Stdio};

    use super::{command, folder, fs, run, text};

    /// Two files of which one has drifted.
    fn files(here: &std::path::Path) {
        let rows = |shift: u32| {
            let lines: String = (0..2_000).map(|row| format!("{}\n", row % 50 + shift)).collect();
            format!("amount\n{lines}")
        };
        fs::write(here.join("before.csv"), rows(0)).unwrap();
        fs::write(here.join("after.csv"), rows(40)).unwrap();
    }

    /// What a wrong command line is answered with, and nothing else.
    #[track_caller]
    fn refused(here: &std::path::Path, arguments: &[&str]) -> String {
        let ran = run(here, arguments);
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(text(&ran.stdout), "", "{arguments:?}");
        said
    }

    #[test]
    fn quiet_leaves_standard_error_to_errors() {
        let here = folder();
        files(here.path());
        let compare = ["drift", "compare", "before.csv", "after.csv"];
        let loud = run(here.path(), &compare);
        assert!(loud.status.success(), "{}", text(&loud.stderr));
        assert!(!loud.stderr.is_empty());
        let quiet = run(here.path(), &[&compare[..], &["--quiet"]].concat());
        assert_eq!(text(&quiet.stderr), "");
        assert_eq!(quiet.stdout, loud.stdout);
        let failing = run(here.path(), &["-q", "drift", "compare", "nowhere.csv", "after.csv"]);
        assert_eq!(failing.status.code(), Some(2));
        assert!(text(&failing.stderr).contains("nowhere.csv"));
    }

    #[test]
    fn colours_are_for_terminals_alone() {
        let here = folder();
        files(here.path());
        let compare = ["drift", "compare", "before.csv", "after.csv"];
        let plain = run(here.path(), &compare);
        assert!(text(&plain.stdout).contains("DRIFT"), "{}", text(&plain.stdout));
        assert!(!text(&plain.stdout).contains('\u{1b}'));
        let forced = command(here.path(), &compare)
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        assert!(
            text(&forced.stdout).contains("\u{1b}[1m\u{1b}[31mDRIFT"),
            "{}",
            text(&forced.stdout)
        );
        let refused = command(here.path(), &compare)
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        assert!(!text(&refused.stdout).contains('\u{1b}'));
    }

    #[test]
    fn lists_take_commas_and_may_be_repeated() {
        let here = folder();
        let rows: String = (0..1_000)
            .map(|row| format!("{row},{},{}\n", row % 7, row % 11))
            .collect();
        for file in ["before.csv", "after.csv"] {
            fs::write(here.path().join(file), format!("amount,kind,place\n{rows}")).unwrap();
        }
        let shown = |more: &[&str]| {
            let compare = [&["-q", "drift", "compare", "before.csv", "after.csv"], more].concat();
            let ran = run(here.path(), &compare);
            assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
            text(&ran.stdout)
        };
        let (commas, repeated) = (
            shown(&["--without", "kind,place"]),
            shown(&["--without", "kind", "--without", "place"]),
        );
        assert_eq!(commas, repeated);
        assert!(commas.contains("amount") && !commas.contains("kind"), "{commas}");
        assert!(shown(&[]).contains("kind"));
    }

    #[test]
    fn a_column_to_split_rows_by_that_no_file_has_is_refused() {
        let here = folder();
        files(here.path());
        let said = refused(
            here.path(),
            &["drift", "compare", "before.csv", "after.csv", "--segment", "nope"],
        );
        assert!(
            said.contains("\"nope\"") && said.contains("name another column"),
            "{said}"
        );
    }

    /// A header that was written with `, ` has columns with a blank before their names.
    #[test]
    fn a_list_names_columns_whatever_blanks_are_around_them() {
        let here = folder();
        let rows: String = (0..1_000)
            .map(|row| format!("{row},{},{}\n", row % 7, row % 11))
            .collect();
        for file in ["before.csv", "after.csv"] {
            fs::write(here.path().join(file), format!("amount, kind, place\n{rows}")).unwrap();
        }
        for list in ["kind,place", "kind, place", " kind , place "] {
            let compare = ["-q", "drift", "compare", "before.csv", "after.csv", "--without", list];
            let ran = run(here.path(), &compare);
            assert_eq!(ran.status.code(), Some(0), "{list:?}: {}", text(&ran.stderr));
            let shown = text(&ran.stdout);
            assert!(shown.contains("amount") && !shown.contains("kind"), "{list:?}: {shown}");
        }
    }

    /// What an option needs is in its help; without it, it would do nothing and say nothing.
    #[test]
    fn an_option_that_would_have_no_effect_is_a_wrong_command_line() {
        let here = folder();
        files(here.path());
        let performance = ["performance", "before.csv", "after.csv", "--label", "amount"];
        for (arguments, names) in [
            (&["drift", "once", "--job", "night"][..], "--pushgateway"),
            (&[&performance[..], &["--model", "claims"]].concat(), "--textfile"),
        ] {
            let said = refused(here.path(), arguments);
            assert!(said.contains(names), "{arguments:?}: {said}");
        }
        let said = refused(here.path(), &[&performance[..], &["--threshold", "nan"]].concat());
        assert!(said.contains("write a number"), "{said}");
        let never = [&performance[..], &["--since", "2026-05-02", "--now", "2026-05-01"]].concat();
        let said = refused(here.path(), &never);
        assert!(said.contains("an earlier --since or a later --now"), "{said}");
    }

    #[test]
    fn performance_warns_when_it_measured_nothing_or_an_option_has_no_effect() {
        let here = folder();
        let rows: String = (0..1_000)
            .map(|row| format!("2026-05-01T00:00:00Z,0.{},{}\n", row % 10, u32::from(row % 10 > 4)))
            .collect();
        fs::write(here.path().join("scored.csv"), format!("time,score,late\n{rows}")).unwrap();
        let said = |more: &[&str]| {
            let measure = [
                "performance",
                "scored.csv",
                "scored.csv",
                "--label",
                "late",
                "--score",
                "score",
            ];
            let ran = run(here.path(), &[&measure[..], more].concat());
            assert!(ran.status.success(), "{more:?}: {}", text(&ran.stderr));
            text(&ran.stderr)
        };
        let quiet = said(&[]);
        assert!(!quiet.contains("warning:"), "{quiet}");
        let nothing = said(&["--time", "time", "--since", "2026-05-02"]);
        assert!(nothing.contains("no prediction was measured"), "{nothing}");
        let in_vain = said(&["--features", "time"]);
        assert!(in_vain.contains("--features has no effect"), "{in_vain}");
    }

    #[test]
    fn answers_for_programs_are_json() {
        let here = folder();
        files(here.path());
        let json = |arguments: &[&str], code: i32| -> serde_json::Value {
            let ran = run(here.path(), arguments);
            assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {}", text(&ran.stderr));
            serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
        };
        let made = json(
            &[
                "baseline",
                "before.csv",
                "--model",
                "claims",
                "--output",
                "claims.json",
                "--json",
            ],
            0,
        );
        assert_eq!((&made["rows"], &made["features"]), (&2_000.into(), &1.into()), "{made}");
        assert_eq!(made["columns"][0]["name"], "amount", "{made}");
        fs::create_dir(here.path().join("log")).unwrap();
        let compacted = json(&["log", "compact", "log", "--json"], 0);
        assert_eq!(
            (&compacted["hours"], &compacted["files_before"]),
            (&0.into(), &0.into()),
            "{compacted}"
        );
        let said = text(&run(here.path(), &["log", "compact", "log"]).stderr);
        assert!(said.contains("no folder model="), "{said}");

        run(here.path(), &["stack", "init"]);
        let missing = json(&["stack", "check", "--json"], 1);
        assert!(!missing["problems"].as_array().unwrap().is_empty(), "{missing}");
        run(here.path(), &["stack", "generate"]);
        let clean = json(&["stack", "check", "--json"], 0);
        assert_eq!(clean["problems"], serde_json::json!([]), "{clean}");
        assert!(clean["files"].as_u64().unwrap() > 100, "{clean}");
    }

    #[test]
    fn files_that_cannot_be_compared_are_refused_in_words() {
        let here = folder();
        files(here.path());
        fs::write(here.path().join("others.csv"), "price,kind\n1,a\n").unwrap();
        let rows: String = (0..2_000).map(|row| format!("{},{}\n", row % 50, row % 7)).collect();
        fs::write(here.path().join("two.csv"), format!("amount,place\n{rows}")).unwrap();
        for (reference, current, says) in [
            (
                "two.csv",
                "others.csv",
                r#"has none of the columns "amount", "place"; it has "price", "kind""#,
            ),
            (
                "before.csv",
                "http://127.0.0.1:1/after.csv",
                "name an address with https://",
            ),
            (
                "http://127.0.0.1:1/before.csv",
                "after.csv",
                "name an address with https://",
            ),
        ] {
            let compare = ["drift", "compare", reference, current];
            let ran = run(here.path(), &compare);
            let said = [text(&ran.stdout), text(&ran.stderr)].concat();
            assert_eq!(ran.status.code(), Some(2), "{compare:?}: {said}");
            assert!(said.contains(says), "{compare:?}: {said}");
        }
    }

    /// It is noticed before the files are read, as reading them may take an hour.
    #[test]
    fn a_page_that_cannot_be_written_is_refused_first() {
        let here = folder();
        files(here.path());
        let said = refused(
            here.path(),
            &["drift", "compare", "before.csv", "after.csv", "--html", "."],
        );
        assert!(said.contains("--html"), "{said}");
    }

    #[test]
    fn exit_codes_tell_drift_from_what_could_not_be_looked_at() {
        let here = folder();
        files(here.path());
        let compare = |more: &[&str]| run(here.path(), &[&["drift", "compare"], more].concat()).status.code();
        assert_eq!(compare(&["before.csv", "after.csv"]), Some(0));
        assert_eq!(compare(&["before.csv", "after.csv", "--fail-on-drift"]), Some(1));
        assert_eq!(compare(&["before.csv", "before.csv", "--fail-on-drift"]), Some(0));
        assert_eq!(compare(&["before.csv", "nowhere.csv"]), Some(2));
        assert_eq!(compare(&["before.csv"]), Some(2));
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let here = folder();
        run(here.path(), &["stack", "init"]);
        for good in [
            "2026-05-01T14:03:00Z",
            "2026-05-01T14:03:00+02:00",
            "2026-05-01 14:03",
            "2026-05-01T14:03:09.5",
            "2026-05-01",
            "yesterday",
            "2h",
            "1d12h ago",
            "1777645380",
        ] {
            let said = text(&run(here.path(), &["drift", "report", "--from", good, "--to", "now"]).stderr);
            assert!(!said.contains("invalid value"), "{good}: {said}");
        }
        for bad in [
            "",
            "soon",
            "2026-13-01",
            "2026-05-01T25:00:00Z",
            "12h1d",
            "-2h",
            "2026-02-30",
        ] {
            let from = format!("--from={bad}");
            let refused = run(here.path(), &["drift", "report", &from]);
            assert_eq!(refused.status.code(), Some(2), "{bad}");
            let said = text(&refused.stderr);
            assert!(said.contains("yesterday") && said.contains("2h"), "{bad}: {said}");
        }
        let swapped = ["drift", "report", "--from", "2026-05-02", "--to", "2026-05-01"];
        let said = text(&run(here.path(), &swapped).stderr);
        assert!(said.contains("swap --from and --to"), "{said}");
        let future = text(&run(here.path(), &["drift", "report", "--from", "2126-05-02"]).stderr);
        assert!(future.contains("name a --from in the past"), "{future}");
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_a_failure() {
        let here = folder();
        files(here.path());
        let compare = ["drift", "compare", "before.csv", "after.csv"];
        super::fails_on_a_full_disk(here.path(), &compare, 2);
        super::fails_on_a_full_disk(here.path(), &[&compare[..], &["--json"]].concat(), 2);
        let baseline = ["baseline", "before.csv", "--model", "claims", "--output", "claims.json"];
        super::fails_on_a_full_disk(here.path(), &baseline, 1);
    }

    /// `/dev/stdout`, a device or a named pipe stays what it is.
    #[test]
    fn what_is_no_file_is_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt as _;

        let here = folder();
        files(here.path());
        let pipe = here.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
        let baseline = |output: &str| {
            run(
                here.path(),
                &["baseline", "before.csv", "--model", "claims", "--output", output],
            )
        };
        let made = baseline("pipe");
        if !fs::metadata(&pipe).unwrap().file_type().is_fifo() {
            reader.kill().unwrap();
            panic!("the pipe was replaced");
        }
        assert!(made.status.success(), "{}", text(&made.stderr));
        let read = reader.wait_with_output().unwrap();
        assert!(text(&read.stdout).contains("\"amount\""), "{}", text(&read.stdout));

        std::os::unix::fs::symlink("kept.json", here.path().join("link.json")).unwrap();
        fs::write(here.path().join("kept.json"), "").unwrap();
        assert!(baseline("link.json").status.success());
        assert!(
            fs::symlink_metadata(here.path().join("link.json"))
                .unwrap()
                .is_symlink()
        );
        let kept = fs::read_to_string(here.path().join("kept.json")).unwrap();
        assert!(kept.contains("\"amount\""), "{kept}");
    }
}
