//! Reasons in words: the message catalogues of `messages/`, as `js/src/messages.ts` reads them. `tests/fixtures/messages.json`
//! holds both sides to the same texts.
//!
//! A template is looked up by the code of a reason; where there are `code.one` and `code.other`, by its parameter `count`. In it
//! `{name}` stands for a parameter, `{name:1}` for a number with one decimal, `{name:money}` for an amount in the currency that
//! the parameter `currency` names, `{name:ordinal}` for a place in an order, `{name:word}` for a key such as a property type.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::engine::{Explanation, Ranking, Reason, Value};

/// A language that the package comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// English.
    #[default]
    English,
    /// Greek.
    Greek,
}

type Catalogue = BTreeMap<String, String>;

impl Locale {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Greek];

    /// Its tag, e.g. `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Greek => "el",
        }
    }

    /// What a reason says. A text that is missing here is the English one, one that is missing there the code.
    pub fn render(self, reason: &Reason) -> String {
        let count = match reason.param("count") {
            Some(Value::Number(count)) => Some(*count),
            _ => None,
        };
        let of_count = |count: f64| format!("{}.{}", reason.code, if count == 1.0 { "one" } else { "other" });
        let template =
            |locale: Self| count.and_then(|count| locale.get(&of_count(count))).or_else(|| locale.get(&reason.code));
        match template(self).map(|text| (self, text)).or_else(|| Some((Self::English, template(Self::English)?))) {
            Some((locale, template)) => locale.fill_in(template, reason),
            None => reason.code.clone(),
        }
    }

    /// Gives every reason its text.
    pub fn fill(self, reasons: &mut [Reason]) {
        reasons.iter_mut().for_each(|reason| reason.text = self.render(reason));
    }

    /// Gives every reason of a ranking its text.
    pub fn fill_ranking(self, ranking: &mut Ranking) {
        ranking.items.iter_mut().for_each(|item| self.fill(&mut item.reasons));
    }

    /// Gives everything in an explanation its text.
    pub fn fill_explanation(self, found: &mut Explanation) {
        self.fill(&mut found.item.reasons);
        found.counterfactuals.iter_mut().for_each(|change| change.reason.text = self.render(&change.reason));
    }

    fn catalogue(self) -> &'static Catalogue {
        static ALL: OnceLock<[Catalogue; 2]> = OnceLock::new();
        let read = |text| serde_json::from_str(text).unwrap_or_default();
        let all = ALL.get_or_init(|| {
            [read(include_str!("../../messages/en.json")), read(include_str!("../../messages/el.json"))]
        });
        &all[usize::from(self == Self::Greek)]
    }

    fn get(self, key: &str) -> Option<&'static str> {
        self.catalogue().get(key).map(String::as_str)
    }

    /// A text that is missing here is the English one.
    fn lookup(self, key: &str) -> Option<&'static str> {
        self.get(key).or_else(|| Self::English.get(key))
    }

    fn fill_in(self, template: &str, reason: &Reason) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, inside, after)) = slot(rest) {
            text += before;
            let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
            match reason.param(name) {
                Some(value) => text += &self.show(value, format, reason),
                None => text += &format!("{{{inside}}}"),
            }
            rest = after;
        }
        text + rest
    }

    fn show(self, value: &Value, format: &str, reason: &Reason) -> String {
        match (value, format) {
            (Value::Number(number), "money") => self.money(*number, reason),
            (Value::Number(number), "ordinal") => self.ordinal(*number),
            (Value::Number(number), _) => self.number(*number, format.parse().ok()),
            (Value::Text(text), "word") => self.word(text),
            (Value::Text(text), _) => text.clone(),
        }
    }

    fn money(self, amount: f64, reason: &Reason) -> String {
        let currency = match reason.param("currency") {
            Some(Value::Text(currency)) => currency.as_str(),
            _ => "",
        };
        let of_currency = self.get(&format!("money.{currency}"));
        let template = of_currency.or_else(|| self.lookup("money")).unwrap_or("{amount} {currency}");
        let amounts = [("amount", self.number(amount, None)), ("currency", currency.to_owned())];
        replace(template, &amounts).trim_end().to_owned()
    }

    fn ordinal(self, n: f64) -> String {
        let category = match (n % 100.0, n % 10.0) {
            _ if self != Self::English => "other",
            (11.0 | 12.0 | 13.0, _) => "other",
            (_, 1.0) => "one",
            (_, 2.0) => "two",
            (_, 3.0) => "few",
            _ => "other",
        };
        let template = self.get(&format!("ordinal.{category}")).unwrap_or("{n}");
        replace(template, &[("n", self.number(n, None))])
    }

    fn word(self, key: &str) -> String {
        let spaced = || key.replace('_', " ");
        self.lookup(&format!("word.{key}")).map_or_else(spaced, str::to_owned)
    }

    /// With as many decimals as are asked for, or as the number has.
    fn number(self, number: f64, decimals: Option<usize>) -> String {
        let plain = match decimals {
            Some(decimals) => fixed(number, decimals),
            None => number.to_string(),
        };
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut text = sign.to_owned();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at) % 3 == 0 {
                text += self.lookup("number.group").unwrap_or_default();
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text += self.lookup("number.decimal").unwrap_or(".");
            text += fraction;
        }
        text
    }
}

/// What stands before the first `{…}`, in it, and behind it.
fn slot(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

/// In one pass: what is put in is not looked at again.
fn replace(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, inside, after)) = slot(rest) {
        text += before;
        text += values.iter().find(|(name, _)| *name == inside).map_or("", |(_, value)| value);
        rest = after;
    }
    text + rest
}

/// As JavaScript's `toFixed` writes it: what lies exactly in the middle goes away from 0, not to the even neighbour.
fn fixed(number: f64, decimals: usize) -> String {
    let power = 10f64.powi(decimals as i32);
    let scaled = number * power;
    // Fused, so that it tells whether the product was exact.
    let in_the_middle = scaled.fract().abs() == 0.5 && number.mul_add(power, -scaled) == 0.0;
    let number = if in_the_middle { (scaled + 0.5f64.copysign(scaled)) / power } else { number };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_worked_out_by_hand() {
        let say = |locale: Locale, reason: Reason| locale.render(&reason);
        let near = || Reason::new("near").number("km", 2.0);
        assert_eq!(say(Locale::English, near()), "Near: 2.0 km away");
        assert_eq!(say(Locale::Greek, near()), "Κοντά: σε απόσταση 2,0 χλμ.");
        let over = |amount| Reason::new("over_budget").number("amount", amount).text("currency", "EUR");
        assert_eq!(say(Locale::English, over(1234.0)), "€1,234 above the budget");
        assert_eq!(say(Locale::Greek, over(1234567.0)), "1.234.567 € πάνω από τον προϋπολογισμό");
        assert_eq!(say(Locale::English, Reason::new("nobody.wrote_this")), "nobody.wrote_this");
        let places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111, 1002].map(|n| Locale::English.ordinal(f64::from(n)));
        let expected =
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th", "1,002nd"];
        assert_eq!(places, expected);
        assert_eq!(Locale::Greek.ordinal(3.0), "3η");
    }

    #[test]
    fn what_is_put_in_is_text() {
        let kind = |name: &str| Reason::new("specialised").number("count", 1.0).text("type", name);
        let found = Locale::English.render(&kind("{count} <b>$&</b>"));
        assert_eq!(found, "Specialised: 1 job of this kind ({count} <b>$&</b>)");
        assert_eq!(Locale::Greek.render(&kind("a_b")), "Ειδίκευση: 1 εργασία αυτού του είδους (a b)");
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        // Node 22: [8.25, 8.35, 2.5, -8.25, 2.675, 0.05, 1e9 + 0.5, 3].map((x, at) => x.toFixed([1, 1, 0, 1, 2, 1, 0, 1][at]))
        let cases = [(8.25, 1, "8.3"), (8.35, 1, "8.3"), (2.5, 0, "3"), (-8.25, 1, "-8.3"), (2.675, 2, "2.67")];
        let more = [(0.05, 1, "0.1"), (1_000_000_000.5, 0, "1000000001"), (3.0, 1, "3.0")];
        for (number, decimals, expected) in cases.into_iter().chain(more) {
            assert_eq!(fixed(number, decimals), expected, "{number}");
        }
    }
}
