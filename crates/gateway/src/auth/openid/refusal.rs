//! Why a sign-in at a provider failed. A browser gets a code, never a text.

/// Why a sign-in failed. The console has a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The provider refused the user, or the user cancelled.
    Denied,
    /// The user has no role at this gateway.
    NoRole,
    /// What came back does not belong to this browser's attempt, is late, or was used before.
    Expired,
    /// The provider did not answer.
    Unreachable,
    /// The provider's answer is not valid.
    Invalid,
    /// Too many attempts failed.
    TooManyTries,
    /// A fault in the gateway.
    Internal,
}

impl Refusal {
    /// The code by which the console knows it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NoRole => "no-role",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Invalid => "invalid",
            Self::TooManyTries => "too-many-tries",
            Self::Internal => "internal",
        }
    }

    /// The outcome for the audit: a technical failure is no decision about the user.
    pub(crate) fn outcome(self) -> &'static str {
        match self {
            Self::Unreachable | Self::Invalid | Self::Internal => "failed",
            Self::Denied | Self::NoRole | Self::Expired | Self::TooManyTries => "refused",
        }
    }
}
