//! Why a sign-in at a provider failed. A browser gets a code, never a text.

/// Why a sign-in failed. The console has a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The provider refused the user, or the user cancelled.
    Denied,
    /// No value of the claim with the roles gives one at this gateway.
    NoRole,
    /// The token does not hold the claim with the roles.
    NoClaim,
    /// The claim with the roles has a shape in which none can be found.
    Claim(Shape),
    /// The provider left the groups out of the token, because there are too many.
    Overage,
    /// What came back does not belong to this browser's attempt, is late, or was used before.
    Expired,
    /// The provider did not answer.
    Unreachable,
    /// The provider's answer is not valid.
    Invalid,
    /// Too many attempts failed, or this user signed in too often.
    TooManyTries,
    /// A fault in the gateway.
    Internal,
}

/// The shape of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An object without a `name`.
    Object,
    /// A list of neither texts nor objects with a `name`.
    List,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

impl Refusal {
    /// The code by which the console knows it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NoRole => "no-role",
            Self::NoClaim => "no-claim",
            Self::Claim(Shape::Object) => "claim-object",
            Self::Claim(Shape::List) => "claim-list",
            Self::Claim(Shape::Number) => "claim-number",
            Self::Claim(Shape::Boolean) => "claim-boolean",
            Self::Overage => "overage",
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
            _ => "refused",
        }
    }
}
