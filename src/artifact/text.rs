//! Texts put together without the formatter of the standard library, which would be a tenth of the WebAssembly module.

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// A text as it is.
    Text(&'a str),
    /// A text in quotation marks.
    Quoted(&'a str),
    /// A whole number.
    Number(i64),
    /// A list of whole numbers in brackets.
    Numbers(&'a [usize]),
}

/// A text in quotation marks, where it is a name from outside.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a>(pub &'a str);

macro_rules! pieces {
    ($($from:ty => |$value:ident| $piece:expr),* $(,)?) => {
        $(impl<'a> From<$from> for Piece<'a> {
            fn from($value: $from) -> Self {
                $piece
            }
        })*
    };
}

pieces! {
    &'a str => |text| Self::Text(text),
    &'a String => |text| Self::Text(text),
    Quoted<'a> => |text| Self::Quoted(text.0),
    u32 => |number| Self::Number(i64::from(number)),
    i64 => |number| Self::Number(number),
    u64 => |number| Self::Number(i64::try_from(number).unwrap_or(i64::MAX)),
    usize => |number| Self::Number(number as i64),
    &'a [usize] => |numbers| Self::Numbers(numbers),
}

/// The text of these pieces, one after the other.
pub fn joined(pieces: &[Piece<'_>]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match *piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Quoted(piece) => push_quoted(&mut text, piece),
            Piece::Number(number) => push_number(&mut text, number),
            Piece::Numbers(numbers) => {
                text.push('[');
                for (at, number) in numbers.iter().enumerate() {
                    text.push_str(if at > 0 { ", " } else { "" });
                    push_number(&mut text, *number as i64);
                }
                text.push(']');
            }
        }
    }
    text
}

/// Joins texts, [`Quoted`] texts, whole numbers and lists of them to one text.
macro_rules! text {
    ($($piece:expr),+ $(,)?) => {
        $crate::artifact::text::joined(&[$($crate::artifact::text::Piece::from($piece)),+])
    };
}

pub(crate) use text;

fn push_quoted(text: &mut String, piece: &str) {
    text.push('"');
    for c in piece.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push(char::REPLACEMENT_CHARACTER),
            c => text.push(c),
        }
    }
    text.push('"');
}

fn push_number(text: &mut String, number: i64) {
    let mut digits = [0; 20];
    let (mut at, mut rest) = (digits.len(), number.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        text.push('-');
    }
    digits[at..].iter().for_each(|digit| text.push(char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_formatter() {
        let (name, shape, empty) = ("a \"b\" \\ c", [1usize, 20], [0usize; 0]);
        for number in [0, 7, -1, 1234567890123, i64::MAX, i64::MIN] {
            assert_eq!(text!(number), format!("{number}"));
        }
        let found = text!("x ", Quoted(name), 3u32, ": ", shape.as_slice(), u64::from(u32::MAX), empty.as_slice());
        assert_eq!(found, format!("x {name:?}3: {shape:?}{}{empty:?}", u32::MAX));
        assert_eq!(text!(Quoted("a\nb")), "\"a\u{fffd}b\"");
    }
}
