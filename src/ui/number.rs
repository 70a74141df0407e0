//! A vendor's number with all its digits.

/// All digits of a number, formatted by the browser: the library's code would add 11 kB to each page with a number.
#[must_use]
pub fn number(number: f64) -> String {
    #[cfg(target_arch = "wasm32")]
    {
        let digits = js_sys::Number::from(number).to_string_with_radix(10);
        // This fails only for a radix below 2 or above 36.
        digits.map(String::from).unwrap_or_default()
    }
    #[cfg(not(target_arch = "wasm32"))]
    number.to_string()
}
