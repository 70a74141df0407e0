//! The effect of unreadable fields on a verdict. The resource is judged twice: with the worst and with the best value
//! that the field could have. If both verdicts have the same severity, the field does not matter. Otherwise the state
//! is unknown, and the sentence names the field.

use crate::severity::Severity;
use crate::verdict::Verdict;
use vendors::{LeftOut, UnreadableField};

/// Names the first unreadable field that is relevant. `of` is the part of the resource that has the field.
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

/// States how many parts of a resource could not be read; `None` if all could.
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

/// The verdict that is true in both cases. `why` names the unreadable part.
pub(crate) fn between(worst: Verdict, best: Verdict, name: &str, why: &str) -> Verdict {
    if worst.severity != best.severity {
        let sentence = format!("{name}: {why}, so its state is not known.");
        return Verdict::new(Severity::Unknown, "Unknown", sentence)
            .advise("Check it in the vendor's own system.");
    }
    // A beginning that depends on the unreadable field is not known.
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
    fn a_beginning_that_depends_on_an_unreadable_field_is_omitted() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let yesterday = now - TimeDelta::days(1);
        let failed = |sentence: &str, since| {
            Verdict::new(Severity::Critical, "Failed", sentence.to_owned()).since(Some(since))
        };
        for (best, since) in [(now, None), (yesterday, Some(yesterday))] {
            for sentence in ["It failed.", "It failed long ago."] {
                let worst = failed("It failed.", yesterday);
                let verdict = between(
                    worst,
                    failed(sentence, best),
                    "Plan",
                    "a field is unreadable",
                );
                assert_eq!(
                    (verdict.severity, verdict.since),
                    (Severity::Critical, since)
                );
            }
        }
    }
}
