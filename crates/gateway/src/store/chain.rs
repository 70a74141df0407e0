//! The hash chain: the hash of a row is SHA-256 over the hash of the row before it (32 zero bytes before the first),
//! the row's number, its time and the number of its intent (each as 8 bytes, little-endian, 0 for none), and its kind
//! and its entry (each with its length before it, as 8 bytes). A row that is changed, removed, inserted or moved breaks
//! the chain there. Rows removed from the end do not; keep the last hash elsewhere to detect that.

use sha2::{Digest as _, Sha256};

/// The hash of a row.
pub(super) type Hash = [u8; 32];

/// The hash before the first row.
pub(super) const BEFORE_THE_FIRST: Hash = [0; 32];

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredRow {
    pub(super) number: i64,
    /// Milliseconds since 1970.
    pub(super) at: i64,
    pub(super) kind: String,
    pub(super) of: Option<i64>,
    /// The entry as JSON, exactly as it was hashed.
    pub(super) entry: String,
}

impl StoredRow {
    /// The hash of this row after one with the hash `before`.
    pub(super) fn hash(&self, before: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(before);
        for number in [self.number, self.at, self.of.unwrap_or(0)] {
            hash.update(number.to_le_bytes());
        }
        for text in [&self.kind, &self.entry] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// A complete chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Number of rows.
    pub(crate) rows: u64,
    /// When the first and the last row were written, in milliseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
    /// The hash of the last row.
    pub(crate) last: Hash,
}

/// The first break of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The number of the first row that is not as it was written.
    pub(crate) number: i64,
    /// The reason.
    pub(crate) why: &'static str,
}

/// Verifies a chain row by row, in the order of their numbers.
#[derive(Debug)]
pub(super) struct ChainVerifier(Verified);

impl ChainVerifier {
    /// Starts before the first row.
    pub(super) fn new() -> Self {
        Self(Verified {
            rows: 0,
            span: None,
            last: BEFORE_THE_FIRST,
        })
    }

    /// Verifies the next row against the hash that is stored with it.
    pub(super) fn take(&mut self, row: &StoredRow, stored: &[u8]) -> Result<(), Broken> {
        let verified = &mut self.0;
        let expected = i64::try_from(verified.rows + 1).unwrap_or(i64::MAX);
        if row.number != expected {
            return Err(Broken {
                number: expected,
                why: "it is missing",
            });
        }
        let hash = row.hash(&verified.last);
        if hash.as_slice() != stored {
            return Err(Broken {
                number: row.number,
                why: "it is not what was written",
            });
        }
        verified.rows += 1;
        verified.last = hash;
        let first = verified.span.map_or(row.at, |(first, _)| first);
        verified.span = Some((first, row.at));
        Ok(())
    }

    /// The result for the rows verified so far.
    pub(super) fn end(self) -> Verified {
        self.0
    }
}
