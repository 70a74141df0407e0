//! Display names for Uplynk's values.

use vendors::uplynk::{Channel, FailoverGroup, Mode, OnAir, SlicerState};

/// The id of the slicer on air, or "slate".
#[must_use]
pub fn on_air_word(on_air: &OnAir) -> &str {
    match on_air {
        OnAir::Slicer(id) => id,
        OnAir::Slate => SLATE,
    }
}

/// The name of the slate where a slicer's id is shown otherwise.
pub const SLATE: &str = "slate";

/// The display name of a slicer's state; an unknown state is shown by its number.
#[must_use]
pub fn state_word(state: &SlicerState) -> String {
    match state {
        SlicerState::Inactive => "Inactive".to_owned(),
        SlicerState::Slicing => "Slicing".to_owned(),
        SlicerState::AdBreak => "Ad Break".to_owned(),
        SlicerState::ReplacingContent => "Replacing Content".to_owned(),
        SlicerState::Blackout => "Blackout".to_owned(),
        SlicerState::Other(number) => format!("State {number}"),
    }
}

/// The display name of a channel: its name, or its id if that is blank.
#[must_use]
pub fn channel_label(channel: &Channel) -> &str {
    let named = channel.desc.as_deref();
    named
        .filter(|desc| !desc.trim().is_empty())
        .unwrap_or(&channel.id)
}

/// The display name of the channel with this id; the id if the group does not contain it.
#[must_use]
pub fn channel_label_of<'g>(group: &'g FailoverGroup, id: &'g str) -> &'g str {
    let mut all = group.channels.iter().flatten();
    all.find(|channel| channel.id == id)
        .map_or(id, channel_label)
}

/// The display name of a failover mode.
#[must_use]
pub fn mode_word(mode: &Mode) -> String {
    match mode {
        Mode::Prioritized => "Prioritized".to_owned(),
        Mode::Flat => "Flat".to_owned(),
        Mode::Other(word) => word.clone(),
    }
}

/// The number of slicers that encode and store (`hot_warm`), in words.
#[must_use]
pub fn hot_warm_words(hot_warm: i64) -> String {
    match hot_warm {
        0 => "all hot".to_owned(),
        1 => "one hot, the rest warm".to_owned(),
        2 => "primary and 1 backup hot".to_owned(),
        hot if hot > 2 => format!("primary and {} backups hot", hot - 1),
        other => format!("hot_warm {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{channel_label, channel_label_of, hot_warm_words, state_word};
    use vendors::uplynk::{Channel, FailoverGroup, SlicerState};

    #[test]
    fn a_channel_with_a_blank_name_is_named_by_its_id() {
        for (desc, label) in [
            (Some("News"), "News"),
            (Some(""), "c1"),
            (Some(" \u{a0}"), "c1"),
            (None, "c1"),
        ] {
            let channel = Channel {
                id: "c1".to_owned(),
                desc: desc.map(str::to_owned),
                ..Channel::default()
            };
            assert_eq!(channel_label(&channel), label, "{desc:?}");
            let group = FailoverGroup {
                channels: Some(vec![channel]),
                ..FailoverGroup::default()
            };
            assert_eq!(channel_label_of(&group, "c1"), label, "{desc:?}");
            assert_eq!(channel_label_of(&group, "c2"), "c2");
        }
    }

    #[test]
    fn hot_warm_has_words() {
        for (number, words) in [
            (0, "all hot"),
            (1, "one hot, the rest warm"),
            (2, "primary and 1 backup hot"),
            (4, "primary and 3 backups hot"),
            (-3, "hot_warm -3"),
        ] {
            assert_eq!(hot_warm_words(number), words);
        }
    }

    #[test]
    fn states_have_the_vendors_names_and_unknown_ones_their_number() {
        assert_eq!(
            state_word(&SlicerState::ReplacingContent),
            "Replacing Content"
        );
        assert_eq!(state_word(&SlicerState::Other(9)), "State 9");
    }
}
