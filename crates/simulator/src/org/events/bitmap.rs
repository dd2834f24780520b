//! Which fields an event touches, as Salesforce writes it: hexadecimal numbers in which bit i
//! stands for field i of the Avro record.

/// `0x…` with an even number of digits; nothing for no field.
pub(super) fn hex(indexes: &[usize]) -> Option<String> {
    let highest = indexes.iter().max()?;
    let mut bytes = vec![0u8; highest / 8 + 1];
    for index in indexes {
        bytes[index / 8] |= 1 << (index % 8);
    }
    let digits: String = bytes.iter().rev().map(|b| format!("{b:02X}")).collect();
    Some(format!("0x{digits}"))
}

/// The list of a header: top-level fields, then the parts of each compound field.
pub(super) fn list(top: &[usize], nested: &[(usize, Vec<usize>)]) -> Vec<String> {
    let parts = nested
        .iter()
        .filter_map(|(parent, parts)| hex(parts).map(|bits| format!("{parent}-{bits}")));
    hex(top).into_iter().chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistake_39_fields_are_bits_and_not_names() {
        assert_eq!(
            hex(&[5, 6, 7, 10, 24, 26, 29, 30]).unwrap(),
            "0x650004E0",
            "the worked example of the contract"
        );
        assert_eq!(hex(&[0]).unwrap(), "0x01");
        assert_eq!(hex(&[]), None);
        assert_eq!(
            list(&[9], &[(3, vec![1, 2])]),
            ["0x0200".to_owned(), "3-0x06".to_owned()]
        );
    }
}
