//! Groups as JSON, and the service's error bodies.

use super::model::{Group, Slicer, Thumbnail};
use super::test_card;
use super::world::World;
use crate::answer;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

impl World {
    /// `FailoverGroup`.
    pub(crate) fn group_json(&self, group: &Group, owner: &str) -> Value {
        let channels: Value = group
            .channels
            .iter()
            .map(|one| json!({ "id": one.id, "desc": one.desc }))
            .collect();
        let slicers: Value = group
            .slicers
            .iter()
            .map(|one| self.slicer_json(&group.id, one))
            .collect();
        json!({
            "@id": format!("/api/v4/failover-groups/{}", group.id),
            "@type": "FailoverGroup",
            "owner": owner,
            "id": group.id,
            "name": group.name,
            "hot_warm": group.hot_warm,
            "mode": group.mode.name(),
            "auto_failback": group.auto_failback,
            "failover_time": group.failover_time,
            "active": null,
            "active_slicer_id": group.on_air(),
            "channels": channels,
            "slicers": slicers,
        })
    }

    fn slicer_json(&self, group: &str, slicer: &Slicer) -> Value {
        json!({
            "id": slicer.id,
            "blacklist_until": slicer.blacklist.as_ref().map_or(0, DateTime::<Utc>::timestamp_millis),
            "order": slicer.order,
            "status": { "state": slicer.state, "thumb_url": self.thumbnail_url(group, slicer) },
            "hostname": slicer.hostname,
            "enabled": slicer.enabled,
        })
    }

    fn thumbnail_url(&self, group: &str, slicer: &Slicer) -> String {
        let number = match slicer.thumbnail {
            Thumbnail::VendorSample(url) => return url.to_owned(),
            Thumbnail::Drawn if slicer.state >= 0 => {
                self.now.timestamp().div_euclid(test_card::SECONDS)
            }
            Thumbnail::Drawn | Thumbnail::Stuck => 0,
        };
        let part = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        format!(
            "{}/thumbs/{}/{}/{number}.png",
            self.base_url,
            part(group),
            part(&slicer.id)
        )
    }
}

/// The error body that public client code expects.
pub(crate) fn error(status: StatusCode, title: &str) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = reason.to_lowercase().replace(' ', "_");
    let title = if title.is_empty() { reason } else { title };
    let body =
        json!({ "@type": "Error", "code": code, "status_code": status.as_u16(), "title": title });
    answer::json(status, &body)
}
