//! How many parts a text message takes on the air.
//!
//! In the alphabet of GSM 03.38 a message of one part holds 160 characters and each of several 153;
//! characters of its extension table count two and are not split. One character outside of it turns
//! the whole message to UCS-2: 70 and 67 code units, and a surrogate pair is not split.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The number of parts; an empty text takes none.
pub fn segments(text: &str) -> i64 {
    let gsm: Option<Vec<usize>> = text.chars().map(gsm_width).collect();
    match gsm {
        Some(widths) => parts(&widths, 160, 153),
        None => parts(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            70,
            67,
        ),
    }
}

fn gsm_width(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// Fills parts one after the other; what has width two does not go over an edge.
fn parts(widths: &[usize], single: usize, each: usize) -> i64 {
    let total: usize = widths.iter().sum();
    if total <= single {
        return i64::from(total > 0);
    }
    let (mut count, mut used) = (1, 0);
    for width in widths {
        if used + width > each {
            count += 1;
            used = 0;
        }
        used += width;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_carriers_do() {
        for (text, count) in [
            (String::new(), 0),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            // 76 signs of width two fit into 153.
            ("€".repeat(152), 2),
            ("€".repeat(153), 3),
            ("ł".repeat(70), 1),
            ("ł".repeat(71), 2),
            ("😀".repeat(35), 1),
            // 33 pairs fit into 67.
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ] {
            assert_eq!(
                segments(&text),
                count,
                "{} of {:?}",
                text.chars().count(),
                text.chars().next()
            );
        }
    }
}
