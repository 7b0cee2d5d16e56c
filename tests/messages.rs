//! Every code that the engine gives has a text in every language, with the parameters that it has; and the texts are those of
//! `tests/fixtures/messages.json`, which the test of the package compares with, too.
//!
//! The codes are read out of the sources. After a new code or text `UPDATE_MESSAGES=1 cargo test --release --test messages` writes
//! the fixture anew: `[{ locale, code, params, text }]`. A few texts worked out by hand stand in `native::messages`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value as Json, json};
use syn::punctuated::Punctuated;
use syn::visit::{Visit, visit_expr, visit_macro};
use syn::{Expr, Lit};
use tidyrank::engine::Reason;
use tidyrank::native::messages::Locale;

/// The names of a code's parameters and whether they are numbers.
type Params = BTreeMap<String, bool>;

/// Keys that are no codes: how numbers, amounts, places and names are shown.
const FORMATS: [&str; 4] = ["number", "money", "ordinal", "word"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The codes of some source text, and what is not written as the test can read it.
#[derive(Default)]
struct Codes {
    found: BTreeMap<String, Params>,
    unread: Vec<String>,
}

impl Codes {
    fn of(source: &str) -> Self {
        let mut codes = Self::default();
        codes.visit_file(&syn::parse_file(source).unwrap());
        codes
    }

    /// The code at the start of a chain of calls, and the parameters that the chain adds.
    fn chain(&mut self, expr: &Expr) -> Option<(String, Params)> {
        match expr {
            Expr::MethodCall(call) => {
                let (code, mut params) = self.chain(&call.receiver)?;
                let method = call.method.to_string();
                if method == "number" || method == "text" {
                    match call.args.first().and_then(literal) {
                        Some(name) => drop(params.insert(name, method == "number")),
                        None => self.unread.push(format!("a parameter of {code}")),
                    }
                }
                Some((code, params))
            }
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return None };
                let segments: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
                if !segments.ends_with(&["Reason".into(), "new".into()]) {
                    return None;
                }
                let code = call.args.first().and_then(literal);
                if code.is_none() {
                    self.unread.push("a code".into());
                }
                Some((code?, Params::new()))
            }
            _ => None,
        }
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

impl Visit<'_> for Codes {
    fn visit_expr(&mut self, expr: &Expr) {
        if let Some((code, params)) = self.chain(expr) {
            self.found.entry(code).or_default().extend(params);
        }
        visit_expr(self, expr);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        if let Ok(args) = call.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated) {
            args.iter().for_each(|arg| self.visit_expr(arg));
        }
        visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

fn codes() -> BTreeMap<String, Params> {
    let (mut files, mut all) = (vec![root().join("src")], Codes::default());
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let of_file = Codes::of(&std::fs::read_to_string(&path).unwrap());
            assert!(of_file.unread.is_empty(), "{}: {:?}: codes must be literals", path.display(), of_file.unread);
            for (code, params) in of_file.found {
                all.found.entry(code).or_default().extend(params);
            }
        }
    }
    all.found
}

fn catalogue(locale: Locale) -> BTreeMap<String, String> {
    let path = root().join(format!("messages/{}.json", locale.tag()));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What is wrong with the texts of these codes.
fn problems(codes: &BTreeMap<String, Params>, texts: &BTreeMap<String, String>, locale: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for (code, params) in codes {
        let plural: Vec<String> = ["one", "other"].iter().map(|form| format!("{code}.{form}")).collect();
        let keys = if texts.contains_key(code) { vec![code.clone()] } else { plural };
        for key in keys {
            let Some(text) = texts.get(&key) else {
                problems.push(format!("{locale}: {key} has no text"));
                continue;
            };
            for name in text.split('{').skip(1).filter_map(|rest| rest.split(['}', ':']).next()) {
                if !params.contains_key(name) {
                    problems.push(format!("{locale}: {key} asks for {name}, there are {:?}", params.keys()));
                }
            }
            used.insert(key);
        }
    }
    let format = |key: &str| FORMATS.iter().any(|name| key == *name || key.starts_with(&format!("{name}.")));
    let unused = texts.keys().filter(|key| !used.contains(*key) && !format(key));
    problems.extend(unused.map(|key| format!("{locale}: nobody says {key}")));
    problems
}

#[test]
fn every_code_has_its_texts() {
    let codes = codes();
    assert!(codes.len() >= 10, "{codes:?}");
    let found = Locale::ALL.into_iter().flat_map(|locale| problems(&codes, &catalogue(locale), locale.tag()));
    assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_text_that_is_missing_or_wrong_is_found() {
    let source = r#"fn f() { let x = vec![Reason::new("a").number("km", 1.0)]; g(crate::engine::Reason::new("b").text("c", y)); }
        mod tests { fn t() { Reason::new("not this one"); } }"#;
    let codes = Codes::of(source).found;
    assert_eq!(codes.keys().collect::<Vec<_>>(), ["a", "b"]);
    let texts = |texts: &[(&str, &str)]| texts.iter().map(|(key, text)| (key.to_string(), text.to_string())).collect();
    let found = |list: &[(&str, &str)]| problems(&codes, &texts(list), "x").len();
    assert_eq!(found(&[("a", "{km:1} km"), ("b", "{c:word}"), ("money.EUR", "")]), 0);
    assert_eq!(found(&[("a.one", "{km}"), ("a.other", "{km}"), ("b", "")]), 0);
    assert_eq!(found(&[("a", "{km}")]), 2);
    assert_eq!(found(&[("a", "{miles}"), ("b", "")]), 1);
    assert_eq!(found(&[("a", ""), ("b", ""), ("c", "")]), 1);
    assert!(!Codes::of(r#"fn f() { Reason::new(code); }"#).unread.is_empty());
    assert!(!Codes::of(r#"fn f() { Reason::new("a").text(name, ""); }"#).unread.is_empty());
}

/// Every code in every language with samples of its parameters.
fn samples() -> Vec<Json> {
    let names = [("EUR", "short_term_rental"), ("GBP", "penthouse_{km}"), ("XAU", "office")];
    let mut samples = Vec::new();
    for (code, params) in codes() {
        for (number, (currency, name)) in [1.0, 22.0, 12345.5].into_iter().zip(names) {
            let value = |(param, is_number): (&String, &bool)| match is_number {
                true => (param.clone(), json!(number)),
                false => (param.clone(), json!(if param == "currency" { currency } else { name })),
            };
            let params: serde_json::Map<String, Json> = params.iter().map(value).collect();
            let reason: Reason = serde_json::from_value(json!({ "code": code, "params": params, "text": "" })).unwrap();
            for locale in Locale::ALL {
                let text = locale.render(&reason);
                samples.push(json!({ "locale": locale.tag(), "code": code, "params": params, "text": text }));
            }
            if params.is_empty() {
                break;
            }
        }
    }
    samples
}

#[test]
fn the_fixture_is_what_the_command_line_says() {
    let path = root().join("tests/fixtures/messages.json");
    let lines: Vec<String> = samples().iter().map(Json::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    if std::env::var_os("UPDATE_MESSAGES").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == text, "texts have changed: UPDATE_MESSAGES=1, see the top of this file");
}
