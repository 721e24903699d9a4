//! What is told of a message: the members this house reads, by name, and no others.
//!
//! A member nobody reads is not screened but left where it stands, so a field that a terminal's
//! next release puts card data into is withheld before anybody has heard of it.

use super::hidden::{cleaned_raw, cut, is_number_hidden, shown};
use super::json::{self, Raw, Span};
use super::seal::{Key, unseal};
use super::{Trouble, pairs};
use crate::masking::written::{Use, cleaned};
use crate::wipe::{Wiped, wipe_stack};

const TEXT_CHARS_MAX: usize = 4_096;
const PAIRS_CHARS_MAX: usize = 65_536;
const CARD_CHARS_MAX: usize = 128;
const CRYPTO_VERSION: u32 = 1;
const SIDES: [&str; 2] = ["SaleToPOIRequest", "SaleToPOIResponse"];

/// A value that may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Members by name.
    Object(Vec<(&'static str, Self)>),
    /// Values in their order.
    List(Vec<Self>),
    /// A text without card numbers.
    Text(String),
    /// Pairs of a text, without card data.
    Pairs(Vec<(String, String)>),
    /// A number in the digits it was written with.
    Number(String),
    /// True or false.
    Flag(bool),
    /// Null, or a number that could be a card's.
    Nothing,
}

/// How the text of a member is told.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Words,
    Name,
    Card,
    Line,
    Pairs,
    Sentence,
}

macro_rules! members {
    ($($kind:ident: $($name:literal)+;)+) => {
        /// A member that is read, as the house writes its name.
        fn member(name: &str) -> Option<(&'static str, Kind)> {
            match name {
                $($($name => Some(($name, Kind::$kind)),)+)+
                _ => None,
            }
        }
    };
}

members! {
    Name: "MessageHeader" "MessageClass" "MessageCategory" "MessageType" "ServiceID" "SaleID"
        "POIID" "DeviceID" "TransactionID" "TimeStamp" "ApprovalCode" "Currency"
        "PaymentCurrency";
    Card: "MaskedPan";
    Line: "Text";
    Pairs: "AdditionalResponse" "ReferenceID" "SaleToAcquirerData";
    Sentence: "EventDetails";
    Words: "SaleToPOIRequest" "SaleToPOIResponse" "EventNotification" "EventToNotify"
        "PaymentRequest" "PaymentResponse" "ReversalRequest" "ReversalResponse"
        "TransactionStatusRequest" "TransactionStatusResponse" "AbortRequest" "DiagnosisRequest"
        "DiagnosisResponse" "ReconciliationRequest" "ReconciliationResponse" "DisplayRequest"
        "DisplayResponse" "PrintRequest" "PrintResponse" "InputRequest" "InputResponse"
        "Response" "Result" "ErrorCondition" "POIData" "POITransactionID" "SaleData"
        "SaleTransactionID" "PaymentResult" "AmountsResp" "AuthorizedAmount" "TipAmount"
        "OnlineFlag" "PaymentAcquirerData" "AcquirerTransactionID" "ReversedAmount"
        "PaymentInstrumentData" "PaymentInstrumentType" "CardData" "PaymentBrand" "EntryMode"
        "AuthenticationMethod" "PaymentReceipt" "DocumentQualifier" "RequiredSignatureFlag"
        "OutputContent" "OutputText" "EndOfLineFlag" "Alignment" "CharacterWidth"
        "CharacterHeight" "CharacterStyle" "RepeatedMessageResponse"
        "RepeatedResponseMessageBody" "POIStatus" "GlobalStatus" "PrinterStatus"
        "CommunicationOKFlag" "TransactionTotals" "CardBrand" "PaymentTotals" "TransactionType"
        "TransactionAmount" "TransactionCount" "OutputResult" "InputResult" "Input"
        "ConfirmedFlag" "MenuEntryNumber" "TextInput" "DigitInput" "DisplayOutput"
        "PredefinedContent" "MessageReference" "ReceiptReprintFlag" "AbortReason"
        "HostDiagnosisFlag" "ReconciliationType" "Device" "PrintOutput" "ResponseMode"
        "PaymentTransaction" "TransactionConditions" "AmountsReq" "RequestedAmount"
        "ForceEntryMode" "ForceOnlineFlag" "PaymentData" "PaymentType" "OriginalPOITransaction"
        "ReversalReason" "InputData" "MenuEntry" "InputCommand" "MaxInputTime" "MinLength"
        "MaxLength";
}

/// Which key a message must be sealed with.
pub struct Sealed<'a> {
    /// What follows from its passphrase.
    pub key: &'a Key,
    /// Its name.
    pub identifier: &'a str,
    /// Its version.
    pub version: u32,
}

/// A sealed message.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// On which side it stands in its envelope.
    pub side: &'static str,
    /// The clear header; nobody has sealed it.
    pub header: Told,
    /// What was under the seal.
    pub message: Told,
}

/// What may be told of a message in plain text.
pub fn read(data: &[u8]) -> Result<Told, Trouble> {
    let told = read_here(data);
    wipe_stack();
    told
}

#[inline(never)]
fn read_here(data: &[u8]) -> Result<Told, Trouble> {
    let (text, members) = json::object(data)?;
    Ok(object(text, &members))
}

/// What may be told of a sealed message.
///
/// # Errors
/// That it is no envelope; then in this order `crypto_version_other`, `key_identifier_other`,
/// `key_version_other`, `nonce_wrong`, `blob_wrong`; `seal_broken` for everything that needs the
/// key to be noticed; then those of [`read`].
pub fn open(data: &[u8], sealed: &Sealed<'_>) -> Result<Opened, Trouble> {
    let opened = open_here(data, sealed);
    wipe_stack();
    opened
}

// Never within its caller's frame, or what it left would lie above what is written over.
#[inline(never)]
fn open_here(data: &[u8], sealed: &Sealed<'_>) -> Result<Opened, Trouble> {
    let (text, members) = json::object(data)?;
    let mut sides = SIDES
        .iter()
        .filter_map(|side| Some((*side, inner(text, &members, side)?)));
    let (Some((side, envelope)), None) = (sides.next(), sides.next()) else {
        return Err(missing("envelope.SaleToPOIResponse"));
    };
    let trailer = inner(text, envelope, "SecurityTrailer")
        .ok_or_else(|| missing(&format!("envelope.{side}.SecurityTrailer")))?;
    let number = |name: &str| match find(text, trailer, name) {
        Some(Raw::Number(span)) => span.of(text).parse::<u32>().ok(),
        _ => None,
    };
    let word = |members: &[(Span, Raw)], name: &str| match find(text, members, name) {
        Some(Raw::Text(span)) => Some(json::decoded(span.of(text))),
        _ => None,
    };
    let versions = number("AdyenCryptoVersion").zip(number("KeyVersion"));
    let (Some((crypto_version, version)), Some(blob)) = (versions, word(envelope, "NexoBlob"))
    else {
        return Err("not_sealed".into());
    };
    if crypto_version != CRYPTO_VERSION {
        let told = crypto_version.to_string();
        return Err(Trouble::new("crypto_version_other", told));
    }
    let identifier = word(trailer, "KeyIdentifier");
    if identifier.is_none_or(|one| one.as_slice() != sealed.identifier.as_bytes()) {
        return Err("key_identifier_other".into());
    }
    if version != sealed.version {
        return Err(Trouble::new("key_version_other", version.to_string()));
    }
    let (nonce, mac) = (word(trailer, "Nonce"), word(trailer, "Hmac"));
    let plain = unseal(
        blob.as_slice(),
        mac.as_ref().map_or(&[], Wiped::as_slice),
        nonce.as_ref().map_or(&[], Wiped::as_slice),
        sealed.key,
    )?;
    let header = find(text, envelope, "MessageHeader");
    Ok(Opened {
        side,
        header: header.map_or(Told::Nothing, |one| value(text, one, Kind::Name)),
        message: read_here(plain.as_slice())?,
    })
}

fn missing(place: &str) -> Trouble {
    Trouble::new("member_missing", place)
}

fn find<'a>(text: &str, members: &'a [(Span, Raw)], wanted: &str) -> Option<&'a Raw> {
    members
        .iter()
        .find(|(name, _)| json::letters(name.of(text)).eq(wanted.chars()))
        .map(|(_, value)| value)
}

fn inner<'a>(text: &str, members: &'a [(Span, Raw)], name: &str) -> Option<&'a [(Span, Raw)]> {
    match find(text, members, name) {
        Some(Raw::Object(members)) => Some(members),
        _ => None,
    }
}

fn object(text: &str, members: &[(Span, Raw)]) -> Told {
    let told = members.iter().filter_map(|(name, inner)| {
        // A name with an escape in it is no name anybody writes.
        let (name, kind) = member(name.of(text))?;
        Some((name, value(text, inner, kind)))
    });
    Told::Object(told.collect())
}

fn value(text: &str, raw: &Raw, kind: Kind) -> Told {
    match raw {
        Raw::Object(members) => object(text, members),
        Raw::List(values) => Told::List(values.iter().map(|one| value(text, one, kind)).collect()),
        Raw::Text(span) => told(span.of(text), kind),
        Raw::Number(span) if is_number_hidden(span.of(text)) => Told::Nothing,
        Raw::Number(span) => Told::Number(span.of(text).to_owned()),
        Raw::Flag(flag) => Told::Flag(*flag),
        Raw::Nothing => Told::Nothing,
    }
}

fn told(raw: &str, kind: Kind) -> Told {
    let most = match kind {
        Kind::Words => return Told::Text(cleaned_raw(raw, Use::Words, TEXT_CHARS_MAX)),
        Kind::Name => return Told::Text(cleaned_raw(raw, Use::Name, TEXT_CHARS_MAX)),
        Kind::Pairs => PAIRS_CHARS_MAX,
        Kind::Card => CARD_CHARS_MAX,
        Kind::Line | Kind::Sentence => TEXT_CHARS_MAX,
    };
    let room = json::decoded(raw);
    let text = cut(room.as_slice(), most);
    match kind {
        Kind::Pairs => Told::Pairs(pairs::pairs(text)),
        Kind::Card => Told::Text(shown(text)),
        Kind::Line => Told::Text(pairs::line(text)),
        Kind::Sentence => Told::Text(pairs::sentence(text)),
        Kind::Words | Kind::Name => Told::Text(cleaned(text, Use::Words)),
    }
}
