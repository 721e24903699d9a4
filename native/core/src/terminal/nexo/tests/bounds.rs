//! Where a message is refused, to the place; and the longest, deepest and fullest that is read.

use super::super::told::{Told, read};
use super::super::{
    DEPTH_MAX, MEMBERS_MAX, MESSAGE_BYTES_MAX, NUMBER_CHARS_MAX, Trouble, hidden, json, pairs,
};
use super::{CARD, MASKED, code, words};
use crate::masking::written::{Use, cleaned};

fn refused(text: &str) -> (&'static str, String) {
    let Trouble { code, detail } = read(text.as_bytes(), "").unwrap_err();
    (code, detail)
}

#[test]
fn a_refusal_tells_where_and_how_much() {
    for (text, place) in [
        ("", 0),
        (" \t\r\n", 4),
        ("{", 1),
        ("{ ", 2),
        ("{}x", 2),
        ("{} x", 3),
        ("{x", 1),
        ("{\"a", 3),
        ("{\"a\"", 4),
        ("{\"a\" 1}", 5),
        ("{\"a\":", 5),
        ("{\"a\":x}", 5),
        ("{\"a\":1", 6),
        ("{\"a\":1 ]", 7),
        ("{\"a\":1,}", 7),
        ("{\"a\":1,,", 7),
        ("{\"a\":[", 6),
        ("{\"a\":[1", 7),
        ("{\"a\":[1}", 7),
        ("{\"a\":[1,]", 8),
        ("{\"a\":tru}", 5),
        ("{\"a\":nul", 5),
        ("{\"a\":-}", 6),
        ("{\"a\":01}", 6),
        ("{\"a\":1.}", 7),
        ("{\"a\":1e}", 7),
        ("{\"a\":1E+}", 8),
        ("{\"a\":\"\\x\"}", 7),
        ("{\"a\":\"\\u12\"}", 7),
        ("{\"a\":\"\\u123g\"}", 7),
        ("{\"a\":\"\\", 7),
        ("{\"a\":\"b\n\"}", 7),
        ("{\"a\":\"b\u{1f}\"}", 7),
    ] {
        assert_eq!(refused(text), ("not_json", format!("at {place}")), "{text}");
    }
    for (text, place) in [("NaN", 5), ("Infinity", 5), ("-Infinity", 5)] {
        let text = format!("{{\"a\":{text}}}");
        assert_eq!(refused(&text), ("number_wrong", format!("at {place}")));
    }
    let broken = read(b"{\"a\":\"\xff\"}", "").unwrap_err();
    assert_eq!((broken.code, broken.detail.as_str()), ("not_utf8", "at 6"));
    for text in ["[]", "1", "\"a\"", "null", "true"] {
        assert_eq!(refused(text), ("not_an_object", String::new()), "{text}");
    }
}

#[test]
fn what_is_json_is_read_whatever_stands_between() {
    for text in [
        "{}",
        " { } ",
        "\t\r\n{\"a\":1}\n",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "{\"a\":[1,2 , 3]}",
        "{\"a\":[[],{}]}",
        "{\"a\":true,\"b\":false,\"c\":null}",
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00Fc\"}",
        "{\"a\":\"\u{7f}\u{20ac}\"}",
        "{\"a\":\"\",\"A\":\"\"}",
    ] {
        assert!(read(text.as_bytes(), "").is_ok(), "{text}");
    }
    for number in [
        "0", "-0", "10", "0.5", "-12.50", "1e5", "1E5", "1e+5", "1E-5", "0.0e0",
    ] {
        let told = read(format!("{{\"TransactionCount\":{number}}}").as_bytes(), "");
        let expected = vec![("TransactionCount", Told::Number(number.into()))];
        assert_eq!(told, Ok(Told::Object(expected)));
    }
    let told = read(b"{\"Result\":[true,false,null,\"a\"]}", "");
    let list = vec![
        Told::Flag(true),
        Told::Flag(false),
        Told::Nothing,
        Told::Text("a".into()),
    ];
    assert_eq!(told, Ok(Told::Object(vec![("Result", Told::List(list))])));
}

#[test]
fn the_most_a_message_may_have_is_read() {
    let number = |count: usize| format!("{{\"TransactionCount\":0.{}}}", "1".repeat(count - 2));
    assert!(read(number(NUMBER_CHARS_MAX).as_bytes(), "").is_ok());
    let wrong = (
        "number_wrong",
        format!("{} characters", NUMBER_CHARS_MAX + 1),
    );
    assert_eq!(refused(&number(NUMBER_CHARS_MAX + 1)), wrong);
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(DEPTH_MAX).as_bytes(), "").is_ok());
    assert_eq!(code(nested(DEPTH_MAX + 1).as_bytes()), "too_deep");
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(read(objects(DEPTH_MAX).as_bytes(), "").is_ok());
    assert_eq!(code(objects(DEPTH_MAX + 1).as_bytes()), "too_deep");
    // The object and the list are two of its values.
    let many = |count: usize| format!("{{\"a\":[1{}]}}", ",1".repeat(count - 3));
    assert!(read(many(MEMBERS_MAX).as_bytes(), "").is_ok());
    assert_eq!(code(many(MEMBERS_MAX + 1).as_bytes()), "too_many_members");
    let long = |size: usize| format!("{{}}{}", " ".repeat(size - 2));
    assert!(read(long(MESSAGE_BYTES_MAX).as_bytes(), "").is_ok());
    let size = MESSAGE_BYTES_MAX + 1;
    assert_eq!(refused(&long(size)), ("too_long", format!("{size} bytes")));
}

#[test]
fn members_are_doubled_however_they_are_escaped() {
    for text in [
        "{\"a\":1,\"b\":1,\"a\":1}",
        "{\"b\":1,\"\\u0062\":1}",
        "{\"c\":{\"a\":1,\"a\":1}}",
        "{\"\\/\":1,\"/\":1}",
    ] {
        assert_eq!(code(text.as_bytes()), "member_doubled", "{text}");
    }
    assert!(read(b"{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "").is_ok());
}

#[test]
fn pairs_of_letters_beyond_the_plane_become_one() {
    let told = |raw: &str| json::letters(raw).collect::<String>();
    assert_eq!(told("\\ud800\\udc00"), "\u{10000}");
    assert_eq!(told("\\udbff\\udfff"), "\u{10ffff}");
    assert_eq!(told("\\ud7ff\\ue000"), "\u{d7ff}\u{e000}");
    assert_eq!(told("\\ud800\\u0041\\udbff\\ue000"), "?A?\u{e000}");
    assert_eq!(told("\\ud800\\ud800\\udc00"), "?\u{10000}");
    assert_eq!(told("\\b\\f\\r\\t\\\"\\\\"), "\u{8}\u{c}\r\t\"\\");
    let (text, room) = ("a\u{20ac}\\u20ac", json::decoded("a\u{20ac}\\u20ac"));
    assert!(room.as_slice().len() < text.len());
    assert_eq!(room.as_slice(), "a\u{20ac}\u{20ac}".as_bytes());
}

#[test]
fn texts_are_cut_at_characters() {
    for (text, most, expected) in [
        ("", 3, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("\u{20ac}\u{20ac}\u{20ac}", 2, "\u{20ac}\u{20ac}"),
        ("\u{20ac}\u{20ac}", 2, "\u{20ac}\u{20ac}"),
        ("ab", 0, ""),
    ] {
        assert_eq!(hidden::cut(text.as_bytes(), most), expected.as_bytes());
    }
    let raw = format!("{}{CARD}", "a\\u0062".repeat(4));
    assert_eq!(
        hidden::cleaned_raw(&raw, Use::Words, 24),
        format!("{}{MASKED}", "ab".repeat(4))
    );
    assert_eq!(hidden::cleaned_raw(&raw, Use::Words, 10), "abababab54");
}

#[test]
fn a_masked_number_is_shown_where_no_more_than_may_be_kept_is_told() {
    for (number, expected) in [
        ("541333******0010", "541333******0010"),
        ("541333#0010", "541333******0010"),
        ("541333x-0010", "541333******0010"),
        ("5413 33XX 0010", "541333******0010"),
        // Thirteen digits are a number; twelve are one only where a mask stands in it.
        ("5413330000010", "541333******0010"),
        ("541333000010", ""),
        ("54133300*0010", "541333******0010"),
        ("541333 0010", ""),
        // Fewer before or behind the mask, and digits within it.
        ("54133*0010", ""),
        ("541333*010", ""),
        ("541333*1*0010", ""),
        ("*541333*0010", ""),
        ("541333*0010*", ""),
    ] {
        assert_eq!(hidden::shown(number.as_bytes()), expected, "{number}");
    }
    assert!(hidden::is_number_hidden(CARD));
    assert!(!hidden::is_number_hidden("5413330089020012"));
}

#[test]
fn the_most_pairs_and_characters_are_told() {
    let many = |count: usize| {
        let text: Vec<String> = (0..count).map(|place| format!("n{place}=v")).collect();
        pairs::pairs(text.join("&").as_bytes()).len()
    };
    assert_eq!((many(128), many(129)), (128, 0));
    let members = |count: usize| {
        let text: Vec<String> = (0..count).map(|place| format!("\"n{place}\":1")).collect();
        let text = format!("{{{}}}", text.join(","));
        pairs::pairs(crate::base64::encode(text.as_bytes()).as_bytes()).len()
    };
    assert_eq!((members(128), members(129)), (128, 128));
    let lines = |count: usize| pairs::line(format!("name=a{}", "&x=y".repeat(count)).as_bytes());
    assert_eq!((lines(15), lines(16)), ("a".to_owned(), String::new()));
    let long = |count: usize| {
        let text = format!("{}={}", "n-".repeat(count / 2), "v ".repeat(count / 2));
        let (name, value) = pairs::pairs(text.as_bytes()).remove(0);
        (name.len(), value.len())
    };
    assert_eq!(long(200), (200, 200));
    assert_eq!(long(202), (200, 200));
}

#[test]
fn pairs_are_read_as_forms_have_them() {
    let flat = |text: &str| {
        let found = pairs::pairs(text.as_bytes());
        found
            .iter()
            .map(|(one, two)| format!("{one}={two};"))
            .collect::<Vec<String>>()
            .concat()
    };
    assert_eq!(flat("a=b=c&=d&e&&f="), "a=b=c;e=;f=;");
    assert_eq!(
        flat("a%62=%4a%4B&c=%&d=%4&e=%4x&f=%x4&g=%%41"),
        "ab=JK;c=%;d=%4;e=%4x;f=%x4;g=%A;"
    );
    assert_eq!(flat("TrackTwo=1&holderTRACK=2&ok=3"), "ok=3;");
    let line = |text: &str| pairs::line(text.as_bytes());
    assert_eq!(line("key=k&value=v&name=n"), "n  v");
    assert_eq!(line("value=v"), "v");
    assert_eq!(line("name=&value=v"), "v");
    assert_eq!(line("name=n&value="), "n");
    assert_eq!(line("name=n&name=m"), "m");
    assert_eq!(line("x&name=n"), "x&name=n");
    assert_eq!(pairs::sentence(b"message=a&message=b&message="), "b");
    assert_eq!(pairs::sentence(b"message="), "message=");
    assert_eq!(words("message=a"), cleaned(b"message=a", Use::Words));
}
