//! What the hash chain detects.

use super::super::chain::{BEFORE_THE_FIRST, ChainVerifier, StoredRow};
use proptest::prelude::*;

fn rows() -> impl Strategy<Value = Vec<(StoredRow, Vec<u8>)>> {
    let row = (
        any::<i64>(),
        "[a-z]{1,8}",
        proptest::option::of(1_i64..50),
        "\\PC{0,30}",
    );
    proptest::collection::vec(row, 1..12).prop_map(|rows| {
        let mut before = BEFORE_THE_FIRST;
        let chained = rows
            .into_iter()
            .zip(1..)
            .map(|((at, kind, of, entry), number)| {
                let row = StoredRow {
                    number,
                    at,
                    kind,
                    of,
                    entry,
                };
                before = row.hash(&before);
                (row, before.to_vec())
            });
        chained.collect()
    })
}

fn verify(rows: &[(StoredRow, Vec<u8>)]) -> Result<u64, i64> {
    let mut chain = ChainVerifier::new();
    for (row, hash) in rows {
        chain.take(row, hash).map_err(|broken| broken.number)?;
    }
    Ok(chain.end().rows)
}

proptest! {
    #[test]
    fn a_row_that_is_changed_removed_or_moved_is_detected(
        rows in rows(), place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), what in 0..6,
    ) {
        prop_assert_eq!(verify(&rows), Ok(rows.len() as u64));
        let (at, other) = (place.index(rows.len()), other.index(rows.len()));
        let mut changed = rows.clone();
        match what {
            0 => changed[at].0.entry.push(' '),
            1 => changed[at].0.at = changed[at].0.at.wrapping_add(1),
            2 => changed[at].0.of = Some(changed[at].0.of.unwrap_or(0) + 1),
            3 => changed[at].0.kind.push('x'),
            4 => changed[at].1[0] ^= 1,
            _ => changed.swap(at, other),
        }
        if changed == rows {
            return Ok(());
        }
        let first = if what == 5 { at.min(other) } else { at };
        prop_assert_eq!(verify(&changed), Err(first as i64 + 1));
        // Remove a row and renumber the following ones, as an informed attacker would.
        let mut fewer = rows.clone();
        fewer.remove(at);
        for (row, number) in fewer.iter_mut().zip(1..) {
            row.0.number = number;
        }
        if at < fewer.len() {
            prop_assert_eq!(verify(&fewer), Err(at as i64 + 1));
        }
    }
}
