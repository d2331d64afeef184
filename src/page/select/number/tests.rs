//! Numbers as people write them, and what is refused.

use super::*;

#[test]
fn numbers_are_read_as_people_write_them() {
    for (text, want) in [
        ("1,234.50", 1234.5),
        ("1.234,50 €", 1234.5),
        ("£51.77", 51.77),
        ("0", 0.0),
        ("007", 7.0),
        ("12,5", 12.5),
        ("0,125", 0.125),
        ("1,234", 1234.0),
        ("1234,567", 1234.567),
        ("1.234", 1.234),
        ("1,234,567", 1_234_567.0),
        ("1.234.567", 1_234_567.0),
        ("1.234.567,8", 1_234_567.8),
        ("1 234,50 zł", 1234.5),
        ("1\u{202f}234\u{a0}567", 1_234_567.0),
        ("CHF 1'234.50", 1234.5),
        ("₹12,34,567.89", 1_234_567.89),
        ("In stock (22 available)", 22.0),
        ("Price: 51.77.", 51.77),
        ("15%", 15.0),
        ("30EUR", 30.0),
        ("-5", -5.0),
        ("−£5.50", -5.5),
        ("-€ 5", -5.0),
        ("SKU-5", 5.0),
        ("$.50", 0.5),
        ("-.5", -0.5),
        ("No.5", 5.0),
        ("6.02e23", 6.02e23),
        ("1E-3", 0.001),
        ("1.299,- €", 1299.0),
        ("1.299,– €", 1299.0),
        ("CHF 1.299.-", 1299.0),
        ("1'299.— CHF", 1299.0),
        ("5,--", 5.0),
        ("1.299,", 1299.0),
        ("-1.299,-", -1299.0),
        ("Page.....12", 12.0),
        ("...5 left", 5.0),
        ("9007199254740993", 9_007_199_254_740_992.0),
    ] {
        assert_eq!(number(text, Decimal::Auto), Ok(want), "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (text, why) in [
        ("", NONE),
        ("call us", NONE),
        ("١٢", NONE),
        ("10-20", MANY),
        ("4.5/5", MANY),
        ("from 12.99 to 15.99", MANY),
        ("2 10", MANY),
        ("3 for 100", MANY),
        ("1e5 x", MANY),
        ("12,34.5.6", GROUPS),
        ("1,2,3", GROUPS),
        ("1.23,456,7", GROUPS),
        ("1234,567,890", GROUPS),
        ("1.2k", SHORT),
        ("3 Mio €", SHORT),
        ("1.5,- €", GROUPS),
        ("3½", FRACTION),
        ("½", FRACTION),
        ("1⁄2", FRACTION),
    ] {
        assert_eq!(number(text, Decimal::Auto), Err(why), "{text}");
    }
    assert_eq!(number("1.299,-", Decimal::Point), Err(GROUPS));
    assert_eq!(number(&"9".repeat(400), Decimal::Auto), Err("is too large a number"));
    assert_eq!(number("1e999", Decimal::Auto), Err(MANY));
}

#[test]
fn shortened_numbers_are_refused_in_any_case_and_language() {
    for text in [
        "$1.5 Million",
        "2 millions",
        "5 Millionen",
        "1,2 Tsd.",
        "1.2万",
        "1.2万円",
        "1.5MM",
        "1.2tn",
        "5 lakh",
        "1.5m",
        "3.4 Bn",
        "2 Milliarden",
        "3,5 млн",
        "7 тыс.",
        "2 億円",
        "2亿",
        "1 crore",
        "10 Mrd. €",
        "1.5-million",
        "3 Thousand",
    ] {
        assert_eq!(number(text, Decimal::Auto), Err(SHORT), "{text}");
    }
    for text in ["5 mm²", "5 mile", "5 kg", "5 milligrams", "5 Millimeter", "5 bananas", "5 m²", "5 m/s", "5 Cent"] {
        let is_area = text == "5 mm²";
        assert_eq!(number(text, Decimal::Auto).ok(), (!is_area).then_some(5.0), "{text}");
    }
}

#[test]
fn a_sign_stands_before_the_currency_or_as_accountants_write_it() {
    for (text, want) in [
        ("-US$5", -5.0),
        ("-R$ 50", -50.0),
        ("-CHF 5", -5.0),
        ("-EUR 5", -5.0),
        ("−CA$ 5.50", -5.5),
        ("–5 °C", -5.0),
        ("EUR -5", -5.0),
        ("$-5", -5.0),
        ("-Rs. 5", -5.0),
        ("(5.00)", -5.0),
        ("($5)", -5.0),
        ("$(1,234.50)", -1234.5),
        ("(5 EUR)", -5.0),
        ("1.234,50-", -1234.5),
        ("5- EUR", -5.0),
        ("EUR 5-", -5.0),
        ("Reviews (5)", 5.0),
        ("5-inch", 5.0),
        ("5 - great", 5.0),
        ("ab -cd 5", 5.0),
        ("A-US$5", 5.0),
        ("USD 5", 5.0),
    ] {
        assert_eq!(number(text, Decimal::Auto), Ok(want), "{text}");
    }
    for text in ["5-", "(5)", "Loss ($5.00)", "5- great", "from 5.00-"] {
        assert_eq!(number(text, Decimal::Auto), Err(SIGN), "{text}");
    }
}

#[test]
fn whoever_knows_the_decimals_may_say_so() {
    assert_eq!(number("1.234", Decimal::Comma), Ok(1234.0));
    assert_eq!(number("1.234,5", Decimal::Comma), Ok(1234.5));
    assert_eq!(number("1,234", Decimal::Comma), Ok(1.234));
    assert_eq!(number("1,234", Decimal::Point), Ok(1234.0));
    assert_eq!(number("1,5", Decimal::Point), Err(GROUPS));
    assert_eq!(number("1.5", Decimal::Comma), Err(GROUPS));
}

#[test]
fn whole_numbers_have_no_decimals() {
    assert_eq!(int("In stock (22 available)", Decimal::Auto), Ok(22));
    assert_eq!(int("1,234.00", Decimal::Auto), Ok(1234));
    assert_eq!(int("-9223372036854775808", Decimal::Auto), Ok(i64::MIN));
    assert_eq!(int("1.5", Decimal::Auto), Err("is no whole number"));
    assert_eq!(int("1.000", Decimal::Auto), Err(THOUSANDS));
    assert_eq!(int("12.000 km", Decimal::Auto), Err(THOUSANDS));
    assert_eq!(int("1.000", Decimal::Comma), Ok(1000));
    assert_eq!(int("1.000", Decimal::Point), Ok(1));
    assert_eq!(int("0.000", Decimal::Auto), Ok(0));
    assert_eq!(int("1.299,-", Decimal::Auto), Ok(1299));
    assert_eq!(int("9223372036854775808", Decimal::Auto), Err("is too large a number"));
}
