//! The reasons why a sign-in at a provider fails. The browser gets a code, never a text.

/// The reason why a sign-in failed. The console has a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The provider refused the user, or the user cancelled.
    Denied,
    /// No value of the roles claim gives a role at this gateway.
    NoRole,
    /// The token does not contain the roles claim.
    NoClaim,
    /// The roles claim has a shape that cannot be read.
    Claim(Shape),
    /// The provider left the groups out of the token, because there are too many.
    Overage,
    /// The response does not belong to this browser's attempt, is too late, or was used before.
    Expired,
    /// The provider did not answer.
    Unreachable,
    /// The provider's response is not valid.
    Invalid,
    /// Too many attempts failed, or this user signed in too often.
    TooManyTries,
    /// An internal error of the gateway.
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
    /// The code that the console receives.
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

    /// The outcome for the audit. A technical failure is not a refusal of the user.
    pub(crate) fn outcome(self) -> &'static str {
        match self {
            Self::Unreachable | Self::Invalid | Self::Internal => "failed",
            _ => "refused",
        }
    }
}
