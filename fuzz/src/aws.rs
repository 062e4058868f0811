//! Requests to the AWS services, before anybody knows who sent them.

use http::Request;
use pratique_aws::{
    dispatch, protocol,
    sigv4::{Presented, canonical},
};

/// A request in text: a line of method and target, lines of headers, an empty line, a body.
pub fn aws_request(bytes: &[u8]) {
    let cut = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let body = bytes.get(cut + 2..).unwrap_or_default();
    let head = String::from_utf8_lossy(&bytes[..cut]);
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap_or_default().split_once(' ').unwrap_or(("POST", "/"));
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        request = request.header(name, value.trim());
    }
    let Ok(request) = request.body(()) else { return };
    let parts = request.into_parts().0;
    let _ = dispatch::is_aws(&parts);
    if let Ok(Some(presented)) = Presented::find(&parts) {
        let signed = presented.signed_headers();
        let request = canonical::Request::of(&parts);
        let once = request.canonical(&signed, presented.scope().service, "", None);
        assert_eq!(once, request.canonical(&signed, presented.scope().service, "", None));
    }
    let route = dispatch::route(&parts, body);
    let (Some(service), Some(operation)) = (route.service, route.operation) else { return };
    let Ok(model) = service.model() else { return };
    let request = protocol::Request { parts: &parts, labels: &route.labels, body };
    if let Ok(input) = route.protocol.decode(model, operation, request) {
        let _ = model.check_input(operation, &input).map_err(|failures| failures.to_string());
    }
}
