//! SHA-256, as text.

use sha2::{Digest, Sha256};

/// The SHA-256 sum of `bytes` as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: u8| [DIGITS[usize::from(byte >> 4)] as char, DIGITS[usize::from(byte & 15)] as char];
    Sha256::digest(bytes).iter().flat_map(|&byte| digits(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard() {
        // FIPS 180-4 examples; the empty input by `sha256sum < /dev/null`.
        let cases = [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ];
        for (text, expected) in cases {
            assert_eq!(sha256_hex(text.as_bytes()), expected, "{text:?}");
        }
    }
}
