//! Page tokens: where a page begins, opaque to clients.

use std::fmt::{Debug, Write as _};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ferroflow_model::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::order::Order;
use super::order_key::{OrderKey, Place};
use crate::literal;

/// Tokens go into URLs, and some clients leave out the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// NaN has no number in JSON.
const NAN: &str = "NaN";

/// How much of a client's token an error repeats, in bytes.
const EXCERPT_BYTES: usize = 100;

/// A token, decoded.
#[derive(Serialize, Deserialize)]
struct Token {
    /// Tells the search that it continues.
    search: String,
    /// The places of the last row of the page before, key by key.
    after: Vec<Json>,
}

/// A short digest of what a search asks for, its page aside.
pub(super) fn fingerprint(search: &impl Debug) -> String {
    let digest = Sha256::digest(format!("{search:?}").as_bytes());
    let mut text = String::new();
    for byte in digest.iter().take(4) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Makes the token of the page after a row.
pub(super) fn encode(fingerprint: &str, places: &[Place]) -> Result<String> {
    let token = Token {
        search: fingerprint.to_owned(),
        after: places.iter().map(to_json).collect(),
    };
    let json = serde_json::to_vec(&token).map_err(Error::internal)?;
    Ok(BASE64.encode(json))
}

/// Reads a token that [`encode`] made for the same search.
pub(super) fn decode(token: &str, fingerprint: &str, order: &Order<'_>) -> Result<Vec<Place>> {
    let unknown = || refused(token);
    let bytes = BASE64.decode(token).map_err(|_| unknown())?;
    let token: Token = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    if token.search != fingerprint {
        return Err(Error::invalid(
            "Invalid page token: it continues another search. The filter, the order and what is \
             searched must be those of the first page.",
        ));
    }
    let keys = &order.keys;
    if token.after.len() != keys.len() {
        return Err(unknown());
    }
    let places = keys
        .iter()
        .zip(token.after)
        .map(|(key, json)| from_json(key, json));
    places.collect::<Option<_>>().ok_or_else(unknown)
}

/// The error for a token that no page ended with. Its words follow how far the reference, whose
/// tokens are JSON in base64, comes with it.
pub(crate) fn refused(token: &str) -> Error {
    // Python skips what does not belong to the alphabet.
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let digits: String = token.chars().filter(is_digit).collect();
    let Ok(mut bytes) = STANDARD.decode(&digits) else {
        return Error::invalid("Invalid page token, could not base64-decode");
    };
    bytes.truncate(EXCERPT_BYTES);
    Error::invalid(match serde_json::from_slice::<Json>(&bytes) {
        Ok(json) => format!("Invalid page token, parsed value={}", literal::json(&json)),
        Err(_) => format!(
            "Invalid page token, decoded value={}",
            literal::bytes(&bytes)
        ),
    })
}

fn to_json(place: &Place) -> Json {
    match place {
        Place::Integer(value) => (*value).into(),
        Place::Real(value) => (*value).into(),
        Place::Text(value) => value.as_str().into(),
        Place::NaN => NAN.into(),
        Place::Missing => Json::Null,
    }
}

fn from_json(key: &OrderKey, json: Json) -> Option<Place> {
    let place = match json {
        Json::Null => Place::Missing,
        Json::String(text) if key.is_metric() && text == NAN => Place::NaN,
        Json::String(text) if !text.contains('\0') => Place::Text(text),
        Json::Number(number) if key.is_metric() => Place::Real(number.as_f64()?),
        Json::Number(number) => Place::Integer(number.as_i64()?),
        _ => return None,
    };
    key.accepts(&place).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::order_key::Content;

    fn order() -> Order<'static> {
        let mut order = Order::default();
        order.column("o0.value", Content::Metric, false);
        order.column("o1.value", Content::OptionalText, true);
        order.column("r.start_ms", Content::Integer, false);
        order.column("r.run_id", Content::Text, true);
        order
    }

    fn rest() -> [Place; 3] {
        [
            Place::Missing,
            Place::Integer(i64::MIN),
            Place::Text("r".to_owned()),
        ]
    }

    #[test]
    fn places_come_back_as_they_were() {
        for first in [
            Place::Real(0.1 + 0.2),
            Place::Real(f64::MAX),
            Place::Real(-0.0),
            Place::Real(5e-324),
            Place::NaN,
            Place::Missing,
        ] {
            let places: Vec<Place> = [first].into_iter().chain(rest()).collect();
            let token = encode("a1", &places).unwrap();
            assert_eq!(decode(&token, "a1", &order()).unwrap(), places, "{token}");
        }
    }

    #[test]
    fn a_foreign_token_is_refused_with_the_reason() {
        let message = |token: &str| decode(token, "a1", &order()).unwrap_err().to_string();
        let encoded = |json: &str| STANDARD.encode(json);
        assert_eq!(message("a"), "Invalid page token, could not base64-decode");
        assert_eq!(message("&"), "Invalid page token, decoded value=b''");
        assert_eq!(
            message("bm90IGpzb24="),
            "Invalid page token, decoded value=b'not json'"
        );
        assert_eq!(
            message("eyJvZmZzZXQiOiAxMDB9"),
            "Invalid page token, parsed value={'offset': 100}"
        );
        let other = encode("b2", &[Place::Integer(1)]).unwrap();
        assert!(message(&other).starts_with("Invalid page token: it continues another search."));
        for places in [
            r"[1,null,1]",
            r#"[1,null,1,"r",1]"#,
            r#"["1",null,1,"r"]"#,
            r#"[1,2,1,"r"]"#,
            r#"[1,null,null,"r"]"#,
            r#"[1,null,1.5,"r"]"#,
            r"[1,null,1,null]",
            r#"[1,null,1,"\u0000"]"#,
            r#"[[],null,1,"r"]"#,
        ] {
            let token = encoded(&format!(r#"{{"search":"a1","after":{places}}}"#));
            assert!(
                message(&token).starts_with("Invalid page token, parsed value="),
                "{places}"
            );
        }
    }

    #[test]
    fn searches_have_different_fingerprints() {
        assert_eq!(fingerprint(&("a", 1)), fingerprint(&("a", 1)));
        assert_ne!(fingerprint(&("a", 1)), fingerprint(&("a", 2)));
        assert_eq!(fingerprint(&0).len(), 8);
    }
}
