use super::*;

fn registry() -> WallRegistry {
    WallRegistry::default()
}

fn net(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn new_code(registry: &mut WallRegistry, number: &str, now: u64) -> String {
    match registry.new_code(number.to_owned(), net(1), now).unwrap() {
        CodeState::Waiting { code, left } => {
            assert_eq!(left, CODE_LIFETIME_SECONDS);
            code
        }
        other => panic!("{other:?}"),
    }
}

fn pair(registry: &mut WallRegistry, code: &str, name: &str, now: u64) -> Result<Wall, String> {
    let request = PairingRequest {
        code: code.to_owned(),
        name: name.to_owned(),
        by: "ann".to_owned(),
        id: format!("id of {name}"),
    };
    registry.pair(request, now).map_err(|problem| {
        let kind = problem.kind.name();
        format!("{kind}: {}", problem.detail)
    })
}

#[test]
fn a_code_pairs_one_screen_once_before_it_expires() {
    let mut registry = registry();
    let code = new_code(&mut registry, "n", 1_000);
    let other = new_code(&mut registry, "m", 1_000);
    assert!(matches!(
        registry.code_state("n", 1_599),
        CodeState::Waiting { left: 1, .. }
    ));
    assert_eq!(registry.code_state("nobody's", 1_000), CodeState::Over);
    let wall = pair(&mut registry, &code.to_lowercase(), " Hall ", 1_599).unwrap();
    assert_eq!(
        (wall.name.as_str(), wall.paired_by.as_str(), wall.paired_at),
        ("Hall", "ann", 1_599)
    );
    let paired = CodeState::Paired {
        id: wall.id.clone(),
        name: wall.name,
    };
    assert_eq!(registry.code_state("n", 1_599), paired);
    assert_eq!(registry.code_state("n", 2_198), paired, "a slow screen");
    assert_eq!(
        registry.code_state("n", 2_199),
        CodeState::Over,
        "a later copy of its cookie"
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
            "a\u{202e}b",
            1_500,
            "bad-request: the wall's name holds characters that cannot be seen",
        ),
        (
            &other,
            "a\u{7}b",
            1_500,
            "bad-request: the wall's name holds characters that cannot be seen",
        ),
        (
            &other,
            "ha\u{200b}ll",
            1_500,
            "bad-request: the wall's name holds characters that cannot be seen",
        ),
        (
            &other,
            "ha\u{ad}ll",
            1_500,
            "bad-request: the wall's name holds characters that cannot be seen",
        ),
        (
            &other,
            &"x".repeat(65),
            1_500,
            "bad-request: the wall's name is longer than 64",
        ),
    ] {
        let before = registry.clone();
        let refused = pair(&mut registry, code, name, now).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
        assert_eq!(registry, before, "{expected}");
    }
    pair(&mut registry, &other, "Two", 1_500).unwrap();
}

#[test]
fn a_revoked_wall_is_removed_together_with_its_code() {
    let mut registry = registry();
    let code = new_code(&mut registry, "n", 0);
    let wall = pair(&mut registry, &code, "Hall", 0).unwrap();
    assert_eq!(registry.revoke("another").unwrap_err().kind, Kind::NotFound);
    assert_eq!(registry.revoke(&wall.id).unwrap().name, "Hall");
    assert_eq!(registry.code_state("n", 1), CodeState::Over);
    registry.note_last_seen(&wall.id, net(1), 5);
    assert!(registry.wall(&wall.id).is_none());
    assert_eq!(registry.revoke(&wall.id).unwrap_err().kind, Kind::NotFound);
    let refused = pair(&mut registry, &code, "Hall", 1).unwrap_err();
    assert!(refused.contains("no screen shows"), "{refused}");
}

#[test]
fn the_number_of_codes_is_limited_per_network() {
    let mut registry = registry();
    for number in 0..PER_NETWORK[0].2 {
        new_code(&mut registry, &number.to_string(), number as u64);
    }
    let refused = registry.new_code("x".to_owned(), net(1), 100).unwrap_err();
    assert_eq!(refused.kind, Kind::TooManyTries);
    assert_eq!(
        refused.retry_after,
        Some(1_100),
        "until the first code is dropped"
    );
    registry.new_code("x".to_owned(), net(1), 1_200).unwrap();
    let codes: HashSet<&String> = registry.codes.iter().map(|code| &code.code).collect();
    assert_eq!(codes.len(), registry.codes.len());
}

#[test]
fn many_requests_of_one_network_do_not_displace_other_screens() {
    let mut registry = registry();
    let screen = |registry: &mut WallRegistry, address: &str| {
        let number = address.to_owned();
        let address = network::network_of(address.parse().unwrap());
        registry.new_code(number, address, 100).map(drop)
    };
    let mut created = 0;
    for number in 0..1_000 {
        // Alternately from each /64 of a /56.
        let address = format!("2001:db8:0:{:x}::{number:x}", number % 256);
        created += usize::from(screen(&mut registry, &address).is_ok());
    }
    assert_eq!(created, 100);
    for real in ["2001:db8:0:100::1", "2001:db9::1", "192.0.2.7"] {
        screen(&mut registry, real).unwrap();
        assert_ne!(registry.code_state(real, 101), CodeState::Over, "{real}");
    }
    // A /32 requests more codes than there are; they displace only each other.
    for number in 0..1_300 {
        let _ = screen(
            &mut registry,
            &format!("2001:dba:{:x}:{:x}::1", number % 16, number / 16),
        );
    }
    assert_eq!(registry.codes.len(), MAX_CODES);
    screen(&mut registry, "198.51.100.1").unwrap();
    for real in ["2001:db9::1", "192.0.2.7", "198.51.100.1"] {
        assert_ne!(registry.code_state(real, 101), CodeState::Over, "{real}");
    }
    assert_eq!(registry.codes.len(), MAX_CODES);
}

#[test]
fn last_seen_never_decreases() {
    let mut registry = registry();
    let code = new_code(&mut registry, "n", 0);
    let id = pair(&mut registry, &code, "Hall", 0).unwrap().id;
    for (at, last) in [(10, 1), (20, 2), (15, 3)] {
        registry.note_last_seen(&id, net(last), at);
    }
    let wall = registry.wall(&id).unwrap();
    assert_eq!((wall.last_seen, wall.address), (Some(20), Some(net(2))));
}

#[test]
fn an_invalid_registry_is_rejected_and_a_valid_one_round_trips() {
    let mut registry = registry();
    let code = new_code(&mut registry, "n", 0);
    pair(&mut registry, &code, "Hall", 0).unwrap();
    let text = serde_json::to_string(&registry).unwrap();
    assert_eq!(WallRegistry::of_json(text.as_bytes()).unwrap(), registry);
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
        let why = WallRegistry::of_json(text.as_bytes()).unwrap_err();
        assert!(why.contains(expected), "{text}: {why}");
    }
}
