use super::*;

fn book() -> Book {
    Book::default()
}

fn net(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn ask(book: &mut Book, number: &str, now: u64) -> String {
    match book.ask(number.to_owned(), net(1), now).unwrap() {
        Answer::Waiting { code, left } => {
            assert_eq!(left, LIFE);
            code
        }
        other => panic!("{other:?}"),
    }
}

fn pair(book: &mut Book, code: &str, name: &str, now: u64) -> Result<Wall, String> {
    let pair = Pair {
        code: code.to_owned(),
        name: name.to_owned(),
        by: "ann".to_owned(),
        id: format!("id of {name}"),
    };
    book.pair(pair, now).map_err(|problem| {
        let kind = problem.kind.name();
        format!("{kind}: {}", problem.detail)
    })
}

#[test]
fn a_code_makes_one_wall_once_and_in_time() {
    let mut book = book();
    let code = ask(&mut book, "n", 1_000);
    let other = ask(&mut book, "m", 1_000);
    assert!(matches!(
        book.answer("n", 1_599),
        Answer::Waiting { left: 1, .. }
    ));
    assert_eq!(book.answer("nobody's", 1_000), Answer::Over);
    let wall = pair(&mut book, &code.to_lowercase(), " Hall ", 1_599).unwrap();
    assert_eq!(
        (wall.name.as_str(), wall.paired_by.as_str(), wall.paired_at),
        ("Hall", "ann", 1_599)
    );
    let paired = Answer::Paired {
        id: wall.id.clone(),
        name: wall.name,
    };
    assert_eq!(book.answer("n", 1_599), paired);
    assert_eq!(
        book.answer("n", 2_198),
        paired,
        "a screen that was slow to ask"
    );
    assert_eq!(
        book.answer("n", 2_199),
        Answer::Over,
        "a copy of its cookie, later"
    );
    for (code, name, now, expected) in [
        (
            &code,
            "Two",
            1_599,
            "wrong-code: this code was used already",
        ),
        (&other, "Two", 1_600, "wrong-code: this code has expired"),
        (
            &"CDFG-CDFG".to_owned(),
            "Two",
            1_500,
            "wrong-code: no screen shows this code",
        ),
        (
            &"nonsense".to_owned(),
            "Two",
            1_500,
            "wrong-code: no screen shows this code",
        ),
        (
            &other,
            "hALL",
            1_500,
            "name-taken: there is a wall called \"hALL\" already",
        ),
        (&other, "  ", 1_500, "bad-request: the wall needs a name"),
        (
            &other,
            "a\u{7}b",
            1_500,
            "bad-request: the wall's name holds",
        ),
        (
            &other,
            &"x".repeat(65),
            1_500,
            "bad-request: the wall's name is longer than 64",
        ),
    ] {
        let before = book.clone();
        let refused = pair(&mut book, code, name, now).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
        assert_eq!(book, before, "{expected}");
    }
    pair(&mut book, &other, "Two", 1_500).unwrap();
}

#[test]
fn a_revoked_wall_is_gone_with_what_could_bring_it_back() {
    let mut book = book();
    let code = ask(&mut book, "n", 0);
    let wall = pair(&mut book, &code, "Hall", 0).unwrap();
    assert_eq!(book.revoke("another").unwrap_err().kind, Kind::NotFound);
    assert_eq!(book.revoke(&wall.id).unwrap().name, "Hall");
    assert_eq!(book.answer("n", 1), Answer::Over);
    book.saw(&wall.id, net(1), 5);
    assert!(book.wall(&wall.id).is_none());
    assert_eq!(book.revoke(&wall.id).unwrap_err().kind, Kind::NotFound);
    let refused = pair(&mut book, &code, "Hall", 1).unwrap_err();
    assert!(refused.contains("no screen shows"), "{refused}");
}

#[test]
fn one_address_and_all_of_them_have_so_many_codes_and_no_more() {
    let mut book = book();
    for number in 0..PER_NETWORK {
        ask(&mut book, &number.to_string(), number as u64);
    }
    let refused = book.ask("x".to_owned(), net(1), 100).unwrap_err();
    assert_eq!(refused.kind, Kind::TooManyTries);
    assert_eq!(
        refused.retry_after,
        Some(1_100),
        "when the first is forgotten"
    );
    for number in book.codes.len()..MOST_CODES {
        let network = IpAddr::from([10, 0, (number / 16) as u8, 1]);
        book.ask(number.to_string(), network, 100).unwrap();
    }
    let refused = book.ask("x".to_owned(), net(2), 100).unwrap_err();
    assert_eq!(refused.kind, Kind::Overloaded);
    book.ask("x".to_owned(), net(1), 1_200).unwrap();
    let codes: HashSet<&String> = book.codes.iter().map(|code| &code.code).collect();
    assert_eq!(codes.len(), book.codes.len());
}

#[test]
fn only_the_latest_sight_counts() {
    let mut book = book();
    let code = ask(&mut book, "n", 0);
    let id = pair(&mut book, &code, "Hall", 0).unwrap().id;
    for (at, last) in [(10, 1), (20, 2), (15, 3)] {
        book.saw(&id, net(last), at);
    }
    let wall = book.wall(&id).unwrap();
    assert_eq!((wall.seen_at, wall.address), (Some(20), Some(net(2))));
}

#[test]
fn what_is_no_register_is_refused_and_what_is_one_comes_back() {
    let mut book = book();
    let code = ask(&mut book, "n", 0);
    pair(&mut book, &code, "Hall", 0).unwrap();
    let text = serde_json::to_string(&book).unwrap();
    assert_eq!(Book::parse(text.as_bytes()).unwrap(), book);
    let wall = r#"{"id":"a","name":"Hall","paired_by":"ann","paired_at":0}"#;
    let other = wall.replace("Hall", "HALL").replace("\"a\"", "\"b\"");
    for (text, expected) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "invalid"),
        (r#"{"version":1}"#.to_owned(), "walls"),
        (r#"{"version":2,"walls":[]}"#.to_owned(), "version 2"),
        (text[..text.len() - 1].to_owned(), "EOF"),
        (
            format!(r#"{{"version":1,"walls":[{wall},{wall}]}}"#),
            "twice",
        ),
        (
            format!(r#"{{"version":1,"walls":[{wall},{other}]}}"#),
            "twice",
        ),
    ] {
        let why = Book::parse(text.as_bytes()).unwrap_err();
        assert!(why.contains(expected), "{text}: {why}");
    }
}
