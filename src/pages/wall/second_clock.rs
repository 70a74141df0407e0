//! The second clock: the time in another time zone, formatted by the browser.

use super::params::ClockZone;
use js_sys::{Array, Function, Object, Reflect};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};

/// A clock in a time zone.
#[derive(Clone)]
pub struct SecondClock {
    /// The name beside the time.
    pub name: String,
    clock_zone: ClockZone,
    format: SendWrapper<Function>,
}

impl PartialEq for SecondClock {
    fn eq(&self, other: &Self) -> bool {
        self.clock_zone == other.clock_zone
    }
}

impl SecondClock {
    /// The clock of a time zone; `None` if the browser does not support it.
    #[must_use]
    pub fn new(clock_zone: &ClockZone) -> Option<Self> {
        let (zone, name) = match clock_zone {
            ClockZone::Local => (None, "local".to_owned()),
            ClockZone::Zone(zone) => {
                let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
                (Some(zone.as_str()), city)
            }
        };
        let format = formatter(zone)?;
        Some(Self {
            name,
            clock_zone: clock_zone.clone(),
            format: SendWrapper::new(format),
        })
    }

    /// Whether the browser knows a time zone with this name.
    #[must_use]
    pub fn is_zone(zone: &str) -> bool {
        formatter(Some(zone)).is_some()
    }

    /// The local time at a moment in milliseconds since 1970.
    #[must_use]
    pub fn at(&self, millis: f64) -> Option<String> {
        let words = self.format.call1(&JsValue::UNDEFINED, &millis.into());
        words.ok()?.as_string()
    }
}

/// Uses reflection, because `Intl.DateTimeFormat` throws for an unknown zone, which reflection returns as an error.
fn formatter(zone: Option<&str>) -> Option<Function> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor = Reflect::get(&intl, &"DateTimeFormat".into()).ok()?;
    let constructor: Function = constructor.dyn_into().ok()?;
    let options = Object::new();
    let mut pairs = vec![
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("second", "2-digit"),
        ("hourCycle", "h23"),
    ];
    pairs.extend(zone.map(|zone| ("timeZone", zone)));
    for (name, value) in pairs {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    let arguments = Array::of2(&"en-GB".into(), &options);
    let format = Reflect::construct(&constructor, &arguments).ok()?;
    Reflect::get(&format, &"format".into())
        .ok()?
        .dyn_into()
        .ok()
}
