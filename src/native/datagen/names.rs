//! Names of people who do not exist.

use super::draw::{Draw, Stream};

/// First names, and whether it is a woman's.
#[rustfmt::skip]
const FIRST: [(&str, bool); 40] = [
    ("Maria", true), ("Eleni", true), ("Katerina", true), ("Vasiliki", true), ("Sofia", true), ("Anna", true),
    ("Georgia", true), ("Dimitra", true), ("Ioanna", true), ("Konstantina", true), ("Paraskevi", true), ("Angeliki", true),
    ("Evangelia", true), ("Christina", true), ("Foteini", true), ("Panagiota", true), ("Despina", true), ("Zoe", true),
    ("Kalliopi", true), ("Athina", true), ("Niki", true), ("Ourania", true), ("Stella", true), ("Theodora", true),
    ("Giorgos", false), ("Dimitris", false), ("Kostas", false), ("Yannis", false), ("Nikos", false), ("Panagiotis", false),
    ("Vasilis", false), ("Christos", false), ("Thanasis", false), ("Michalis", false), ("Spyros", false),
    ("Stavros", false), ("Petros", false), ("Manolis", false), ("Alexandros", false), ("Apostolos", false),
];

/// Family names: of a man, of a woman.
#[rustfmt::skip]
const FAMILY: [(&str, &str); 40] = [
    ("Papadopoulos", "Papadopoulou"), ("Vlachos", "Vlachou"), ("Angelopoulos", "Angelopoulou"),
    ("Nikolaidis", "Nikolaidou"), ("Georgiou", "Georgiou"), ("Petridis", "Petridou"), ("Athanasiadis", "Athanasiadou"),
    ("Dimitriadis", "Dimitriadou"), ("Papadakis", "Papadaki"), ("Samaras", "Samara"), ("Panagopoulos", "Panagopoulou"),
    ("Kazantzis", "Kazantzi"), ("Oikonomou", "Oikonomou"), ("Makris", "Makri"), ("Antoniou", "Antoniou"),
    ("Karagiannis", "Karagianni"), ("Alexiou", "Alexiou"), ("Theodorou", "Theodorou"), ("Kontos", "Kontou"),
    ("Lambrakis", "Lambraki"), ("Markakis", "Markaki"), ("Sideris", "Sideri"), ("Rallis", "Ralli"),
    ("Mavridis", "Mavridou"), ("Stavrou", "Stavrou"), ("Christou", "Christou"), ("Galanis", "Galani"),
    ("Zervas", "Zerva"), ("Doukas", "Douka"), ("Manos", "Manou"), ("Kalogeras", "Kalogera"), ("Pappas", "Pappa"),
    ("Lekkas", "Lekka"), ("Vasileiou", "Vasileiou"), ("Xenakis", "Xenaki"), ("Tsakiris", "Tsakiri"),
    ("Kyriakou", "Kyriakou"), ("Roussos", "Roussou"), ("Fotiadis", "Fotiadou"), ("Gekas", "Geka"),
];

/// One display name per cleaner. They differ up to 1,600 cleaners; after that a number is added.
pub(super) fn names(seed: u64, count: usize) -> Vec<String> {
    let mut pairs: Vec<usize> = (0..FIRST.len() * FAMILY.len()).collect();
    Draw::new(seed, Stream::Names, 0).shuffle(&mut pairs);
    let name = |at: usize| {
        let pair = pairs[at % pairs.len()];
        let ((first, woman), (man, of_woman)) = (FIRST[pair % FIRST.len()], FAMILY[pair / FIRST.len()]);
        let family = if woman { of_woman } else { man };
        match at / pairs.len() {
            0 => format!("{first} {family}"),
            round => format!("{first} {family} {}", round + 1),
        }
    };
    (0..count).map(name).collect()
}
