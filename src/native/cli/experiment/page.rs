//! The report as one page without anything from outside: a table and drawings as SVG.

use std::fmt::Write;

use crate::native::experiment::report::{Comparison, Report};

const WIDTH: f64 = 720.0;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:48rem;padding:0 1rem;color:#1a1a1a;\
background:#fff}table{border-collapse:collapse}td,th{padding:.3rem .8rem;border-bottom:1px solid #ccc;text-align:right}\
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}.bar{stroke:#1f5fa8;stroke-width:3}\
.dot{fill:#1f5fa8}.axis{stroke:#888}.valid{fill:none;stroke:#1f5fa8;stroke-width:2}.fixed{fill:none;stroke:#b45309;\
stroke-width:2;stroke-dasharray:5 4}text{font-size:13px;fill:currentColor}.warn{border-left:4px solid #b45309;padding-left:1rem}\
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e8e8e8}td,th{border-color:#444}.bar,.valid{stroke:#7db4f0}\
.dot{fill:#7db4f0}.fixed{stroke:#f0a860}}";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let title = escape(&report.experiment);
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Experiment {title}</title><style>{STYLE}</style><h1>Experiment {title}</h1>"
    );
    for warning in &report.warnings {
        html += &format!("<p class=\"warn\">{}</p>", escape(&warning.text));
    }
    html += "<table><tr><th>variant<th>units<th>converted<th>share<th>interval</tr>";
    for one in &report.variants {
        let (low, high) = one.interval;
        let (key, count) = (escape(&one.key), one.count);
        let row = format!("<td>{}<td>{}<td>{:.4}<td>{low:.4} to {high:.4}", count.units, count.hits, one.share);
        html += &format!("<tr><td>{key}{row}</tr>");
    }
    html += "</table>";
    for one in &report.comparisons {
        html += &format!("<h2>{} against {}</h2>", escape(&one.variant), escape(&report.control));
        html += &intervals(one);
        html += &looks(one);
    }
    html + "</html>\n"
}

/// Differences with their intervals: overall and by segment.
fn intervals(one: &Comparison) -> String {
    let mut rows: Vec<(String, f64, (f64, f64))> = Vec::new();
    if let Some(share) = &one.conversion {
        rows.push(("all units".to_owned(), share.difference, share.newcombe));
    }
    let segments = one.segments.iter().filter_map(|row| Some((row.segment.clone(), row.conversion?)));
    rows.extend(segments.map(|(name, share)| (name, share.difference, share.newcombe)));
    let reach = rows.iter().flat_map(|(_, _, (low, high))| [low.abs(), high.abs()]).fold(0.01, f64::max);
    let x = |value: f64| 200.0 + (WIDTH - 220.0) * (value / reach + 1.0) / 2.0;
    let height = 34.0 * rows.len() as f64 + 40.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Differences of the share that converts, with intervals\">\
         <line class=\"axis\" x1=\"{0}\" x2=\"{0}\" y1=\"4\" y2=\"{1}\"/>",
        x(0.0),
        height - 26.0
    );
    for (at, (name, difference, (low, high))) in rows.iter().enumerate() {
        let y = 22.0 + 34.0 * at as f64;
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{}\">{} ({difference:+.3})</text><line class=\"bar\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y}\" \
             y2=\"{y}\"/><circle class=\"dot\" cx=\"{:.1}\" cy=\"{y}\" r=\"5\"/>",
            y + 4.0,
            escape(name),
            x(*low),
            x(*high),
            x(*difference)
        );
    }
    for value in [-reach, 0.0, reach] {
        let anchor = if value < 0.0 {
            "start"
        } else if value > 0.0 {
            "end"
        } else {
            "middle"
        };
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{value:+.3}</text>",
            x(value),
            height - 6.0
        );
    }
    svg + "</svg>"
}

/// The p-values day by day on a logarithmic scale.
fn looks(one: &Comparison) -> String {
    let days = one.looks.len().max(2) as f64 - 1.0;
    let x = |at: usize| 60.0 + (WIDTH - 80.0) * at as f64 / days;
    let y = |p: f64| 20.0 + 180.0 * (-p.max(1e-4).log10() / 4.0);
    let line = |class: &str, p: &dyn Fn(usize) -> f64| {
        let points: Vec<String> = (0..one.looks.len()).map(|at| format!("{:.1},{:.1}", x(at), y(p(at)))).collect();
        format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "))
    };
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} 250\" role=\"img\" aria-label=\"p-values day by day\">");
    for p in [1.0, 0.05, 0.01, 0.001] {
        let _ = write!(
            svg,
            "<line class=\"axis\" x1=\"60\" x2=\"{}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke-opacity=\".4\"/>\
             <text x=\"0\" y=\"{2:.1}\">{p}</text>",
            WIDTH - 20.0,
            y(p),
            y(p) + 4.0
        );
    }
    svg += &line("valid", &|at| one.looks[at].look.valid_p);
    svg += &line("fixed", &|at| one.looks[at].look.fixed_p);
    svg + "<text x=\"60\" y=\"240\">p by day: solid = always valid, dashed = fixed test (holds for one planned look)</text></svg>"
}

/// A text as HTML: names come from outside.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_from_outside_are_never_markup() {
        assert_eq!(super::escape("<script>\"&"), "&lt;script&gt;&quot;&amp;");
    }
}
