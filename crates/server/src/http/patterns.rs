//! Text patterns in which `*` stands for any text; in a pattern of addresses, such as `10.*`, for
//! a part of an address, because `10.evil.example` is not what its writer meant.

/// Lower-case patterns, compared without regard to case.
#[derive(Debug, Clone)]
pub(super) struct Patterns(Vec<String>);

impl Patterns {
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let clean = |pattern: &str| pattern.trim().to_ascii_lowercase();
        Self(patterns.into_iter().map(clean).collect())
    }

    /// Whether everything is allowed, on purpose.
    pub(super) fn has_wildcard(&self) -> bool {
        self.0.iter().any(|pattern| pattern == "*")
    }

    pub(super) fn allow(&self, text: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| matches(pattern.as_bytes(), text.as_bytes()))
    }
}

/// Whether a pattern says nothing that only names have: it has digits, and beside them dots, colons
/// and `*`.
fn is_of_addresses(pattern: &[u8]) -> bool {
    pattern.iter().any(u8::is_ascii_digit) && pattern.iter().copied().all(is_in_address)
}

fn is_in_address(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b':' | b'*')
}

/// Takes time in proportion to the product of the lengths at worst: after a mismatch, only the last
/// `*` needs to be tried again.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if is_of_addresses(pattern) && !text.iter().copied().all(is_in_address) {
        return false;
    }
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t].to_ascii_lowercase()) {
            p += 1;
            t += 1;
        } else if let Some((star, start)) = retry {
            retry = Some((star, start + 1));
            p = star + 1;
            t = start + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let cases = [
            ("ml.example.com", "ML.example.com", true),
            ("ml.example.com", "ml.example.com.evil", false),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("10.*", "10.1.2.3", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Patterns::new([pattern]).allow(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
