//! Cuts a very long response into shorter ones of the same kind, each with some of its sessions, so that a single
//! thread can do other work between them. The content of a session is not examined.

use super::types::Page;
use std::collections::HashSet;
use std::ops::Range;

/// The name of the list and, in JSON, of the array in it.
const LIST: &[u8] = b"CloudFailoverSessions";

/// The start and the end of an item in XML.
const ITEM: (&[u8], &[u8]) = (b"<CloudFailoverSession", b"</CloudFailoverSession>");

/// The minimum size of a slice's sessions, in bytes.
const MIN_SLICE: usize = 64 * 1024;

/// The positions at which a body is cut.
struct Cuts {
    before: Range<usize>,
    /// The ranges of items, one for each slice.
    runs: Vec<Range<usize>>,
    after: Range<usize>,
}

/// The slices of a long body, in order; `None` for a body that is short or cannot be cut, which has to be read at
/// once. The text around the sessions, such as the paging information, is in every slice.
#[must_use]
pub fn slices(body: &[u8]) -> Option<impl Iterator<Item = Vec<u8>> + '_> {
    if body.len() < 4 * MIN_SLICE {
        return None;
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let cuts = match first {
        Some(b'<') => xml(body, MIN_SLICE),
        _ => json(body, MIN_SLICE),
    }?;
    let around = cuts.before.len() + cuts.after.len();
    (around < MIN_SLICE).then(|| bodies(body, cuts))
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

/// Joins the slices of one response.
#[derive(Debug, Default)]
pub struct Joined {
    page: Option<Page>,
    known: HashSet<Option<String>>,
}

impl Joined {
    /// Adds the next slice. Of sessions with the same UID, the first is kept.
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

    /// The number of sessions so far.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.sessions.len())
    }

    /// The joined page; `None` without any slice.
    #[must_use]
    pub fn page(self) -> Option<Page> {
        self.page
    }
}

fn json(body: &[u8], min_slice: usize) -> Option<Cuts> {
    let mut at = 0;
    let mut depth = 0_usize;
    // Whether the last token was the list's name.
    let mut is_named = false;
    // The depth of the list and the start of the next slice.
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
                    && at - begin >= min_slice
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

fn xml(body: &[u8], min_slice: usize) -> Option<Cuts> {
    // Comments and CDATA sections may contain text that looks like an item.
    if find(body, b"<!").is_some() {
        return None;
    }
    let begins = |from: usize| {
        let mut from = from;
        loop {
            let at = from + find(body.get(from..)?, ITEM.0)?;
            from = at + ITEM.0.len();
            // Skip the list, whose name has the same prefix.
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
        if last - begin >= min_slice {
            runs.push(begin..last);
            begin = last;
        }
    }
    // An empty item has no end tag, so the body cannot be cut.
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
    fn only_long_responses_that_can_be_cut_are() {
        let names: Vec<String> = (0..6000).map(|n| format!("Plan {n} \"[,]\"")).collect();
        for body in [in_json(&names), in_xml(&names)] {
            let complete = read(body.as_bytes()).expect("a page");
            let parts = slices(body.as_bytes()).expect("it is cut");
            let (mut joined, mut count) = (Joined::default(), 0);
            for part in parts {
                assert!(part.len() < 80 * 1024, "a slice of {}", part.len());
                joined.add(read(&part).expect("a page"));
                count += 1;
            }
            assert!(count > 4, "{count}");
            assert!(joined.page() == Some(complete));
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
        fn joined_slices_equal_the_complete_response(names in proptest::collection::vec("[\\PC\\[\\]{},\"]{1,9}", 1..20), min_slice in 1_usize..400) {
            let names: Vec<String> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
            prop_assume!(!names.is_empty());
            for (body, cut) in [(in_json(&names), json as fn(&[u8], usize) -> _), (in_xml(&names), xml)] {
                let complete = read(body.as_bytes()).expect("a page");
                let cuts = cut(body.as_bytes(), min_slice).expect("it is cut");
                let mut joined = Joined::default();
                for part in bodies(body.as_bytes(), cuts) {
                    joined.add(read(&part).expect("a page"));
                }
                prop_assert_eq!(joined.page(), Some(complete));
            }
        }

        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'['), Just(b','), Just(b']')], 0..200), min_slice in 1_usize..50) {
            for cuts in [json(&body, min_slice), xml(&body, min_slice)].into_iter().flatten() {
                prop_assert!(bodies(&body, cuts).all(|part| part.len() <= body.len()));
            }
        }
    }
}
