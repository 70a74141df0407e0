//! Merges the answers of several connections to one query into one list. Pure.

use super::order::by_field;
use chrono::{DateTime, Utc};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use vendors::veeam::{Link, Page, Paging, Session, Sort};

/// Maximum number of sessions in one request to a connection.
const MAX_SESSIONS: u32 = 1000;

/// The first sessions of one connection's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The sessions.
    pub page: Arc<Page>,
    /// Whether the connection has more than these.
    pub has_more: bool,
    /// Whether the answer is stale.
    pub is_stale: bool,
    /// The time of its request.
    pub requested_at: Option<DateTime<Utc>>,
}

/// One page of the merged list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merged {
    /// The page, with links to its neighbours.
    pub page: Arc<Page>,
    /// For each session the answers that contain it, the linked one first; empty if only one connection is queried.
    pub sources: Vec<Vec<usize>>,
    /// An answer with too few sessions to determine the rest of this page.
    pub incomplete: Option<usize>,
}

/// The number of sessions of each connection that a page may need.
#[must_use]
pub fn sessions_needed(number: u32, size: u32) -> u32 {
    number.saturating_mul(size).min(MAX_SESSIONS)
}

/// The page with a number, from 1, and a size. The order of each answer is kept; `None` is a connection that has not
/// answered. A session in several answers is shown once, because its GUID is unique: as the newest answer has it. It is
/// linked to the first answer that is not stale, so that the link does not change with each poll.
#[must_use]
pub fn merge_answers(answers: &[Option<Answer>], sort: Sort, number: u32, size: u32) -> Merged {
    let is_before = |a: &Session, b: &Session| {
        let order = by_field(a, b, sort.field);
        let first = if sort.descending {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        order == first
    };
    let end = number.saturating_mul(size) as usize;
    let first = end.saturating_sub(size as usize);
    let (mut taken, mut incomplete) = (vec![0; answers.len()], None);
    // `known` has the position of each merged session with a GUID, `placed` the number of merged sessions.
    let (mut known, mut placed): (HashMap<&str, usize>, usize) = (HashMap::new(), 0);
    // The second value is the answer that the session is from.
    let mut shown: Vec<(&Session, usize, Vec<usize>)> = Vec::new();
    let has_next = loop {
        let mut ended = None;
        let mut next: Option<(usize, &Session)> = None;
        for (at, answer) in answers.iter().enumerate() {
            let Some(answer) = answer else { continue };
            match answer.page.sessions.get(taken[at]) {
                Some(session) if next.is_none_or(|(_, best)| is_before(session, best)) => {
                    next = Some((at, session));
                }
                None if answer.has_more => ended = Some(at),
                _ => {}
            }
        }
        let position = next.and_then(|(_, session)| known.get(session.uid.as_deref()?));
        let position = position.copied();
        if let (Some((at, session)), Some(position)) = (next, position) {
            taken[at] += 1;
            let index = position.checked_sub(first);
            if let Some((current, from, sources)) = index.and_then(|index| shown.get_mut(index)) {
                let rank = |at: usize| {
                    let answer = answers[at].as_ref();
                    (answer.is_some_and(|answer| answer.is_stale), at)
                };
                sources.push(at);
                if rank(at) < rank(sources[0]) {
                    sources.rotate_right(1);
                }
                let time = |at: usize| answers[at].as_ref()?.requested_at;
                if time(at) > time(*from) {
                    (*current, *from) = (session, at);
                }
            }
            continue;
        }
        if placed == end {
            break next.is_some() || ended.is_some();
        }
        if ended.is_some() {
            incomplete = ended;
            break true;
        }
        let Some((at, session)) = next else {
            break false;
        };
        if placed >= first {
            shown.push((session, at, vec![at]));
        }
        if let Some(uid) = session.uid.as_deref() {
            known.insert(uid, placed);
        }
        placed += 1;
        taken[at] += 1;
    };
    let is_known = incomplete.is_none();
    // Also beyond the last page, because the list may have become shorter.
    let pages = u32::try_from(placed.div_ceil(size.max(1) as usize)).unwrap_or(u32::MAX);
    let mut page = Page {
        paging: Some(Paging {
            pages: (is_known && !has_next).then_some(pages.max(1)),
            ..paging(number, size, is_known && has_next)
        }),
        ..Page::default()
    };
    for answer in answers.iter().flatten() {
        page.left_out += answer.page.left_out;
        let references = answer.page.references.iter();
        page.references.extend(references.cloned());
    }
    let (sessions, sources) = shown
        .into_iter()
        .map(|(session, _, sources)| (session.clone(), sources))
        .unzip();
    page.sessions = sessions;
    Merged {
        page: Arc::new(page),
        sources,
        incomplete,
    }
}

fn paging(number: u32, size: u32, has_next: bool) -> Paging {
    let link = |rel: &str, to: u32| Link {
        rel: Some(rel.to_owned()),
        href: Some(format!("?page={to}")),
        ..Link::default()
    };
    let mut links = Vec::new();
    if number > 1 {
        links.push(link("First", 1));
        links.push(link("Previous", number - 1));
    }
    if has_next {
        links.push(link("Next", number.saturating_add(1)));
    }
    Paging {
        page: number,
        size,
        pages: None,
        links,
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Merged, merge_answers, sessions_needed};
    use chrono::DateTime;
    use proptest::prelude::*;
    use std::sync::Arc;
    use vendors::veeam::{Field, Page, Paging, Session, Sort};

    const NEWEST: Sort = Sort {
        field: Field::CreationTime,
        descending: true,
    };

    fn session(second: u32) -> Session {
        Session {
            name: Some(second.to_string()),
            creation_time: DateTime::from_timestamp(i64::from(second), 0),
            ..Session::default()
        }
    }

    fn answer(seconds: &[u32], has_more: bool) -> Option<Answer> {
        let sessions = seconds.iter().copied().map(session).collect();
        let page = Arc::new(Page {
            sessions,
            ..Page::default()
        });
        Some(Answer {
            page,
            has_more,
            is_stale: false,
            requested_at: None,
        })
    }

    fn names(merged: &Merged) -> Vec<u32> {
        let sessions = merged.page.sessions.iter();
        let names = sessions.map(|one| one.name.as_deref().and_then(|name| name.parse().ok()));
        names.map(Option::unwrap_or_default).collect()
    }

    fn links(merged: &Merged) -> Vec<(&str, &str)> {
        let paging = merged.page.paging.as_ref();
        let links = paging.map_or(&[][..], |paging| &paging.links).iter();
        links
            .filter_map(|link| Some((link.rel.as_deref()?, link.href.as_deref()?)))
            .collect()
    }

    #[test]
    fn pages_merge_all_lists_in_one_order() {
        let answers = [answer(&[9, 5, 4], false), answer(&[8, 7, 1], false)];
        let page = |number| merge_answers(&answers, NEWEST, number, 2);
        assert_eq!(names(&page(1)), [9, 8]);
        assert_eq!(page(1).sources, [[0], [1]]);
        assert_eq!(links(&page(1)), [("Next", "?page=2")]);
        assert_eq!(names(&page(2)), [7, 5]);
        assert_eq!(
            links(&page(2)),
            [
                ("First", "?page=1"),
                ("Previous", "?page=1"),
                ("Next", "?page=3")
            ]
        );
        assert_eq!(names(&page(3)), [4, 1]);
        let last = page(3).page.paging.as_ref().and_then(Paging::last);
        assert_eq!(last, Some(3));
        let beyond = page(9);
        let last = beyond.page.paging.as_ref().and_then(Paging::last);
        assert_eq!((names(&beyond), last), (vec![], Some(3)));
    }

    #[test]
    fn a_connection_without_an_answer_is_left_out() {
        let page = merge_answers(&[None, answer(&[3, 2], false)], NEWEST, 1, 25);
        assert_eq!(
            (names(&page), page.sources),
            (vec![3, 2], vec![vec![1], vec![1]])
        );
    }

    #[test]
    fn a_page_ends_where_the_next_session_of_a_connection_is_unknown() {
        // The first connection has more sessions after 8, which are unknown.
        let page = merge_answers(
            &[answer(&[9, 8], true), answer(&[7, 1], false)],
            NEWEST,
            1,
            4,
        );
        assert_eq!((names(&page), page.incomplete), (vec![9, 8], Some(0)));
        assert!(links(&page).is_empty());
        let full = merge_answers(
            &[answer(&[9, 8], true), answer(&[7, 1], false)],
            NEWEST,
            1,
            2,
        );
        assert_eq!((names(&full), full.incomplete), (vec![9, 8], None));
        assert_eq!(links(&full), [("Next", "?page=2")]);
    }

    #[test]
    fn a_session_in_several_answers_is_shown_once_as_the_newest_has_it() {
        let with = |uids: &[(&str, u32)], is_stale, requested_at| {
            let sessions = uids.iter().map(|(uid, second)| Session {
                uid: Some((*uid).to_owned()),
                ..session(*second)
            });
            let page = Arc::new(Page {
                sessions: sessions.collect(),
                ..Page::default()
            });
            Some(Answer {
                page,
                has_more: false,
                is_stale,
                requested_at: DateTime::from_timestamp(requested_at, 0),
            })
        };
        let first = |is_stale| with(&[("a", 9), ("b", 9), ("c", 3)], is_stale, 7);
        let second = with(&[("b", 9), ("a", 9), ("d", 5)], false, 7);
        let page = merge_answers(&[first(false), second.clone()], NEWEST, 1, 3);
        assert_eq!(names(&page), [9, 9, 5]);
        assert_eq!(page.sources, [vec![0, 1], vec![0, 1], vec![1]]);
        let next = merge_answers(&[first(false), second.clone()], NEWEST, 2, 3);
        assert_eq!((names(&next), next.sources), (vec![3], vec![vec![0]]));
        let stale = merge_answers(&[first(true), second], NEWEST, 1, 3);
        assert_eq!(stale.sources, [vec![1, 0], vec![1, 0], vec![1]]);
        for (requested_at, expected) in [([7, 8], 8), ([8, 7], 9)] {
            let [first, second] = requested_at;
            let answers = [
                with(&[("a", 9)], false, first),
                with(&[("a", 8)], false, second),
            ];
            let page = merge_answers(&answers, NEWEST, 1, 3);
            assert_eq!(
                (names(&page), page.sources),
                (vec![expected], vec![vec![0, 1]])
            );
        }
    }

    #[test]
    fn a_request_covers_all_pages_up_to_this_one_up_to_the_maximum() {
        assert_eq!(
            [
                sessions_needed(1, 25),
                sessions_needed(4, 25),
                sessions_needed(80, 25)
            ],
            [25, 100, 1000]
        );
        assert_eq!(sessions_needed(u32::MAX, 100), 1000);
    }

    proptest! {
        #[test]
        fn each_session_is_on_one_page(
            lists in prop::collection::vec(prop::collection::vec(0_u32..50, 0..20), 0..4),
            size in 1_u32..7,
        ) {
            let mut lists = lists;
            for list in &mut lists {
                list.sort_unstable_by(|a, b| b.cmp(a));
            }
            let mut all: Vec<u32> = lists.concat();
            all.sort_unstable_by(|a, b| b.cmp(a));
            let mut seen = Vec::new();
            for number in 1.. {
                let known = sessions_needed(number, size) as usize;
                let answers: Vec<_> = lists
                    .iter()
                    .map(|list| answer(&list[..known.min(list.len())], list.len() > known))
                    .collect();
                let page = merge_answers(&answers, NEWEST, number, size);
                prop_assert_eq!(page.incomplete, None);
                seen.extend(names(&page));
                if !links(&page).iter().any(|(rel, _)| *rel == "Next") {
                    break;
                }
            }
            prop_assert_eq!(seen, all);
        }
    }
}
