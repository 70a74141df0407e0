//! A vendor's number as it is.

/// All digits of a number. The browser writes them: the library's code for it would be 11 kB more for each page with a
/// number.
#[must_use]
pub fn number(number: f64) -> String {
    #[cfg(target_arch = "wasm32")]
    {
        let digits = js_sys::Number::from(number).to_string_with_radix(10);
        // Only a radix below 2 or above 36 is refused.
        digits.map(String::from).unwrap_or_default()
    }
    #[cfg(not(target_arch = "wasm32"))]
    number.to_string()
}
