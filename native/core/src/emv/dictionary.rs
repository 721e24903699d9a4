//! The tags a point of sale meets, with their formats. Source: EMV Book 3, annex A, table 33.

/// How a value is written, which decides how it is cut and padded in a data object list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Digits in half bytes, right-aligned, noughts before.
    Numeric,
    /// Digits in half bytes, left-aligned, F behind.
    Compressed,
    /// Bytes.
    Binary,
    /// Letters, ISO 8859-1 or less.
    Text,
}

/// One tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The tag's bytes as a big-endian number.
    pub tag: u32,
    /// Its name in this house.
    pub name: &'static str,
    /// How its value is written.
    pub format: Format,
}

const fn entry(tag: u32, name: &'static str, format: Format) -> Entry {
    Entry { tag, name, format }
}

use Format::{Binary, Compressed, Numeric, Text};

/// Ascending by tag.
const ENTRIES: [Entry; 72] = [
    entry(0x42, "issuer_identification", Numeric),
    entry(0x4F, "application_id", Binary),
    entry(0x50, "application_label", Text),
    entry(0x56, "track_1", Binary),
    entry(0x57, "track_2", Binary),
    entry(0x5A, "card_number", Compressed),
    entry(0x61, "application_template", Binary),
    entry(0x6F, "file_control_template", Binary),
    entry(0x70, "record_template", Binary),
    entry(0x71, "issuer_script_1", Binary),
    entry(0x72, "issuer_script_2", Binary),
    entry(0x77, "response_template_2", Binary),
    entry(0x80, "response_template_1", Binary),
    entry(0x82, "interchange_profile", Binary),
    entry(0x84, "dedicated_file_name", Binary),
    entry(0x87, "application_priority", Binary),
    entry(0x89, "authorisation_code", Text),
    entry(0x8A, "authorisation_response", Text),
    entry(0x8C, "card_risk_list_1", Binary),
    entry(0x8D, "card_risk_list_2", Binary),
    entry(0x8E, "verification_methods", Binary),
    entry(0x91, "issuer_authentication", Binary),
    entry(0x94, "file_locator", Binary),
    entry(0x95, "terminal_verification_results", Binary),
    entry(0x97, "transaction_certificate_list", Binary),
    entry(0x9A, "transaction_date", Numeric),
    entry(0x9B, "transaction_status", Binary),
    entry(0x9C, "transaction_type", Numeric),
    entry(0xA5, "file_control_proprietary", Binary),
    entry(0x5F20, "cardholder_name", Text),
    entry(0x5F24, "expiry_date", Numeric),
    entry(0x5F25, "effective_date", Numeric),
    entry(0x5F28, "issuer_country", Numeric),
    entry(0x5F2A, "currency", Numeric),
    entry(0x5F2D, "languages", Text),
    entry(0x5F30, "service_code", Numeric),
    entry(0x5F34, "card_sequence", Numeric),
    entry(0x5F36, "currency_exponent", Numeric),
    entry(0x9F02, "amount_authorised", Numeric),
    entry(0x9F03, "amount_other", Numeric),
    entry(0x9F06, "terminal_application_id", Binary),
    entry(0x9F07, "usage_control", Binary),
    entry(0x9F09, "terminal_application_version", Binary),
    entry(0x9F10, "issuer_application_data", Binary),
    entry(0x9F11, "issuer_code_table", Numeric),
    entry(0x9F12, "preferred_name", Text),
    entry(0x9F15, "merchant_category", Numeric),
    entry(0x9F16, "merchant_id", Text),
    entry(0x9F1A, "terminal_country", Numeric),
    entry(0x9F1C, "terminal_id", Text),
    entry(0x9F1E, "interface_serial", Text),
    entry(0x9F1F, "track_1_discretionary", Text),
    entry(0x9F20, "track_2_discretionary", Compressed),
    entry(0x9F21, "transaction_time", Numeric),
    entry(0x9F24, "account_reference", Text),
    entry(0x9F25, "card_number_last_4", Numeric),
    entry(0x9F26, "application_cryptogram", Binary),
    entry(0x9F27, "cryptogram_information", Binary),
    entry(0x9F33, "terminal_capabilities", Binary),
    entry(0x9F34, "verification_results", Binary),
    entry(0x9F35, "terminal_type", Numeric),
    entry(0x9F36, "transaction_counter", Binary),
    entry(0x9F37, "unpredictable_number", Binary),
    entry(0x9F38, "processing_options_list", Binary),
    entry(0x9F39, "entry_mode", Numeric),
    entry(0x9F41, "sequence_counter", Numeric),
    entry(0x9F49, "dynamic_data_list", Binary),
    entry(0x9F66, "terminal_qualifiers", Binary),
    entry(0x9F6B, "track_2_contactless", Binary),
    entry(0x9F6C, "card_qualifiers", Binary),
    entry(0x9F6E, "form_factor", Binary),
    entry(0xBF0C, "issuer_discretionary", Binary),
];

/// What is known of a tag.
pub fn find(tag: u32) -> Option<Entry> {
    ENTRIES
        .binary_search_by_key(&tag, |one| one.tag)
        .ok()
        .map(|place| ENTRIES[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascending_and_found() {
        assert!(ENTRIES.is_sorted_by(|one, two| one.tag < two.tag));
        assert_eq!(find(0x9F02).unwrap().name, "amount_authorised");
        assert_eq!(find(0x5A).unwrap().format, Compressed);
        assert_eq!(find(0x9F99), None);
    }
}
