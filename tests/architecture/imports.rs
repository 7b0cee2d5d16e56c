//! Reads Rust source and lists every path it names, resolved to where it leads: `use` trees, paths in code and types, and
//! paths inside macro calls.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path found in a file. The first segment is `crate` for our own, else the name of an outside crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Segments, resolved.
    pub(crate) path: Vec<String>,
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Every path.
    pub(crate) paths: Vec<Found>,
    /// Lines with the keyword `unsafe`.
    pub(crate) unsafe_lines: Vec<usize>,
}

/// Reads the source of the module `module` (segments after `crate`).
pub(crate) fn read(source: &str, module: &[&str]) -> Result<File, String> {
    let syntax = syn::parse_file(source).map_err(|error| format!("{module:?}: {error}"))?;
    let tokens: TokenStream = source.parse().map_err(|error| format!("{module:?}: {error}"))?;
    let mut collector = Collector {
        module: module.iter().map(|segment| (*segment).to_owned()).collect(),
        aliases: Vec::new(),
        found: Vec::new(),
    };
    // Renames are gathered first: they hold in the whole file, also above the line where they stand.
    collector.visit_file(&syntax);
    collector.found.clear();
    collector.visit_file(&syntax);
    let mut unsafe_lines = Vec::new();
    keyword_lines(tokens, "unsafe", &mut unsafe_lines);
    Ok(File { paths: collector.found, unsafe_lines })
}

fn keyword_lines(tokens: TokenStream, keyword: &str, lines: &mut Vec<usize>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => keyword_lines(group.stream(), keyword, lines),
            TokenTree::Ident(ident) if ident == keyword => lines.push(ident.span().start().line),
            _ => {}
        }
    }
}

struct Collector {
    module: Vec<String>,
    /// A name brought in by `use`, and the full path that it stands for.
    aliases: Vec<(String, Vec<String>)>,
    found: Vec<Found>,
}

impl Collector {
    fn resolve(&self, segments: &[String]) -> Vec<String> {
        let Some(first) = segments.first() else { return Vec::new() };
        let rooted = |depth: usize| -> Vec<String> {
            let kept = self.module.len().saturating_sub(depth);
            std::iter::once("crate".to_owned()).chain(self.module[..kept].iter().cloned()).collect()
        };
        match first.as_str() {
            "crate" | "tidyrank" => join(&["crate".to_owned()], &segments[1..]),
            "self" => join(&rooted(0), &segments[1..]),
            "super" => {
                let depth = segments.iter().take_while(|segment| *segment == "super").count();
                join(&rooted(depth), &segments[depth..])
            }
            name => match self.aliases.iter().find(|(alias, _)| alias == name) {
                Some((_, target)) => join(target, &segments[1..]),
                None => segments.to_vec(),
            },
        }
    }

    fn record(&mut self, line: usize, segments: &[String]) {
        let path = self.resolve(segments);
        self.found.push(Found { line, path });
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(item, prefix)),
            syn::UseTree::Name(name) => self.imported(name.ident.span(), &name.ident, None, prefix),
            syn::UseTree::Rename(rename) => {
                self.imported(rename.ident.span(), &rename.ident, Some(&rename.rename), prefix);
            }
            syn::UseTree::Glob(glob) => self.record(glob.star_token.spans[0].start().line, prefix),
        }
    }

    fn imported(
        &mut self,
        span: proc_macro2::Span,
        ident: &syn::Ident,
        rename: Option<&syn::Ident>,
        prefix: &[String],
    ) {
        let mut segments = prefix.to_vec();
        if ident != "self" || segments.is_empty() {
            segments.push(ident.to_string());
        }
        self.record(span.start().line, &segments);
        let alias = rename.map(ToString::to_string).or_else(|| segments.last().cloned());
        let target = self.resolve(&segments);
        if let Some(alias) = alias
            && target.len() + usize::from(rename.is_some()) > 1
        {
            self.aliases.push((alias, target));
        }
    }

    /// The paths in the tokens of a macro call, which syn does not parse.
    fn macro_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.flush(line, &mut path);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.flush(line, &mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.macro_tokens(group.stream());
                    }
                }
            }
        }
        self.flush(line, &mut path);
    }

    fn flush(&mut self, line: usize, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.record(line, path);
        }
        path.clear();
    }
}

fn join(start: &[String], rest: &[String]) -> Vec<String> {
    start.iter().chain(rest).cloned().collect()
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        self.module.push(node.ident.to_string());
        visit::visit_item_mod(self, node);
        self.module.pop();
    }

    fn visit_item_use(&mut self, node: &'ast syn::ItemUse) {
        self.use_tree(&node.tree, &mut Vec::new());
    }

    fn visit_item_extern_crate(&mut self, node: &'ast syn::ItemExternCrate) {
        self.record(node.ident.span().start().line, &[node.ident.to_string()]);
    }

    fn visit_path(&mut self, node: &'ast syn::Path) {
        let segments: Vec<String> = node.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let line = node.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        self.record(line, &segments);
        visit::visit_path(self, node);
    }

    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        self.macro_tokens(node.tokens.clone());
        visit::visit_macro(self, node);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in crate::x)` names a module without using it.
    }
}
