use super::*;
use health::inventory::Kind;
use serde_json::{Value, json};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn message(occasion: Occasion) -> Message {
    let began = at("2026-03-01T08:00:00Z");
    Message {
        id: "5f0c".to_owned(),
        at: at("2026-03-01T10:00:00.250Z"),
        occasion,
        alarm: Alarm {
            id: "a-17".to_owned(),
            resource: ResourceKey {
                kind: Kind::FailoverGroup,
                connection: "plant-a".to_owned(),
                id: "crude/01".to_owned(),
            },
            name: "CRUDE-01".to_owned(),
            severity: Severity::Critical,
            rank: 1,
            word: "No primary".into(),
            sentence: "No member of CRUDE-01 is primary.".to_owned(),
            advice: "Start a member.".to_owned(),
            since: Since::Reported(began),
            flapping: None,
            acknowledged: None,
            notes: Vec::new(),
            maintenance: None,
        },
        until: matches!(occasion, Occasion::Ended | Occasion::Unwatched)
            .then(|| at("2026-03-01T09:00:00Z")),
        others: Vec::new(),
        omitted: 0,
        omitted_connections: Default::default(),
        connection: "Plant A".to_owned(),
        link: Some("https://console.example/groups/plant-a/crude%2F01".to_owned()),
    }
}

fn test_message() -> Message {
    Message::test("77aa".to_owned(), at("2026-03-01T10:00:00Z"), None)
}

const OPEN: &str = "No member of CRUDE-01 is primary.\n\n\
    What to do: Start a member.\n\
    Since: 2026-03-01 08:00:00 UTC\n\
    Connection: Plant A\n";

const ENDED: &str = "It was: No member of CRUDE-01 is primary.\n\n\
    Since: 2026-03-01 08:00:00 UTC\n\
    Ended: 2026-03-01 09:00:00 UTC, after 1 h\n\
    Connection: Plant A\n";

#[test]
fn a_message_about_many_alarms_counts_and_lists_them() {
    let one = message(Occasion::Began);
    let other = |name: &str| Alarm {
        name: name.to_owned(),
        word: "Heartbeat late".into(),
        ..one.alarm.clone()
    };
    let storm = Message {
        others: vec![other("CRUDE-02"), other("a\nb <!channel>")],
        omitted: 40,
        ..one.clone()
    };
    let headline = "Critical: 43 alarms, the worst of them CRUDE-01 (Plant A): No primary";
    assert_eq!(mail_subject(&storm), headline);
    let list = "Others: CRUDE-02: Heartbeat late; a b <!channel>: Heartbeat late; and 40 more";
    assert!(mail_text(&storm).contains(list), "{}", mail_text(&storm));
    let json = webhook_json(&storm);
    assert_eq!(
        (&json["omitted"], &json["others"][0]["name"]),
        (&json!(40), &json!("CRUDE-02"))
    );
    assert_eq!(slack_json(&storm)["text"], headline);
    assert!(!slack_json(&storm).to_string().contains("<!channel>"));
    assert!(teams_json(&storm).to_string().contains("and 40 more"));
}

#[test]
fn every_format_has_headline_text_and_link_for_every_occasion() {
    let critical = ("#c62828", "Attention");
    let normal = ("#2e7d32", "Good");
    let unknown = ("#757575", "Default");
    let unwatched = ENDED.replace("Ended:", "Watched until:");
    let unwatched = unwatched.as_str();
    for (message, headline, text, (slack, teams)) in [
        (
            message(Occasion::Began),
            "Critical: CRUDE-01 (Plant A): No primary",
            OPEN,
            critical,
        ),
        (
            message(Occasion::Worse),
            "Worse: Critical: CRUDE-01 (Plant A): No primary",
            OPEN,
            critical,
        ),
        (
            message(Occasion::Reminder),
            "Still open for 2 h: Critical: CRUDE-01 (Plant A): No primary",
            OPEN,
            critical,
        ),
        (
            message(Occasion::Ended),
            "Ended: CRUDE-01 (Plant A): No primary",
            ENDED,
            normal,
        ),
        (
            message(Occasion::Unwatched),
            "No longer watched: CRUDE-01 (Plant A): No primary",
            unwatched,
            unknown,
        ),
        (
            test_message(),
            "Test: Failover Console: Alerts arrive here",
            "This is a test: there is no alarm.\n",
            normal,
        ),
    ] {
        let link = match &message.link {
            Some(link) => format!("\nOpen in Failover Console: {link}\n"),
            None => String::new(),
        };
        let signature = "\n-- \nFailover Console, 2026-03-01 10:00:00 UTC\n";
        assert_eq!(mail_subject(&message), headline);
        assert_eq!(
            mail_text(&message),
            format!("{headline}\n\n{text}{link}{signature}")
        );

        let json = slack_json(&message);
        let attachment = &json["attachments"][0];
        assert_eq!(json["text"], headline);
        assert_eq!(attachment["color"], slack);
        assert_eq!(attachment["title_link"], json!(message.link), "{headline}");
        let mut fields = format!("{}\n", attachment["text"].as_str().unwrap());
        for (index, field) in attachment["fields"].as_array().unwrap().iter().enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            let [title, value] = ["title", "value"].map(|key| field[key].as_str().unwrap());
            fields += &format!("{gap}{title}: {value}\n");
        }
        assert_eq!(fields, text);

        let json = teams_json(&message);
        let card = &json["attachments"][0]["content"];
        let lines: Vec<String> = card["body"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| {
                assert_eq!(block["type"], "RichTextBlock", "a block without Markdown");
                let runs = block["inlines"].as_array().unwrap().iter();
                runs.map(|run| run["text"].as_str().unwrap()).collect()
            })
            .collect();
        let expected: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines[0], headline);
        assert_eq!(lines[1..], expected);
        assert_eq!(card["body"][0]["inlines"][0]["color"], teams);
        assert_eq!(card["actions"][0]["url"], json!(message.link), "{headline}");
    }
}

#[test]
fn the_own_json_is_as_documented() {
    let complete = json!({
        "version": 1,
        "id": "5f0c",
        "occasion": "began",
        "at": "2026-03-01T10:00:00.250Z",
        "alarm": {
            "id": "a-17",
            "severity": "critical",
            "word": "No primary",
            "sentence": "No member of CRUDE-01 is primary.",
            "advice": "Start a member.",
            "since": "2026-03-01T08:00:00.000Z",
            "since_is_reported": true,
            "until": null,
            "kind": "failover_group",
            "connection": "plant-a",
            "connection_title": "Plant A",
            "resource": "crude/01",
            "name": "CRUDE-01",
        },
        "others": [],
            "omitted": 0,
            "link": "https://console.example/groups/plant-a/crude%2F01",
    });
    assert_eq!(webhook_json(&message(Occasion::Began)), complete);
    for (occasion, word) in [
        (Occasion::Worse, "worse"),
        (Occasion::Reminder, "reminder"),
        (Occasion::Ended, "ended"),
        (Occasion::Unwatched, "unwatched"),
    ] {
        let mut expected = complete.clone();
        expected["occasion"] = json!(word);
        if matches!(word, "ended" | "unwatched") {
            expected["alarm"]["until"] = json!("2026-03-01T09:00:00.000Z");
        }
        assert_eq!(webhook_json(&message(occasion)), expected);
    }
    let test = webhook_json(&test_message());
    assert_eq!(
        (&test["occasion"], &test["alarm"]["severity"], &test["link"]),
        (&json!("test"), &json!("normal"), &Value::Null)
    );
    let mut seen = message(Occasion::Began);
    seen.alarm.since = Since::Observed(seen.at);
    assert_eq!(
        webhook_json(&seen)["alarm"]["since_is_reported"],
        json!(false)
    );
    assert!(mail_text(&seen).contains("\nSeen since: 2026-03-01 10:00:00 UTC\n"));
}

/// Markup of Slack and Mattermost, and its escaped form.
#[test]
fn vendor_texts_are_never_interpreted_as_markup() {
    for (name, slack) in [
        ("<!channel> & co", "&lt;!channel&gt; &amp; co"),
        ("*bold* ~gone~ `code`", "∗bold∗ ∼gone∼ ˋcodeˋ"),
        ("_slanted_ CRUDE_01_a", "ˍslantedˍ CRUDE_01_a"),
        ("@channel", "@\u{200b}channel"),
        ("[here](http://evil)", "[here]\u{200b}(http://evil)"),
        ("<http://evil|here>", "&lt;http://evil|here&gt;"),
    ] {
        let mut message = message(Occasion::Began);
        message.alarm.name = name.to_owned();
        message.alarm.sentence = format!("# {name}");
        let json = slack_json(&message);
        assert_eq!(
            json["text"],
            format!("Critical: {slack} (Plant A): No primary")
        );
        let attachment = &json["attachments"][0];
        assert_eq!(attachment["text"], format!("\u{200b}# {slack}"));
        assert_eq!(attachment["fallback"], json["text"]);
        let card = teams_json(&message)["attachments"][0]["content"].clone();
        let run = &card["body"][0]["inlines"][0];
        assert_eq!(run["type"], "TextRun");
        assert_eq!(
            run["text"],
            format!("Critical: {name} (Plant A): No primary")
        );
        assert_eq!(webhook_json(&message)["alarm"]["name"], name);
    }
}

#[test]
fn texts_hold_no_line_breaks_and_no_bidirectional_controls() {
    for (text, expected) in [
        (
            "CRUDE\r\nBcc: all@plant.example",
            "CRUDE  Bcc: all@plant.example",
        ),
        ("  CRUDE\t01\u{2028}02\u{0} ", "CRUDE 01 02"),
        ("CRUDE\u{202e}10\u{2066}", "CRUDE10"),
        ("Rohöl – 原油", "Rohöl – 原油"),
        ("", ""),
    ] {
        assert_eq!(line(text, 100), expected);
        let mut message = message(Occasion::Began);
        message.alarm.name = text.to_owned();
        message.alarm.sentence = text.to_owned();
        message.alarm.word = text.to_owned().into();
        let subject = mail_subject(&message);
        assert!(!subject.contains(['\r', '\n']), "{subject:?}");
        assert!(subject.contains(expected), "{subject:?}");
        assert_eq!(webhook_json(&message)["alarm"]["word"], expected);
    }
}

#[test]
fn long_texts_are_truncated_with_an_ellipsis() {
    let long = "é".repeat(10_000);
    let mut message = message(Occasion::Began);
    message.alarm.name.clone_from(&long);
    message.alarm.word = long.clone().into();
    message.alarm.sentence.clone_from(&long);
    message.alarm.advice.clone_from(&long);
    message.connection.clone_from(&long);
    let cut = |limit: usize| format!("{}…", "é".repeat(limit - 1));
    let json = webhook_json(&message);
    let alarm = &json["alarm"];
    for (key, limit) in [
        ("name", 200),
        ("word", 200),
        ("connection_title", 200),
        ("sentence", 1_000),
        ("advice", 1_000),
    ] {
        assert_eq!(alarm[key], cut(limit), "{key}");
    }
    let subject = mail_subject(&message);
    assert_eq!(subject.chars().count(), 200);
    assert!(subject.ends_with('…'));
    for json in [slack_json(&message), teams_json(&message)] {
        assert!(
            json.to_string().len() < 16_000,
            "the limit of Teams is 28 KB"
        );
    }
    assert_eq!(line(&"é".repeat(200), 200), "é".repeat(200));
}

#[test]
fn a_connection_is_not_named_twice() {
    let mut message = message(Occasion::Began);
    message.alarm.name.clone_from(&message.connection);
    assert_eq!(mail_subject(&message), "Critical: Plant A: No primary");
}

#[test]
fn a_saved_message_is_restored_unchanged() {
    let message = message(Occasion::Reminder);
    let saved = serde_json::to_string(&message).unwrap();
    let read: Message = serde_json::from_str(&saved).unwrap();
    assert_eq!(read, message);
}
