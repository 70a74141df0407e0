//! What an unreadable field does to a judgement. The resource is judged twice, as if the field said the worst and
//! the best that it could. Where both are as bad, the field decides nothing; where they differ, the state is
//! unknown, and the sentence names the field.

use crate::severity::Severity;
use crate::verdict::Verdict;
use vendors::{LeftOut, UnreadableField};

/// The first of these fields that decides something, in words; `of` is the part of the resource that has it.
pub(crate) fn first(
    fields: &[UnreadableField],
    deciding: &[&str],
    of: Option<&str>,
) -> Option<String> {
    let field = fields
        .iter()
        .find(|field| deciding.contains(&field.name.as_str()))?;
    let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
    Some(format!(
        "the field {}{of} is unreadable (“{}”)",
        field.name, field.raw
    ))
}

/// That parts of a resource are not known at all, in words.
pub(crate) fn left_out(out: LeftOut, noun: &str) -> Option<String> {
    match out.unreadable {
        0 => None,
        1 => Some(format!("1 of its {noun} could not be read")),
        many => Some(format!("{many} of its {noun} could not be read")),
    }
}

/// Whether any of these fields is unreadable.
pub(crate) fn any(fields: &[UnreadableField], names: &[&str]) -> bool {
    let found = |name: &&str| UnreadableField::find(fields, name).is_some();
    names.iter().any(found)
}

/// What holds whichever of the two is true; `why` says what is not known.
pub(crate) fn between(worst: Verdict, best: Verdict, name: &str, why: &str) -> Verdict {
    if worst.severity != best.severity {
        let sentence = format!("{name}: {why}, so its state is not known.");
        return Verdict::new(Severity::Unknown, "Unknown", sentence)
            .advise("Check it in the vendor's own system.");
    }
    // A beginning that depends on the field would be an assumed one.
    let since = best.since.filter(|at| worst.since == Some(*at));
    if worst.sentence == best.sentence {
        return Verdict { since, ..worst };
    }
    Verdict {
        sentence: format!("{name}: {}, and {why}.", best.word),
        since,
        ..best
    }
}

#[cfg(test)]
mod tests {
    use super::between;
    use crate::severity::Severity;
    use crate::verdict::Verdict;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn a_beginning_that_hangs_on_the_field_is_not_said() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let yesterday = now - TimeDelta::days(1);
        let failed = |sentence: &str, since| {
            Verdict::new(Severity::Critical, "Failed", sentence.to_owned()).since(Some(since))
        };
        for (best, since) in [(now, None), (yesterday, Some(yesterday))] {
            for sentence in ["It failed.", "It failed long ago."] {
                let worst = failed("It failed.", yesterday);
                let told = between(
                    worst,
                    failed(sentence, best),
                    "Plan",
                    "a field is unreadable",
                );
                assert_eq!((told.severity, told.since), (Severity::Critical, since));
            }
        }
    }
}
