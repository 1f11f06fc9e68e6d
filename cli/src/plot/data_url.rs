//! Files inside of texts: pictures in SVG and HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A file of this kind as an address that holds it (RFC 2397).
pub fn data_url(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::data_url;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, encoded) in cases {
            let expected = format!("data:text/plain;base64,{encoded}");
            assert_eq!(data_url("text/plain", text.as_bytes()), expected);
        }
    }
}
