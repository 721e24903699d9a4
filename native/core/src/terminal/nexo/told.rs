//! What is told of a message: the members this house reads, by name, and no others.
//!
//! A member nobody reads is not screened but left where it stands, so a field that a terminal's
//! next release puts card data into is withheld before anybody has heard of it.

use super::hidden::{cleaned_raw, cut, is_number_hidden, shown};
use super::json::{self, Raw, Span};
use super::seal::{Key, unseal};
use super::{Trouble, names, pairs};
use crate::masking::written::Use;
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
    /// A terminal's own.
    Terminal,
    /// What a transaction is named by: its `TransactionID` is a terminal's name for it.
    Naming,
    NameOfTransaction,
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
        "DeviceID" "TransactionID" "TimeStamp" "ApprovalCode" "MerchantID" "Currency"
        "PaymentCurrency";
    Terminal: "POIID";
    Naming: "POITransactionID";
    Card: "MaskedPan";
    Line: "Text";
    Pairs: "AdditionalResponse" "ReferenceID" "SaleToAcquirerData";
    Sentence: "EventDetails";
    Words: "SaleToPOIRequest" "SaleToPOIResponse" "EventNotification" "EventToNotify"
        "PaymentRequest" "PaymentResponse" "ReversalRequest" "ReversalResponse"
        "TransactionStatusRequest" "TransactionStatusResponse" "AbortRequest" "DiagnosisRequest"
        "DiagnosisResponse" "ReconciliationRequest" "ReconciliationResponse" "DisplayRequest"
        "DisplayResponse" "PrintRequest" "PrintResponse" "InputRequest" "InputResponse"
        "Response" "Result" "ErrorCondition" "POIData" "SaleData"
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

/// Which key a message must be sealed with, and whom it is expected from.
pub struct Sealed<'a> {
    /// What follows from its passphrase.
    pub key: &'a Key,
    /// Its name.
    pub identifier: &'a str,
    /// Its version.
    pub version: u32,
    /// The terminal's name, which is told as it stands; empty where none is expected.
    pub poi_id: &'a str,
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

/// What may be told of a message in plain text that is expected from the terminal of that name;
/// of none where it is empty.
pub fn read(data: &[u8], poi_id: &str) -> Result<Told, Trouble> {
    let told = read_here(data, poi_id);
    wipe_stack();
    told
}

#[inline(never)]
fn read_here(data: &[u8], poi_id: &str) -> Result<Told, Trouble> {
    let (text, members) = json::object(data)?;
    Ok(Reader { text, poi_id }.object(&members, Kind::Words))
}

/// What may be told of a sealed message.
///
/// # Errors
/// That it is no envelope (`not_sealed` where nobody sealed anything); then in this order
/// `crypto_version_other`, `key_identifier_other`, `key_version_other`, `nonce_wrong`,
/// `blob_wrong`; `seal_broken` for everything that needs the key to be noticed; then those of
/// [`read`].
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
    let (side, envelope) = match (sides.next(), sides.next()) {
        (Some(side), None) => side,
        // Terminals that cannot read what they are asked say so without any envelope.
        (None, _) => return Err("not_sealed".into()),
        _ => return Err(Trouble::new("member_missing", "envelope.SaleToPOIResponse")),
    };
    let trailer = inner(text, envelope, "SecurityTrailer").ok_or("not_sealed")?;
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
    let poi_id = sealed.poi_id;
    let reader = Reader { text, poi_id };
    Ok(Opened {
        side,
        header: header.map_or(Told::Nothing, |one| reader.value(one, Kind::Name)),
        message: read_here(plain.as_slice(), poi_id)?,
    })
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

/// A message, and the name of the terminal that it is expected from.
struct Reader<'a> {
    text: &'a str,
    poi_id: &'a str,
}

impl Reader<'_> {
    fn object(&self, members: &[(Span, Raw)], around: Kind) -> Told {
        let told = members.iter().filter_map(|(name, inner)| {
            // A name with an escape in it is no name anybody writes.
            let (name, kind) = member(name.of(self.text))?;
            let kind = match (around, name) {
                (Kind::Naming, "TransactionID") => Kind::NameOfTransaction,
                _ => kind,
            };
            Some((name, self.value(inner, kind)))
        });
        Told::Object(told.collect())
    }

    fn value(&self, raw: &Raw, kind: Kind) -> Told {
        match raw {
            Raw::Object(members) => self.object(members, kind),
            Raw::List(values) => {
                Told::List(values.iter().map(|one| self.value(one, kind)).collect())
            }
            Raw::Text(span) => self.told(span.of(self.text), kind),
            Raw::Number(span) if is_number_hidden(span.of(self.text)) => Told::Nothing,
            Raw::Number(span) => Told::Number(span.of(self.text).to_owned()),
            Raw::Flag(flag) => Told::Flag(*flag),
            Raw::Nothing => Told::Nothing,
        }
    }

    fn told(&self, raw: &str, kind: Kind) -> Told {
        match kind {
            Kind::Words | Kind::Naming => Told::Text(cleaned_raw(raw, Use::Words, TEXT_CHARS_MAX)),
            Kind::Name => Told::Text(cleaned_raw(raw, Use::Name, TEXT_CHARS_MAX)),
            Kind::Terminal => Told::Text(names::terminal(raw, self.poi_id, TEXT_CHARS_MAX)),
            Kind::NameOfTransaction => Told::Text(names::transaction(raw, TEXT_CHARS_MAX)),
            Kind::Pairs => decoded(raw, PAIRS_CHARS_MAX, |text| Told::Pairs(pairs::pairs(text))),
            Kind::Card => decoded(raw, CARD_CHARS_MAX, |text| Told::Text(shown(text))),
            Kind::Line => decoded(raw, TEXT_CHARS_MAX, |text| Told::Text(pairs::line(text))),
            Kind::Sentence => decoded(raw, TEXT_CHARS_MAX, |text| {
                Told::Text(pairs::sentence(text))
            }),
        }
    }
}

fn decoded(raw: &str, chars_max: usize, told: impl FnOnce(&[u8]) -> Told) -> Told {
    let room = json::decoded(raw);
    told(cut(room.as_slice(), chars_max))
}
