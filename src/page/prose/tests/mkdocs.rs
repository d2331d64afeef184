//! Markdown of MkDocs.

use super::*;

fn mk(text: &str) -> Vec<String> {
    links(text, Language::PythonMarkdown)
}

#[test]
fn what_is_indented_below_a_head_is_content() {
    for text in [
        "!!! note\n    [a](b)",
        "!!! note \"Title\"\n\n    [a](b)",
        "!!! note\n\n    text\n\n    [a](b)",
        "??? tip\n    [a](b)",
        "???+ tip \"x\"\n\n    [a](b)",
        "=== \"Tab\"\n\n    [a](b)",
        "===! \"Tab\"\n\n    - [a](b)",
        "=== \"One\"\n\n    !!! note\n\n        [a](b)",
        "text\n\n!!! note\n    x\n\n[a](b)",
    ] {
        assert_eq!(mk(text), ["link b"], "{text:?}");
    }
    for text in [
        "!!! note\n\n        [a](b)",
        "    [a](b)",
        "```\n!!! note\n    [a](b)\n```",
        "!!! note\n\n    ```\n    [a](b)\n    ```",
        "text\n\n    !!! note\n    [a](b)",
    ] {
        assert_eq!(mk(text), [""; 0], "{text:?}");
    }
    assert_eq!(md("!!! note\n\n    [a](b)"), [""; 0], "to other Markdown it is code");
}

#[test]
fn headings_are_named_as_python_markdown_names_them() {
    let text = "# A & B\n## Größe\n## Same\n## Same\n## Own {#own}\n## Listed {: #listed .x }\n## Plain {: .x }\n\n\
        !!! note\n\n    ### Inside\n";
    let expected = ["a-b", "groe", "same", "same_1", "own", "listed", "plain", "inside"];
    assert_eq!(names(text, Language::PythonMarkdown), expected);
}
