//! reStructuredText.

use super::*;

fn rst(text: &str) -> Vec<String> {
    links(text, Language::Rst)
}

#[test]
fn links_of_all_kinds_are_found() {
    for (text, expected) in [
        ("`text <https://a.org/x>`_", "link https://a.org/x"),
        ("`text <b.html>`__ more", "link b.html"),
        ("`over\nlines <https://a.org/\n x>`_", "link https://a.org/x < https://a.org/\n x"),
        ("`mail <a@b.org>`_", "link mailto:a@b.org < a@b.org"),
        (".. _name: https://a.org/x", "definition https://a.org/x"),
        (".. _name:\n   https://a.org/x", "definition https://a.org/x"),
        (".. _`a: b`: https://a.org/x", "definition https://a.org/x"),
        ("__ https://a.org/x", "definition https://a.org/x"),
        (".. __: https://a.org/x", "definition https://a.org/x"),
        ("See https://a.org/x.", "text https://a.org/x"),
        ("* item https://a.org/x", "text https://a.org/x"),
        (".. image:: a.png\n   :alt: x", "image a.png"),
        (".. figure:: /a.png", "image /a.png"),
        (".. |logo| image:: a.png", "image a.png"),
        (".. note:: see https://a.org/x", "text https://a.org/x"),
        (".. note::\n\n   see https://a.org/x", "text https://a.org/x"),
        (".. [1] see https://a.org/x", "text https://a.org/x"),
        (":doc:`a <b>`", "doc b"),
        ("see :doc:`../b`.", "doc ../b"),
        (":download:`x <files/a.zip>`", "download files/a.zip"),
        (".. toctree::\n   :maxdepth: 2\n\n   a/b\n", "doc a/b"),
        (".. toctree::\n\n   words <b>\n\ntext", "doc b"),
        (".. raw:: html\n\n   <p>ä\n   <a\n     href=\"b.html\">x</a>\n\ntext", "a b.html"),
        (".. include:: other.rst", "include other.rst"),
        ("Text::\n\n   https://no.org\n\nhttps://a.org/x", "text https://a.org/x"),
        ("* item::\n\n      https://no.org\n\n  more https://a.org/x", "text https://a.org/x"),
    ] {
        assert_eq!(rst(text), [expected], "{text:?}");
    }
    let text = ".. image:: a.png\n   :target: https://a.org\n   :width: 3\n\nx";
    assert_eq!(rst(text), ["image a.png", "target https://a.org"]);
}

#[test]
fn literals_comments_and_roles_are_no_links() {
    for text in [
        "``https://a.org`` ``a` b``",
        ":ref:`a <https://b.org>` :mod:`a <b>` :doc:`/a`",
        ".. raw:: latex\n\n   <a href=\"no\">",
        ".. code-block:: sh\n   :linenos:\n\n   curl https://a.org\n\n   more https://a.org",
        ".. a comment https://a.org\n   goes on https://a.org",
        ">>> get('https://a.org')\nhttps://a.org",
        "::\n\n  https://a.org",
        "name_ `other name`_ `x <name_>`_",
        ".. _alias: name_",
        ".. toctree::\n   :glob:\n\n   a*\n   self\n   /b",
    ] {
        assert_eq!(rst(text), [""; 0], "{text:?}");
    }
}

#[test]
fn titles_and_targets_are_anchors() {
    let text = "=====\nTitle\n=====\n\n.. _my-label:\n\nFirst *part*\n------------\n\nx _`inline one` y\n\nFirst part\n~~~~~~~~~~\n\nnot a title\n-\n";
    let found = outline(text, Language::Rst, LOOK).anchors;
    for name in ["title", "my-label", "first-part", "inline-one", "id1", "first-part-1"] {
        assert!(found.has(name), "{name}: {:?}", found.names().collect::<Vec<_>>());
    }
    assert!(!found.has("not-a-title"));
}

#[test]
fn comments_speak_to_the_checker() {
    let text = "x\n\n.. fetchall:ignore-next reason=x\n\nhttps://a.org\n";
    assert_eq!(
        directives(text, Language::Rst),
        [("ignore-next reason=x".into(), ".. fetchall:ignore-next reason=x".into())]
    );
    assert_eq!(rst(text), ["text https://a.org"]);
}
