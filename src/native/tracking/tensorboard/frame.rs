//! TFRecord frames: length (u64, little-endian), its masked CRC-32C, the payload, its masked CRC-32C.
//!
//! CRC-32C by a table of 256: it runs over some 200 bytes an epoch, for which no crate is worth its build.

/// The Castagnoli polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut at = 0;
    while at < 256 {
        let (mut value, mut bit) = (at as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

/// The checksum as it is stored, so that a checksum of bytes that hold one is still worth something
/// (`tensorflow/core/lib/hash/crc32c.h`).
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A payload in its frame.
pub(super) fn framed(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut frame = Vec::with_capacity(payload.len() + 16);
    frame.extend(length);
    frame.extend(masked(crc32c(&length)).to_le_bytes());
    frame.extend(payload);
    frame.extend(masked(crc32c(payload)).to_le_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of CRC algorithms, and the vectors of RFC 3720, B.4.
    #[test]
    fn the_published_checksums() {
        let (rising, falling) = (std::array::from_fn(|i| i as u8), std::array::from_fn(|i| 31 - i as u8));
        let cases: [(&[u8], u32); 6] = [
            (b"", 0),
            (b"123456789", 0xe306_9283),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&rising as &[u8; 32], 0x46dd_794e),
            (&falling as &[u8; 32], 0x113f_db5c),
        ];
        for (bytes, expected) in cases {
            assert_eq!(crc32c(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_frame_of_nothing() {
        // masked(0) is the constant; crc32c of eight zeros is 0x8c28b28a.
        let mut expected = vec![0u8; 8];
        expected.extend(0x8c28_b28a_u32.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes());
        expected.extend(0xa282_ead8_u32.to_le_bytes());
        assert_eq!(framed(b""), expected);
    }
}
