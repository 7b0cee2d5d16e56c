//! What can be wrong in the CSV files, and the list of all of it.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

/// Kinds of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A file of the mapping is not there or cannot be read.
    MissingFile,
    /// A column of the mapping is not in the header.
    MissingColumn,
    /// A line that is no CSV: another number of fields, or bytes of another encoding.
    BadLine,
    /// Nothing where there must be something.
    MissingValue,
    /// No number, or one that is not finite.
    BadNumber,
    /// A number that cannot be: a negative size, a rating off the scale.
    OutOfRange,
    /// Neither yes nor no.
    BadFlag,
    /// No date of the given format, or one that does not exist.
    BadDate,
    /// Moments in an impossible order.
    DateOrder,
    /// A position off the globe, or half a position.
    BadPosition,
    /// A word that is not in the `map`, or no state of a job.
    UnknownValue,
    /// An id that its table does not have.
    UnknownId,
    /// An id that comes twice.
    DuplicateId,
}

impl ProblemKind {
    /// A stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingFile => "import.missing_file",
            Self::MissingColumn => "import.missing_column",
            Self::BadLine => "import.bad_line",
            Self::MissingValue => "import.missing_value",
            Self::BadNumber => "import.bad_number",
            Self::OutOfRange => "import.out_of_range",
            Self::BadFlag => "import.bad_flag",
            Self::BadDate => "import.bad_date",
            Self::DateOrder => "import.date_order",
            Self::BadPosition => "import.bad_position",
            Self::UnknownValue => "import.unknown_value",
            Self::UnknownId => "import.unknown_id",
            Self::DuplicateId => "import.duplicate_id",
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::MissingFile => "check --source and the `file` of the table",
            Self::MissingColumn => "correct the column's name in the mapping; it is case sensitive",
            Self::BadLine => "quote fields that hold commas; set `encoding = \"latin-1\"` where the file is not UTF-8",
            Self::MissingValue => "fill it in, or give the column a `default`",
            Self::BadNumber => "correct it, or list its marker under `missing`",
            Self::OutOfRange => "correct it, its `unit`, or the rating scale of [market]",
            Self::BadFlag => "use 1/0, true/false, yes/no, or a `map`",
            Self::BadDate => "correct it, or the `time` format",
            Self::DateOrder => "correct the moments; a job is posted, accepted, confirmed, completed in this order",
            Self::BadPosition => "use degrees: latitude -90 to 90, longitude -180 to 180, both or neither",
            Self::UnknownValue => "add the word to the `map`, or correct it",
            Self::UnknownId => "add the row that it points to, or remove this one",
            Self::DuplicateId => "remove one of them, or set `distinct = true` where a row repeats on purpose",
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The CSV file.
    pub file: String,
    /// The line, from 1 (the header); 0 where it is the file as a whole.
    pub line: u64,
    /// Column of the CSV file; the template, or empty, where there is no single one.
    pub column: String,
    /// Column of the data set that it is for, e.g. `bids.amount`.
    pub target: String,
    /// The value.
    pub value: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, file, line, column, target, value } = self;
        write!(f, "{file}:{line}: {}: column {column:?}: {value:?} (for {target})", kind.code())
    }
}

/// All problems of an import, in the order in which they were found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    problems: Vec<Problem>,
    seen: HashSet<(ProblemKind, String, u64, String, String)>,
}

impl Report {
    /// Adds a problem. A field that is wrong in the same way for several columns of the data set counts once.
    pub(super) fn add(&mut self, problem: Problem) {
        let Problem { kind, file, line, column, value, .. } = problem.clone();
        if self.seen.insert((kind, file, line, column, value)) {
            self.problems.push(problem);
        }
    }

    /// Every problem.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The number of problems in words.
    pub fn count(&self) -> String {
        match self.problems.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        }
    }

    /// How many there are of each kind.
    pub fn by_kind(&self) -> BTreeMap<ProblemKind, usize> {
        let mut counts = BTreeMap::new();
        self.problems.iter().for_each(|problem| *counts.entry(problem.kind).or_default() += 1);
        counts
    }
}
