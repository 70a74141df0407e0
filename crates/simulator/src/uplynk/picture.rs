//! The pictures behind `thumb_url`: drawn, so that each one can be told from the one before.

use crate::answer;
use axum::http::StatusCode;
use axum::response::Response;

/// Simulated seconds between two pictures of a slicer.
pub(crate) const SECONDS: i64 = 10;

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|one| match one {
            '&' => "&amp;".chars().collect::<Vec<_>>(),
            '<' => "&lt;".chars().collect(),
            '>' => "&gt;".chars().collect(),
            '"' => "&quot;".chars().collect(),
            other => vec![other],
        })
        .collect()
}

/// One picture: colour bars, the slicer's name, and a pointer that turns with every picture.
pub(crate) fn draw(slicer: &str, number: i64) -> Response {
    const COLOURS: [&str; 7] = [
        "#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0",
    ];
    let shift = usize::try_from(number.rem_euclid(7)).unwrap_or_default();
    let bars: String = (0..7)
        .map(|at| {
            let colour = COLOURS[(at + shift) % 7];
            format!(
                "<rect x=\"{}\" width=\"46\" height=\"130\" fill=\"{colour}\"/>",
                at * 46
            )
        })
        .collect();
    let turn = number.rem_euclid(12) * 30;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 320 180\">\
         <rect width=\"320\" height=\"180\" fill=\"#101418\"/>{bars}\
         <g transform=\"translate(290 155)\" stroke=\"#fff\" stroke-width=\"3\"><circle r=\"18\" fill=\"none\"/>\
         <path d=\"M0 0V-14\" transform=\"rotate({turn})\"/></g>\
         <text x=\"12\" y=\"162\" fill=\"#fff\" font-family=\"sans-serif\" font-size=\"22\">{}</text></svg>",
        escaped(slicer)
    );
    let mut response = answer::typed(StatusCode::OK, "image/svg+xml", svg);
    let forever = axum::http::HeaderValue::from_static("max-age=600");
    response.headers_mut().insert("cache-control", forever);
    response
}
