//! Cuts a very long response into shorter ones of the same kind, each with some of its sessions, so that a
//! reader with one thread can do other things in between. Knows nothing of what a session holds.

use super::types::Page;
use std::collections::HashSet;
use std::ops::Range;

/// The name of the list and, in JSON, of the array in it.
const LIST: &[u8] = b"CloudFailoverSessions";

/// The beginning and the end of an item in XML.
const ITEM: (&[u8], &[u8]) = (b"<CloudFailoverSession", b"</CloudFailoverSession>");

/// The size from which the sessions of a slice are enough, in bytes.
const ENOUGH: usize = 64 * 1024;

/// Where a body is cut.
struct Cuts {
    before: Range<usize>,
    /// The items of each slice.
    runs: Vec<Range<usize>>,
    after: Range<usize>,
}

/// The slices of a long body, in order; `None` for one that is short or cannot be cut, which is to be read
/// whole. What stands around the sessions, such as the paging information, is in every slice.
#[must_use]
pub fn slices(body: &[u8]) -> Option<impl Iterator<Item = Vec<u8>> + '_> {
    if body.len() < 4 * ENOUGH {
        return None;
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let cuts = match first {
        Some(b'<') => xml(body, ENOUGH),
        _ => json(body, ENOUGH),
    }?;
    let around = cuts.before.len() + cuts.after.len();
    (around < ENOUGH).then(|| bodies(body, cuts))
}

fn bodies(body: &[u8], cuts: Cuts) -> impl Iterator<Item = Vec<u8>> + '_ {
    let Cuts {
        before,
        runs,
        after,
    } = cuts;
    let slice =
        move |run: Range<usize>| [&body[before.clone()], &body[run], &body[after.clone()]].concat();
    runs.into_iter().map(slice)
}

/// The slices of one response, put together again.
#[derive(Debug, Default)]
pub struct Joined {
    page: Option<Page>,
    known: HashSet<Option<String>>,
}

impl Joined {
    /// Adds the next slice; of the same UID the first session stays.
    pub fn add(&mut self, mut next: Page) {
        let known = &mut self.known;
        let before = next.sessions.len();
        next.sessions.retain(|one| known.insert(one.uid.clone()));
        next.left_out.repeated += before - next.sessions.len();
        match &mut self.page {
            None => self.page = Some(next),
            Some(page) => {
                page.left_out += next.left_out;
                page.sessions.append(&mut next.sessions);
            }
        }
    }

    /// How many sessions there are so far.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.sessions.len())
    }

    /// The page; none without a slice.
    #[must_use]
    pub fn page(self) -> Option<Page> {
        self.page
    }
}

fn json(body: &[u8], enough: usize) -> Option<Cuts> {
    let mut at = 0;
    let mut depth = 0_usize;
    // Whether the last thing that was read is the list's name.
    let mut is_named = false;
    // The depth of the list and where the next slice begins.
    let mut list: Option<(usize, usize)> = None;
    let mut cuts = Cuts {
        before: 0..0,
        runs: Vec::new(),
        after: 0..0,
    };
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => {
                let end = at + 1 + string_length(body.get(at + 1..)?)?;
                is_named = body[at + 1..end].eq_ignore_ascii_case(LIST);
                at = end;
            }
            b'[' | b'{' => {
                depth += 1;
                if *byte == b'[' && is_named && list.is_none() {
                    list = Some((depth, at + 1));
                    cuts.before = 0..at + 1;
                }
                is_named = false;
            }
            b']' | b'}' => {
                if let Some((_, begin)) = list.filter(|(own, _)| *own == depth) {
                    cuts.runs.push(begin..at);
                    cuts.after = at..body.len();
                    return Some(cuts);
                }
                depth = depth.checked_sub(1)?;
                is_named = false;
            }
            b',' => {
                if let Some((own, begin)) = list
                    && own == depth
                    && at - begin >= enough
                {
                    cuts.runs.push(begin..at);
                    list = Some((own, at + 1));
                }
                is_named = false;
            }
            b':' | b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => is_named = false,
        }
        at += 1;
    }
    None
}

/// The length of a string, up to its closing quote.
fn string_length(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match rest.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn xml(body: &[u8], enough: usize) -> Option<Cuts> {
    // In these, anything may look like an item.
    if find(body, b"<!").is_some() {
        return None;
    }
    let begins = |from: usize| {
        let mut from = from;
        loop {
            let at = from + find(body.get(from..)?, ITEM.0)?;
            from = at + ITEM.0.len();
            // Not the list, whose name begins the same.
            if body
                .get(from)
                .is_some_and(|next| !next.is_ascii_alphanumeric())
            {
                return Some(at);
            }
        }
    };
    let first = begins(0)?;
    let (mut begin, mut last) = (first, first);
    let mut runs = Vec::new();
    while let Some(end) = find(&body[last..], ITEM.1) {
        last += end + ITEM.1.len();
        if last - begin >= enough {
            runs.push(begin..last);
            begin = last;
        }
    }
    // An item that is empty has no end of its own.
    if last == first || begins(last).is_some() {
        return None;
    }
    if begin < last {
        runs.push(begin..last);
    }
    Some(Cuts {
        before: 0..first,
        runs,
        after: last..body.len(),
    })
}

fn find(body: &[u8], what: &[u8]) -> Option<usize> {
    body.windows(what.len()).position(|part| part == what)
}

#[cfg(test)]
mod tests {
    use super::super::decode::page_of;
    use super::super::node::Node;
    use super::super::types::Page;
    use super::{Joined, bodies, json, slices, xml};
    use proptest::prelude::*;

    fn read(body: &[u8]) -> Result<Page, String> {
        page_of(&Node::parse(body)?)
    }

    fn in_json(names: &[String]) -> String {
        let items = names.iter().map(|name| {
            serde_json::json!({ "Name": name, "UID": name, "CloudFailoverTasks": { "CloudFailoverTasks": [{ "VmName": "]" }] } }).to_string()
        });
        let items = items.collect::<Vec<_>>().join(" ,\n");
        format!(
            "{{\"Entities\": {{\"cloudFailoverSessions\" : {{\"cloudFailoverSessions\": [{items}]}}}}, \"PagingInfo\": {{\"PageNum\": 3}}}}"
        )
    }

    fn in_xml(names: &[String]) -> String {
        let escaped = |name: &String| {
            name.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('"', "&quot;")
        };
        let items = names.iter().map(|name| {
            format!("<CloudFailoverSession Name=\"{0}\" UID=\"{0}\"><State>Stopped</State></CloudFailoverSession>\n", escaped(name))
        });
        format!(
            "<?xml version=\"1.0\"?><QueryResult><Entities><CloudFailoverSessions>{}</CloudFailoverSessions></Entities><PagingInfo PageNum=\"3\" PageSize=\"9\" PagesCount=\"4\"/></QueryResult>",
            items.collect::<String>()
        )
    }

    #[test]
    fn only_a_long_response_that_can_be_cut_is() {
        let names: Vec<String> = (0..6000).map(|n| format!("Plan {n} \"[,]\"")).collect();
        for body in [in_json(&names), in_xml(&names)] {
            let whole = read(body.as_bytes()).expect("a page");
            let parts = slices(body.as_bytes()).expect("it is cut");
            let (mut joined, mut count) = (Joined::default(), 0);
            for part in parts {
                assert!(part.len() < 80 * 1024, "a slice of {}", part.len());
                joined.add(read(&part).expect("a page"));
                count += 1;
            }
            assert!(count > 4, "{count}");
            assert!(joined.page() == Some(whole));
        }
        let long = "x".repeat(400_000);
        for body in [
            in_json(&names[..10]),
            in_xml(&names[..10]),
            long.clone(),
            format!("<{long}>"),
            format!("[\"{long}\"]"),
            in_xml(&names).replace("<Entities>", "<Entities><!-- <CloudFailoverSession -->"),
            in_xml(&names).replace(
                "</CloudFailoverSessions>",
                "<CloudFailoverSession/></CloudFailoverSessions>",
            ),
        ] {
            assert!(slices(body.as_bytes()).is_none(), "{}", &body[..80]);
        }
    }

    proptest! {
        #[test]
        fn slices_hold_what_the_whole_holds(names in proptest::collection::vec("[\\PC\\[\\]{},\"]{1,9}", 1..20), enough in 1_usize..400) {
            let names: Vec<String> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
            prop_assume!(!names.is_empty());
            for (body, cut) in [(in_json(&names), json as fn(&[u8], usize) -> _), (in_xml(&names), xml)] {
                let whole = read(body.as_bytes()).expect("a page");
                let cuts = cut(body.as_bytes(), enough).expect("it is cut");
                let mut joined = Joined::default();
                for part in bodies(body.as_bytes(), cuts) {
                    joined.add(read(&part).expect("a page"));
                }
                prop_assert_eq!(joined.page(), Some(whole));
            }
        }

        #[test]
        fn any_bytes_are_cut_or_not(body in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'['), Just(b','), Just(b']')], 0..200), enough in 1_usize..50) {
            for cuts in [json(&body, enough), xml(&body, enough)].into_iter().flatten() {
                prop_assert!(bodies(&body, cuts).all(|part| part.len() <= body.len()));
            }
        }
    }
}
