//! Forms and what a browser would send for them.

use std::sync::Arc;

use bytes::Bytes;

use super::*;

fn input(html: &[u8], content_type: &str) -> Input {
    let url = Url::parse("https://h.example/dir/login?next=%2F#top").unwrap();
    Input { body: Bytes::copy_from_slice(html), content_type: Some(content_type.to_owned()), url: Some(Arc::new(url)) }
}

fn with(html: &str, fields: &[(&str, Filled<'_>)]) -> Result<String, FormError> {
    let input = input(html.as_bytes(), "text/html; charset=utf-8");
    let form = FormPage::read(&input).unwrap().form(None)?;
    Ok(match form.submit(fields, &[])? {
        Submission::Get(url) => format!("GET {url}"),
        Submission::Post(url, content) => format!("POST {url} {content}"),
    })
}

/// What is sent of controls in a form with a password, nothing filled in.
fn sent(controls: &str) -> String {
    let html = format!("<form method=post action=/a>{controls}<input type=password></form>");
    with(&html, &[]).unwrap().strip_prefix("POST https://h.example/a ").unwrap().to_owned()
}

fn fault(html: &str, fields: &[(&str, Filled<'_>)]) -> String {
    with(html, fields).unwrap_err().to_string()
}

#[test]
fn defaults_are_sent_as_a_browser_sends_them() {
    for (controls, expected) in [
        ("<input name=a value=1><input name=b type=hidden value='x y'><input value=nameless>", "a=1&b=x+y"),
        ("<input name=a><input name=a value='&amp;=+ä'>", "a=&a=%26%3D%2B%C3%A4"),
        (
            "<input type=checkbox name=a><input type=checkbox name=b checked><input type=checkbox name=c value=1 checked>",
            "b=on&c=1",
        ),
        (
            "<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked><input type=radio name=a>",
            "a=2",
        ),
        ("<select name=a><option>one  1<option value=2>two</select>", "a=one+1"),
        ("<select name=a><option disabled>x<option>y</select>", "a=y"),
        ("<select name=a><optgroup disabled><option>x</optgroup><option>y</select>", "a=y"),
        ("<select name=a><option selected>x<option selected>y</select>", "a=y"),
        ("<select name=a multiple><option selected>x<option>y<option selected>z</select>", "a=x&a=z"),
        ("<select name=a size=3><option>x</select>", ""),
        ("<textarea name=a>\none\ntwo</textarea>", "a=one%0D%0Atwo"),
        (
            "<input name=a value=1 disabled><fieldset disabled><legend><input name=b></legend><input name=c></fieldset>",
            "b=",
        ),
        ("<datalist><input name=a></datalist><input name=b>", "b="),
        (
            "<input name=_charset_ type=hidden><input type=file name=f><input type=color name=c>",
            "_charset_=UTF-8&f=&c=%23000000",
        ),
        ("<input name=a type=email value=' x@h '><input name=b value='one\ntwo'>", "a=x%40h&b=onetwo"),
        ("<div dir=rtl><input name=a dirname=a.dir></div>", "a=&a.dir=rtl"),
        ("<input name=a type=reset value=1><button type=button name=b>x</button>", ""),
        ("<button name=a value=1>x</button><button name=b value=2>y</button>", "a=1"),
        ("<input type=submit name=a><input type=submit name=b value=2>", "a="),
        ("<input type=image name=a><button name=b value=2>y</button>", "a.x=0&a.y=0"),
        ("<button name=a value=1 disabled>x</button><button name=b value=2>y</button>", ""),
        ("<template><input name=a></template><input name=b>", "b="),
    ] {
        assert_eq!(sent(controls), expected, "{controls}");
    }
}

#[test]
fn it_goes_where_the_form_and_its_first_button_say() {
    let form = |head: &str, more: &str| {
        with(&format!("{head}{more}<input name=u value=1><input type=password name=p></form>"), &[]).unwrap()
    };
    let page = "https://h.example/dir/login";
    for (head, more, expected) in [
        ("<form method=POST>", "", format!("POST {page}?next=%2F u=1&p=")),
        ("<form method=post action=''>", "", format!("POST {page}?next=%2F u=1&p=")),
        ("<form>", "", format!("GET {page}?u=1&p=")),
        ("<form action='do?x=1#f'>", "", "GET https://h.example/dir/do?u=1&p=".to_owned()),
        ("<form method=post action='do?x=1#f'>", "", "POST https://h.example/dir/do?x=1 u=1&p=".to_owned()),
        ("<base href=/other/><form method=post action=do>", "", "POST https://h.example/other/do u=1&p=".to_owned()),
        ("<base href=/other/><form method=post>", "", format!("POST {page}?next=%2F u=1&p=")),
        ("<form action=x>", "<button formaction=/y formmethod=post>", "POST https://h.example/y u=1&p=".to_owned()),
        ("<form enctype=multipart/form-data>", "", format!("GET {page}?u=1&p=")),
    ] {
        assert_eq!(form(head, more), expected, "{head}{more}");
    }
}

#[test]
fn a_control_belongs_to_its_form_wherever_it_stands() {
    // In a table the parser closes the form at once, and its rows are no longer inside.
    let table = "<table><form method=post action=/a><tr><td><input name=u value=1><input type=password name=p>\
                 </td></tr></form></table><input name=outside value=1>";
    assert_eq!(with(table, &[]).unwrap(), "POST https://h.example/a u=1&p=");
    let by_name = "<form id=f method=post action=/a><input type=password name=p><input form=g name=not></form>\
                   <input form=f name=late value=1><form id=g></form>";
    assert_eq!(with(by_name, &[]).unwrap(), "POST https://h.example/a p=&late=1");
}

const LOGIN: &str = "<form method=post action=/a><input type=hidden name=csrf value=t><input name=user>\
    <input type=password name=password><input type=checkbox name=remember value=yes>\
    <select name=lang><option>en<option>de</select><input type=radio name=role value=a><input type=radio name=role \
    value=b checked><input name=late disabled><button name=go value=in>x</button><button name=go value=out>x</button></form>";

#[test]
fn fields_are_filled_in_where_they_stand() {
    use Filled::{Text, Tick};
    let sent = |fields: &[(&str, Filled<'_>)]| {
        with(LOGIN, fields).unwrap().strip_prefix("POST https://h.example/a csrf=t&").unwrap().to_owned()
    };
    assert_eq!(
        sent(&[("password", Text("a b")), ("user", Text("anna"))]),
        "user=anna&password=a+b&lang=en&role=b&go=in"
    );
    assert_eq!(sent(&[("remember", Tick(true))]), "user=&password=&remember=yes&lang=en&role=b&go=in");
    assert_eq!(
        sent(&[("remember", Text("yes")), ("lang", Text("de")), ("role", Text("a"))]),
        "user=&password=&remember=yes&lang=de&role=a&go=in"
    );
    assert_eq!(sent(&[("go", Text("out")), ("late", Text("1"))]), "user=&password=&lang=en&role=b&late=1&go=out");
}

#[test]
fn tokens_replace_a_field_or_come_at_the_end() {
    let input = input(LOGIN.as_bytes(), "text/html");
    let form = FormPage::read(&input).unwrap().form(None).unwrap();
    let Submission::Post(_, content) = form.submit(&[], &[("x", "1"), ("csrf", "new")]).unwrap() else { panic!() };
    assert_eq!(content, "csrf=new&user=&password=&lang=en&role=b&go=in&x=1");
}

#[test]
fn what_cannot_be_sent_is_said_before() {
    use Filled::{Text, Tick};
    let told = fault(LOGIN, &[("pasword", Text("CANARY"))]);
    assert_eq!(told, "the form has no field `pasword`\n  hint: did you mean `password`?");
    let told = fault(LOGIN, &[("q", Text("CANARY"))]);
    assert!(told.ends_with("there are csrf, user, password, remember, lang, role, late, go"), "{told}");
    for (field, value) in [("lang", Text("CANARY")), ("role", Text("CANARY")), ("go", Text("CANARY"))] {
        assert_eq!(fault(LOGIN, &[(field, value)]), format!("`{field}` cannot have the value that it is given"));
    }
    assert!(fault(LOGIN, &[("user", Tick(true))]).contains("no box"));
    for (head, told) in [
        ("method=post enctype=multipart/form-data", "is sent as multipart/form-data, which is not supported"),
        ("method=post enctype=text/plain", "is sent as text/plain, which is not supported"),
        ("action='javascript:go()'", "is sent by JavaScript"),
        ("onsubmit='go()'", "is sent by JavaScript"),
        ("method=dialog", "is sent by JavaScript"),
        ("action=mailto:x@h.example", "goes to `mailto:`"),
        ("action='http://['", "is no address"),
    ] {
        let told_now = fault(&format!("<form {head}><input type=password name=p></form>"), &[]);
        assert!(told_now.contains(told), "{head}: {told_now}");
    }
}

#[test]
fn the_form_is_the_one_that_matches_or_the_only_one_with_a_password() {
    let input = input(
        b"<form id=s><input name=q></form><form id=a><input type=password name=p></form><p id=x><form id=b>\
          <input type=password name=p></form>",
        "text/html",
    );
    let page = FormPage::read(&input).unwrap();
    let form = |css: &str| page.form(Some(&Css::parse("form", css).unwrap()));
    assert!(page.form(None).unwrap_err().message.starts_with("2 forms"));
    assert!(form("#s").is_ok() && form("form").is_ok());
    assert_eq!(form("#x").unwrap_err().message, "`#x` matches a <p>, not a form");
    assert_eq!(form("#y").unwrap_err().message, "`#y` matches nothing on the page");
    assert!(page.asks_for_password() && page.has(&Css::parse("check", "#s input").unwrap()));
    assert!(with("<form><input name=q></form>", &[]).unwrap_err().message.starts_with("no form on the page has"));
    assert!(Css::parse("check", "a >> b").is_err() && Css::parse("check", " ").is_err());
}

#[test]
fn text_is_written_as_the_page_is() {
    let html = b"<form method=post action='/?q=\xe4'><input name=\xe4 value='\xe4 \x80'><input type=password></form>";
    let latin = input(html, "text/html; charset=latin1");
    let send =
        |input: &Input| FormPage::read(input).unwrap().form(None).unwrap().submit(&[("ä", Filled::Text("äλ"))], &[]);
    let Submission::Post(url, content) = send(&latin).unwrap() else { panic!() };
    assert_eq!((url.as_str(), content.as_str()), ("https://h.example/?q=%E4", "%E4=%E4%26%23955%3B"));
    let html = "<form method=post accept-charset='x utf-8'><input name=ä><input type=password></form>";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(html);
    let Submission::Post(_, content) = send(&input(&bytes, "text/html; charset=latin1")).unwrap() else { panic!() };
    assert_eq!(content, "%C3%A4=%C3%A4%CE%BB");
}

#[test]
fn a_hostile_page_ends_in_time() {
    let forms =
        "<form id=f><fieldset disabled>".to_owned() + &"<input form=f type=radio checked name=a><p>".repeat(50_000);
    let begun = std::time::Instant::now();
    let input = input(forms.as_bytes(), "text/html");
    let page = FormPage::read(&input).unwrap();
    assert!(!page.asks_for_password() && page.form(None).is_err());
    assert!(begun.elapsed() < TIME * 3, "{:?}", begun.elapsed());
    assert!(!format!("{:?}", Secret::new("CANARY")).contains("CANARY"));
}
