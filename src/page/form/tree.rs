//! A tree that knows which form each control belongs to.
//!
//! Where markup is misnested (`<table><form><tr>…`), a control is not inside of its form in the
//! tree; the parser knows better (HTML standard, 13.2.6.1: "associate with a form owner") and says
//! so while it builds. Must not know what controls are.

use std::{
    borrow::Cow,
    cell::{Ref, RefCell},
    collections::HashMap,
};

use html5ever::{
    Attribute, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    tendril::StrTendril,
};
use scraper::{ElementRef, Html, HtmlTreeSink};

use crate::page::{budget::Clock, pick, tree};

/// Controls of a page at most; a login needs a handful.
const CONTROLS: usize = 2_000;

/// What stands for an element of the tree.
type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// A tree, and which controls belong to which form.
pub(super) struct Owned {
    pub(super) html: Html,
    /// In document order.
    forms: Vec<NodeId>,
    controls: HashMap<NodeId, Vec<NodeId>>,
}

pub(super) fn build(text: &str, clock: &Clock) -> Option<Owned> {
    let sink = Sink { inner: HtmlTreeSink::new(Html::new_document()), owners: RefCell::default() };
    tree::grow(sink, |sink| sink.inner.0.borrow().tree.values().len(), text, clock).tree
}

impl Owned {
    fn new(html: Html, owners: &HashMap<NodeId, NodeId>) -> Owned {
        let elements = || pick::root(&html).into_iter().flat_map(pick::elements);
        let (mut forms, mut named) = (Vec::new(), HashMap::new());
        for element in elements() {
            let id = element.attr("id").filter(|id| !id.is_empty());
            // An identifier stands for the first element that has it, which need not be a form.
            if let Some(id) = id {
                named.entry(id).or_insert(element);
            }
            if element.value().name() == "form" {
                forms.push(element.id());
            }
        }
        let mut controls: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
        for control in elements().filter(|element| is_control(*element)).take(CONTROLS) {
            // By the `form` attribute, else as the parser said.
            let owner = match control.attr("form") {
                Some(id) => named.get(id).filter(|named| named.value().name() == "form").map(|form| form.id()),
                None => owners.get(&control.id()).copied(),
            };
            if let Some(owner) = owner {
                controls.entry(owner).or_default().push(control.id());
            }
        }
        Owned { forms, controls, html }
    }

    fn element(&self, id: NodeId) -> Option<ElementRef<'_>> {
        self.html.tree.get(id).and_then(ElementRef::wrap)
    }

    /// Every form, in document order.
    pub(super) fn forms(&self) -> impl Iterator<Item = ElementRef<'_>> {
        self.forms.iter().filter_map(|form| self.element(*form))
    }

    /// The controls of a form, in document order.
    pub(super) fn controls(&self, form: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
        self.controls.get(&form.id()).into_iter().flatten().filter_map(|control| self.element(*control))
    }
}

fn is_control(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "input" | "button" | "select" | "textarea")
}

/// The usual sink; all it does itself is to remember what the parser says about forms.
struct Sink {
    inner: HtmlTreeSink,
    owners: RefCell<HashMap<NodeId, NodeId>>,
}

impl TreeSink for Sink {
    type Output = Owned;
    type Handle = NodeId;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Owned {
        Owned::new(self.inner.finish(), &self.owners.into_inner())
    }

    fn associate_with_form(&self, target: &NodeId, form: &NodeId, _: (&NodeId, Option<&NodeId>)) {
        self.owners.borrow_mut().insert(*target, *form);
    }

    fn parse_error(&self, message: Cow<'static, str>) {
        self.inner.parse_error(message);
    }

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.inner.create_element(name, attrs, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append_based_on_parent_node(element, previous, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        self.inner.same_node(one, other)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, node: NodeOrText<NodeId>) {
        self.inner.append_before_sibling(sibling, node);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, parent: &NodeId) {
        self.inner.reparent_children(node, parent);
    }
}
