//! Bits of results by name: terminal verification results, transaction status, cryptogram
//! information, how the cardholder was verified. Source: EMV Book 3, annex C, tables 42, 43, 15;
//! Book 4, table 37.

/// Names of the forty bits of tag 95, byte 1 bit 8 first; an empty name is reserved.
const TVR: [[&str; 8]; 5] = [
    [
        "offline_data_authentication_not_performed",
        "static_data_authentication_failed",
        "icc_data_missing",
        "card_on_exception_file",
        "dynamic_data_authentication_failed",
        "combined_data_authentication_failed",
        "static_data_authentication_selected",
        "extended_data_authentication_selected",
    ],
    [
        "application_versions_differ",
        "application_expired",
        "application_not_yet_effective",
        "service_not_allowed_for_product",
        "new_card",
        "",
        "biometric_verification_successful",
        "biometric_template_unsupported",
    ],
    [
        "cardholder_verification_not_successful",
        "cardholder_verification_method_unrecognised",
        "pin_try_limit_exceeded",
        "pin_pad_not_working",
        "pin_not_entered",
        "online_verification_captured",
        "biometric_capture_failed",
        "biometric_subtype_bypassed",
    ],
    [
        "floor_limit_exceeded",
        "lower_consecutive_offline_limit_exceeded",
        "upper_consecutive_offline_limit_exceeded",
        "selected_randomly_for_online",
        "merchant_forced_online",
        "biometric_try_limit_exceeded",
        "biometric_type_unsupported",
        "extended_data_authentication_failed",
    ],
    [
        "default_data_object_list_used",
        "issuer_authentication_failed",
        "script_failed_before_final_cryptogram",
        "script_failed_after_final_cryptogram",
        "relay_resistance_threshold_exceeded",
        "ca_ecc_key_missing",
        "ecc_key_recovery_failed",
        "relay_resistance_not_performed",
    ],
];
const TSI: [&str; 6] = [
    "offline_data_authentication_performed",
    "cardholder_verification_performed",
    "card_risk_management_performed",
    "issuer_authentication_performed",
    "terminal_risk_management_performed",
    "script_processing_performed",
];

fn named(byte: u8, names: &[&'static str]) -> Vec<&'static str> {
    names
        .iter()
        .enumerate()
        .filter(|(place, name)| byte & (0x80 >> place) != 0 && !name.is_empty())
        .map(|(_, name)| *name)
        .collect()
}

/// Names of the bits set in terminal verification results (tag 95); reserved ones have none.
pub fn tvr(value: [u8; 5]) -> Vec<&'static str> {
    value
        .iter()
        .zip(TVR)
        .flat_map(|(byte, names)| named(*byte, &names))
        .collect()
}

/// Names of the bits set in transaction status information (tag 9B).
pub fn tsi(value: [u8; 2]) -> Vec<&'static str> {
    named(value[0], &TSI)
}

/// What the card decided (tag 9F27): `declined`, `approved`, `go_online`, or `reserved`.
pub fn cryptogram(information: u8) -> &'static str {
    match information >> 6 {
        0 => "declined",
        1 => "approved",
        2 => "go_online",
        _ => "reserved",
    }
}

/// How the cardholder was verified (tag 9F34).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// The method.
    pub method: &'static str,
    /// When the method applies.
    pub condition: &'static str,
    /// What came of it.
    pub result: &'static str,
    /// Whether the next method would have been tried if this one failed.
    pub next_if_failed: bool,
}

/// The three bytes of tag 9F34 in words; a value nobody assigned is `unknown`.
pub fn verification(value: [u8; 3]) -> Verification {
    Verification {
        method: method(value[0]),
        condition: condition(value[1]),
        result: match value[2] {
            1 => "failed",
            2 => "successful",
            _ => "unknown",
        },
        next_if_failed: value[0] & 0x40 != 0,
    }
}

fn method(byte: u8) -> &'static str {
    match byte & 0x3F {
        0x00 => "fail",
        0x01 => "offline_plain_pin",
        0x02 => "online_pin",
        0x03 => "offline_plain_pin_and_signature",
        0x04 => "offline_enciphered_pin",
        0x05 => "offline_enciphered_pin_and_signature",
        0x1E => "signature",
        0x1F => "no_verification",
        0x3F => "not_performed",
        _ => "unknown",
    }
}

fn condition(byte: u8) -> &'static str {
    match byte {
        0 => "always",
        1 => "unattended_cash",
        2 => "not_cash_or_cashback",
        3 => "terminal_supports_method",
        4 => "manual_cash",
        5 => "cashback",
        6 => "under_amount_x",
        7 => "over_amount_x",
        8 => "under_amount_y",
        9 => "over_amount_y",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_by_name() {
        assert_eq!(
            tvr([0x80, 0x00, 0x04, 0x80, 0x00]),
            [
                "offline_data_authentication_not_performed",
                "online_verification_captured",
                "floor_limit_exceeded"
            ]
        );
        assert!(tvr([0; 5]).is_empty());
        assert_eq!(tvr([0xFF; 5]).len(), 39);
        assert_eq!(
            tsi([0xE8, 0xFF]),
            [
                "offline_data_authentication_performed",
                "cardholder_verification_performed",
                "card_risk_management_performed",
                "terminal_risk_management_performed",
            ]
        );
    }

    #[test]
    fn each_method_has_its_own_name() {
        let known = [0, 1, 2, 3, 4, 5, 0x1E, 0x1F, 0x3F].map(method);
        let names: std::collections::BTreeSet<_> = known.into_iter().collect();
        assert_eq!((names.len(), names.contains("unknown")), (9, false));
        assert_eq!(method(0x45), "offline_enciphered_pin_and_signature");
        assert_eq!(method(0x20), "unknown");
    }

    #[test]
    fn each_condition_and_each_result_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = (0..10).map(condition).collect();
        assert_eq!((names.len(), names.contains("unknown")), (10, false));
        assert_eq!((condition(5), condition(10)), ("cashback", "unknown"));
        let results = [0, 1, 2, 3].map(|byte| verification([0, 0, byte]).result);
        assert_eq!(results, ["unknown", "failed", "successful", "unknown"]);
        assert!(!verification([0xBF, 0, 0]).next_if_failed);
        for (place, name) in TSI.into_iter().enumerate() {
            assert_eq!(tsi([0x80 >> place, 0]), [name]);
        }
        assert!(tsi([0x03, 0xFF]).is_empty());
    }

    #[test]
    fn each_bit_has_its_own_name() {
        let mut seen = std::collections::BTreeSet::new();
        for byte in 0..5 {
            for bit in 0..8 {
                let mut value = [0; 5];
                value[byte] = 1 << bit;
                let names = tvr(value);
                assert!(names.len() == 1 || (byte, bit) == (1, 2));
                assert!(names.into_iter().all(|name| seen.insert(name)));
            }
        }
    }

    #[test]
    fn decisions() {
        let words = [0x00, 0x40, 0x80, 0xC0, 0x48].map(cryptogram);
        assert_eq!(
            words,
            ["declined", "approved", "go_online", "reserved", "approved"]
        );
        let online = verification([0x42, 0x03, 0x00]);
        assert_eq!(online.method, "online_pin");
        assert_eq!(online.condition, "terminal_supports_method");
        assert_eq!(online.result, "unknown");
        assert!(online.next_if_failed);
        let signed = verification([0x1E, 0x00, 0x02]);
        assert_eq!((signed.method, signed.result), ("signature", "successful"));
        assert_eq!(verification([0x20, 99, 9]).method, "unknown");
    }
}
