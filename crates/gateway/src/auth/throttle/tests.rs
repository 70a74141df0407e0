use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Begins an attempt with a password.
fn begin(throttle: &Throttle, address: &str, account: &str) -> Result<(), u32> {
    throttle.begin(&CountedAttempt::new(ip(address), account))
}

#[tokio::test(start_paused = true)]
async fn an_address_reaches_its_limit_independently_of_others() {
    let throttle = Throttle::default();
    for try_number in 0..PER_ADDRESS {
        let account = format!("user{try_number}");
        assert_eq!(begin(&throttle, "192.0.2.1", &account), Ok(()));
    }
    assert_eq!(begin(&throttle, "192.0.2.1", "fresh"), Err(900));
    assert_eq!(begin(&throttle, "::ffff:192.0.2.1", "fresh"), Err(900));
    assert_eq!(begin(&throttle, "192.0.2.2", "fresh"), Ok(()));
    tokio::time::advance(Duration::from_secs(899)).await;
    assert_eq!(begin(&throttle, "192.0.2.1", "fresh"), Err(1));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(begin(&throttle, "192.0.2.1", "fresh"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_account_reaches_its_limit_from_many_addresses_but_not_from_one() {
    let throttle = Throttle::default();
    for _ in 0..100 {
        let _ = begin(&throttle, "192.0.2.1", "ops");
    }
    assert_eq!(
        begin(&throttle, "192.0.2.2", "ops"),
        Ok(()),
        "not locked out"
    );
    for last in 3..100 {
        let _ = begin(&throttle, &format!("192.0.2.{last}"), "ops");
    }
    assert!(begin(&throttle, "192.0.2.200", "ops").is_err());
    assert_eq!(begin(&throttle, "192.0.2.200", "other"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn successful_attempts_do_not_count() {
    let throttle = Throttle::default();
    for _ in 0..100 {
        assert_eq!(begin(&throttle, "192.0.2.1", "ops"), Ok(()));
        throttle.succeeded(&CountedAttempt::new(ip("192.0.2.1"), "ops"));
    }
    for _ in 0..PER_ADDRESS {
        assert_eq!(begin(&throttle, "192.0.2.1", "ops"), Ok(()));
    }
    assert!(begin(&throttle, "192.0.2.1", "ops").is_err());
}

#[tokio::test(start_paused = true)]
async fn attempts_at_a_provider_count_from_their_start_and_not_as_passwords() {
    let throttle = Throttle::default();
    let (address, at_provider) = (
        ip("192.0.2.1"),
        CountedAttempt::at_provider(ip("192.0.2.1")),
    );
    for _ in 0..PER_ADDRESS * PROVIDER_FACTOR {
        throttle.begin(&at_provider).unwrap();
        throttle.forgive(&at_provider);
    }
    for _ in 0..PER_ADDRESS * PROVIDER_FACTOR {
        assert_eq!(throttle.begin(&at_provider), Ok(()));
    }
    assert_eq!(throttle.begin(&at_provider), Err(900), "all in progress");
    for number in 0..PER_ADDRESS {
        let attempt = CountedAttempt::new(address, &number.to_string());
        assert_eq!(throttle.begin(&attempt), Ok(()), "counted separately");
    }
    assert!(
        throttle
            .begin(&CountedAttempt::new(address, "ops"))
            .is_err()
    );
    throttle.forgive(&at_provider);
    assert_eq!(throttle.begin(&at_provider), Ok(()), "and vice versa");
    let elsewhere = CountedAttempt::at_provider(ip("192.0.2.2"));
    assert_eq!(throttle.begin(&elsewhere), Ok(()));
    tokio::time::advance(WINDOW).await;
    assert_eq!(throttle.begin(&at_provider), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_addresses_of_an_ipv6_network_share_one_limit() {
    let throttle = Throttle::default();
    for number in 0..PER_ADDRESS {
        assert_eq!(
            begin(&throttle, &format!("2001:db8::{number:x}"), "ops"),
            Ok(())
        );
    }
    assert!(begin(&throttle, "2001:db8::ffff", "ops").is_err());
    assert_eq!(begin(&throttle, "2001:db8:0:1::1", "ops"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_counters_is_limited() {
    let throttle = Throttle::default();
    for number in 0..=u32::try_from(MAX_COUNTERS).unwrap() {
        let address = IpAddr::V4(std::net::Ipv4Addr::from(number));
        throttle
            .begin(&CountedAttempt::new(address, &number.to_string()))
            .unwrap();
        if number % 5000 == 0 {
            tokio::time::advance(WINDOW).await;
        }
    }
    assert!(lock(&throttle.counts).len() <= MAX_COUNTERS);
}

#[tokio::test(start_paused = true)]
async fn larger_networks_have_limits_of_their_own() {
    let throttle = Throttle::default();
    let attempts = |subnets: std::ops::Range<u32>, shift: u32| {
        let attempt = |number: u32| {
            let address = ip(&format!("2001:db8:0:{:x}::1", number << shift));
            let account = format!("{shift} {number}");
            throttle
                .begin(&CountedAttempt::new(address, &account))
                .is_ok()
        };
        subnets.filter(|number| attempt(*number)).count()
    };
    assert_eq!(attempts(0..256, 0), 30, "a /56, one attempt for each /64");
    assert_eq!(attempts(1..256, 8), 70, "the /48, one attempt for each /56");
    let beside = CountedAttempt::new(ip("2001:db8:1::1"), "fresh");
    assert_eq!(throttle.begin(&beside), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_known_browser_is_counted_separately() {
    let throttle = Throttle::default();
    for last in 0..200_u8 {
        let _ = throttle.begin(&CountedAttempt::new(IpAddr::from([192, 0, 2, last]), "ops"));
    }
    let anybody = CountedAttempt::new(ip("198.51.100.1"), "ops");
    assert!(throttle.begin(&anybody).is_err());
    let owner = CountedAttempt::of_known_browser("n".to_owned());
    for _ in 0..100 {
        assert_eq!(throttle.begin(&owner), Ok(()));
        throttle.succeeded(&owner);
    }
    for _ in 0..PER_BROWSER {
        assert_eq!(throttle.begin(&owner), Ok(()));
    }
    assert_eq!(throttle.begin(&owner), Err(900));
    assert!(throttle.begin(&anybody).is_err(), "others stay locked out");
}

#[tokio::test(start_paused = true)]
async fn concurrent_attempts_are_limited_per_account() {
    let throttle = Throttle::default();
    let mut permits: Vec<AttemptPermit<'_>> = (0..MAX_IN_PROGRESS)
        .map(|_| throttle.admit("vic", true).unwrap())
        .collect();
    assert_eq!(
        throttle.admit("vic", true).unwrap_err(),
        IN_PROGRESS_RETRY_SECONDS
    );
    drop(throttle.admit("vic", false).unwrap());
    drop(throttle.admit("ann", true).unwrap());
    permits.pop();
    permits.push(throttle.admit("vic", true).unwrap());
    assert!(throttle.admit("vic", true).is_err());
    drop(permits);
    assert!(lock(&throttle.in_progress).is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_successful_sign_ins_count_towards_the_limit_of_an_owner() {
    let throttle = Throttle::default();
    for last in 0..60_u8 {
        let stranger = CountedAttempt::new(IpAddr::from([192, 0, 2, last]), "vic");
        let _ = throttle.begin(&stranger);
    }
    for _ in 0..PER_OWNER {
        drop(throttle.admit("vic", false).unwrap());
        throttle.signed_in("vic");
    }
    for is_known in [true, false] {
        assert_eq!(throttle.admit("vic", is_known).unwrap_err(), 900);
        assert!(throttle.admit("ann", is_known).is_ok());
    }
    tokio::time::advance(WINDOW).await;
    assert!(throttle.admit("vic", true).is_ok());
}
