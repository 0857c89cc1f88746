//! What markup would come to as a tree, without making the tree.
//!
//! HTML's rules multiply: a formatting element that is left open (`<b>`, `<font>`, `<a>`) is made again in
//! every paragraph after it, so that some kilobytes become gigabytes. What a text comes to is known only to
//! whoever follows those rules, so the parser that sanitising uses (html5ever) follows them here, with a
//! tree of nothing but names, and each of its tokens is counted before the next is looked at. Past a bound
//! the parser gets to see no more.
//!
//! Work is counted in steps that stand for what the parser, and then the sanitiser, do: an element made, an
//! element or an attribute looked at in the stack of open elements or in the list of active formatting
//! elements, a child passed by on the way to one that is moved. Both keep to the number of steps within a
//! small factor, whatever the text; so they keep to a time.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tokenizer::{TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{
    ElementFlags, NodeOrText, QuirksMode, Tracer, TreeBuilder, TreeBuilderOpts, TreeSink, create_element,
};
use html5ever::{Attribute, ExpandedName, QualName, TokenizerResult, local_name, ns};

use super::{Excess, PIECE};

/// The most elements and comments of a tree.
const NODES: u64 = 20_000;
/// The most elements that are open at once, those to be made again in the next paragraph included.
const OPEN: usize = 512;
/// The most steps.
const STEPS: u64 = 20_000_000;
/// How much longer than the text its safe form may become: what the longest references (`&quot;`) and the
/// `rel` of the shortest link come to, so that nothing reaches it that isn't multiplied.
const GROWTH: u64 = 16;
/// What a text may become however short it is, in bytes.
const SMALL: u64 = 4_096;
/// The most places within one tag at which attributes could begin.
const ATTRIBUTES: u64 = 10_000;
/// How many bytes are passed by at the cost of a step.
const AT_A_STEP: u64 = 8;
/// What `rel` adds to a link, in bytes.
const LINK: u64 = 40;

/// Looks whether a text can be made safe within all bounds; `stop` is asked again and again whether to go on.
pub(super) fn measure(html: &str, stop: &dyn Fn() -> bool) -> Result<(), Excess> {
    let sink = Counting::new(GROWTH * html.len() as u64 + SMALL);
    let context = create_element(&sink, QualName::new(None, ns!(html), local_name!("div")), Vec::new());
    let builder = TreeBuilder::new_for_fragment(sink, context, None, TreeBuilderOpts::default());
    let initial_state = Some(builder.tokenizer_state_for_context_elem(false));
    let bounded = Bounded { builder, tokens: Cell::new(0), weight: Cell::new(0), open: Cell::new(0) };
    let tokenizer = Tokenizer::new(bounded, TokenizerOpts { initial_state, ..TokenizerOpts::default() });
    let input = BufferQueue::default();
    // Where attributes could begin since the last token: a tag is a token only once it has ended.
    let mut places = 0;
    for piece in Pieces(html) {
        if stop() {
            return Err(Excess::Stopped);
        }
        let before = tokenizer.sink.tokens.get();
        input.push_back(piece.into());
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        places = if tokenizer.sink.tokens.get() == before { places } else { 0 };
        places += beginnings(piece);
        if places > ATTRIBUTES {
            return Err(Excess::Attributes);
        }
        tokenizer.sink.counted().excess()?;
    }
    tokenizer.end();
    tokenizer.sink.counted().excess()
}

/// The most attributes that can begin in a piece of a tag: each comes after white space, a slash, or the
/// quote that ends the one before.
fn beginnings(piece: &str) -> u64 {
    let halves = piece.bytes().map(|byte| match byte {
        b' ' | b'\n' | b'\t' | b'\r' | b'\x0C' | b'/' => 2,
        b'"' | b'\'' => 1,
        _ => 0,
    });
    halves.sum::<u64>().div_ceil(2)
}

/// A text in pieces, none cut within a character.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut end = self.0.len().min(PIECE);
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

/// The parser of trees, as long as the bounds hold.
struct Bounded {
    builder: TreeBuilder<Handle, Counting>,
    tokens: Cell<u64>,
    /// What a look through all open elements costs, in steps.
    weight: Cell<u64>,
    open: Cell<usize>,
}

impl Bounded {
    fn counted(&self) -> &Counting {
        &self.builder.sink
    }
}

impl TokenSink for Bounded {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        let counted = self.counted();
        // Errors come in the middle of a tag too, and are nothing to the tree.
        if counted.excess().is_err() || matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        self.tokens.set(self.tokens.get() + 1);
        let opens = match &token {
            Token::TagToken(tag) => {
                let attributes = tag.attrs.len() as u64;
                // Each attribute is compared with those before it, and all with those of open elements.
                counted.charge(attributes * attributes / 4 + attributes * self.open.get() as u64);
                tag.kind == TagKind::StartTag
            }
            _ => false,
        };
        counted.charge(1 + self.weight.get());
        let result = self.builder.process_token(token, line);
        if opens {
            let open = Open::default();
            self.builder.trace_handles(&open);
            self.weight.set(open.weight.get());
            self.open.set(open.count.get());
            if open.count.get() > OPEN {
                counted.fail(Excess::Depth);
            }
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Counts what is open.
#[derive(Default)]
struct Open {
    count: Cell<usize>,
    weight: Cell<u64>,
}

impl Tracer for Open {
    type Handle = Handle;

    fn trace_handle(&self, node: &Handle) {
        self.count.set(self.count.get() + 1);
        self.weight.set(self.weight.get() + 1 + node.attributes);
    }
}

/// A node, of which only what the parser asks for is kept.
struct Node {
    name: QualName,
    attributes: u64,
    integration_point: bool,
}

type Handle = Rc<Node>;

/// Takes what the parser makes, and counts it.
struct Counting {
    document: Handle,
    nodes: Cell<u64>,
    /// Nodes and texts put anywhere.
    placed: Cell<u64>,
    steps: Cell<u64>,
    root_attributes: Cell<u64>,
    /// What the safe form may come to, in bytes.
    left: Cell<u64>,
    /// How many characters of the present text wait for the next bracket, see [`passed_by`].
    run: Cell<u64>,
    /// The same of the text before a table that belongs into none of its cells.
    run_out_of_place: Cell<u64>,
    failed: RefCell<Option<Excess>>,
}

impl Counting {
    fn new(most: u64) -> Self {
        let name = QualName::new(None, ns!(), local_name!(""));
        Self {
            document: Rc::new(Node { name, attributes: 0, integration_point: false }),
            nodes: Cell::new(0),
            placed: Cell::new(0),
            steps: Cell::new(0),
            root_attributes: Cell::new(0),
            left: Cell::new(most),
            run: Cell::new(0),
            run_out_of_place: Cell::new(0),
            failed: RefCell::new(None),
        }
    }

    fn excess(&self) -> Result<(), Excess> {
        self.failed.borrow().map_or(Ok(()), Err)
    }

    fn fail(&self, excess: Excess) {
        self.failed.borrow_mut().get_or_insert(excess);
    }

    fn charge(&self, steps: u64) {
        self.steps.set(self.steps.get() + steps);
        if self.steps.get() > STEPS {
            self.fail(Excess::Work);
        }
    }

    fn node(&self) {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > NODES {
            self.fail(Excess::Nodes);
        }
    }

    fn write(&self, bytes: u64) {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => self.fail(Excess::Size),
        }
    }

    fn place(&self, child: &NodeOrText<Handle>, run: &Cell<u64>) {
        self.placed.set(self.placed.get() + 1);
        self.charge(1);
        match child {
            NodeOrText::AppendText(text) => {
                let (passed, waiting) = passed_by(text, run.get());
                run.set(waiting);
                self.charge(passed / AT_A_STEP);
                self.write(escaped(text));
            }
            // Texts on both sides of a node are two.
            NodeOrText::AppendNode(_) => self.run.set(0),
        }
    }

    /// Something is moved, or put between others: those before it are passed by.
    fn pass_by(&self) {
        self.charge(1 + self.placed.get());
    }
}

/// How long a text is once it is escaped, at most.
fn escaped(text: &str) -> u64 {
    let longer = text.bytes().map(|byte| match byte {
        b'&' | b'<' | b'>' => 5,
        b'"' => 6,
        // The second byte of a space that doesn't break: `&nbsp;`.
        0xA0 => 5,
        _ => 1,
    });
    longer.sum()
}

/// How many bytes the writer passes by in vain: at each `&`, and each character that begins as a space does
/// that doesn't break, it looks for the next bracket once more. `waiting` are those before the text that have
/// not met one; gives back those after it, too.
fn passed_by(text: &str, mut waiting: u64) -> (u64, u64) {
    let mut passed = 0;
    for byte in text.bytes() {
        match byte {
            b'<' | b'>' => waiting = 0,
            b'&' | 0xC2 => waiting += 1,
            _ => {}
        }
        passed += waiting;
    }
    (passed, waiting)
}

impl TreeSink for Counting {
    type Handle = Handle;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.document.clone()
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        self.node();
        let passed: u64 = attrs.iter().map(|attr| passed_by(&attr.value, 0).0).sum();
        self.charge(1 + attrs.len() as u64 + passed / AT_A_STEP);
        let attributes: u64 =
            attrs.iter().map(|attr| attr.name.local.len() as u64 + 4 + escaped(&attr.value)).sum();
        let link = if name.local == local_name!("a") { LINK } else { 0 };
        self.write(2 * name.local.len() as u64 + 5 + attributes + link);
        let integration_point = flags.mathml_annotation_xml_integration_point;
        Rc::new(Node { name, attributes: attrs.len() as u64, integration_point })
    }

    fn create_comment(&self, _: html5ever::tendril::StrTendril) -> Handle {
        self.node();
        self.document.clone()
    }

    fn create_pi(&self, _: html5ever::tendril::StrTendril, _: html5ever::tendril::StrTendril) -> Handle {
        self.node();
        self.document.clone()
    }

    fn append(&self, _: &Handle, child: NodeOrText<Handle>) {
        self.place(&child, &self.run);
    }

    fn append_based_on_parent_node(&self, _: &Handle, _: &Handle, child: NodeOrText<Handle>) {
        self.pass_by();
        self.place(&child, &self.run_out_of_place);
    }

    fn append_doctype_to_document(
        &self,
        _: html5ever::tendril::StrTendril,
        _: html5ever::tendril::StrTendril,
        _: html5ever::tendril::StrTendril,
    ) {
        self.node();
    }

    fn get_template_contents(&self, _: &Handle) -> Handle {
        self.document.clone()
    }

    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, _: &Handle, child: NodeOrText<Handle>) {
        self.pass_by();
        self.place(&child, &self.run_out_of_place);
    }

    fn add_attrs_if_missing(&self, _: &Handle, attrs: Vec<Attribute>) {
        let all = self.root_attributes.get() + attrs.len() as u64;
        self.root_attributes.set(all);
        // Each time the names that are there already are copied into a table.
        self.charge(100 * all);
    }

    fn remove_from_parent(&self, _: &Handle) {
        self.pass_by();
    }

    fn reparent_children(&self, _: &Handle, _: &Handle) {
        self.pass_by();
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Handle) -> bool {
        target.integration_point
    }
}
