//! The width of text, estimated from a table and not by the browser, so that the layout stays pure.

/// The width of a text in em: slightly more than in Arial, Helvetica and Liberation Sans. Segoe UI and Roboto are
/// narrower.
#[must_use]
pub fn measure(words: &str) -> f64 {
    let letter_width = |letter: char| match letter {
        '\'' => 0.19,
        'i' | 'j' | 'l' => 0.22,
        ' ' | '.' | ',' | ':' | ';' | '/' | '!' | 'I' | 'f' | 't' | '|' | '[' | ']' | '\\' => 0.28,
        '-' | '(' | ')' | 'r' | '`' | '"' => 0.36,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.5,
        'F' | 'T' | 'Z' | '+' | '=' | '<' | '>' | '~' => 0.61,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 0.67,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 0.73,
        'G' | 'O' | 'Q' => 0.78,
        'm' | 'M' | '%' => 0.89,
        'W' => 0.95,
        '@' => 1.02,
        letter if letter.is_ascii() => 0.56,
        letter if u32::from(letter) < 0x500 => 0.75,
        _ => 1.1,
    };
    1.02 * words.chars().map(letter_width).sum::<f64>()
}

/// The width of a text in semibold.
#[must_use]
pub fn measure_bold(words: &str) -> f64 {
    1.09 * measure(words)
}

/// The minimum width of a text in semibold that is broken into two lines.
#[must_use]
pub fn in_two_lines(words: &str) -> f64 {
    let whole = measure_bold(words);
    let (mut least, mut left) = (whole, 0.0);
    for word in words.split(' ') {
        left += measure_bold(word);
        least = least.min(left.max(whole - left));
        left += measure_bold(" ");
    }
    least
}
