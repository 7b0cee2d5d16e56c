//! Who is what after every step.

use super::super::{Action, Limits, Registry, RegistryError, Stage};
use super::{Place, serving};

fn stages(registry: &Registry) -> Vec<Stage> {
    registry.state().versions.iter().map(|known| known.stage).collect()
}

#[test]
fn versions_go_from_challenger_to_champion_to_archive_and_back() {
    use Stage::{Archived as A, Challenger as C, Champion as K};
    let place = Place::with(&["1.0.0", "1.1.0", "1.2.0"]);
    place.promote("1.0.0", 100);
    place.promote("1.1.0", 25);
    assert_eq!((serving(&place.read()), stages(&place.read())), ((Some("1.0.0"), Some(("1.1.0", 25))), vec![K, C, C]));
    place.write().rollout(50, 1).unwrap();
    assert_eq!(serving(&place.read()), (Some("1.0.0"), Some(("1.1.0", 50))));
    place.write().rollout(100, 1).unwrap();
    assert_eq!((serving(&place.read()), stages(&place.read())), ((Some("1.1.0"), None), vec![A, K, C]));
    place.promote("1.2.0", 100);
    assert_eq!((place.read().state().previous(), stages(&place.read())), (Some("1.1.0"), vec![A, A, K]));
    assert_eq!(place.write().rollback(1).unwrap(), ("1.2.0".to_owned(), Some("1.1.0".to_owned())));
    assert_eq!((serving(&place.read()), stages(&place.read())), ((Some("1.1.0"), None), vec![A, K, A]));
    // A roll-out is taken back before a champion is, and can be tried again.
    place.promote("1.2.0", 10);
    assert_eq!(place.write().rollback(1).unwrap(), ("1.2.0".to_owned(), Some("1.1.0".to_owned())));
    assert_eq!((serving(&place.read()), stages(&place.read())), ((Some("1.1.0"), None), vec![A, K, A]));
    assert_eq!(place.write().rollback(1).unwrap(), ("1.1.0".to_owned(), Some("1.0.0".to_owned())));
    assert_eq!(place.write().rollback(1).unwrap_err().code(), "registry.stage");
    assert_eq!((serving(&place.read()), stages(&place.read())), ((Some("1.0.0"), None), vec![K, A, A]));
    let history = place.read().history().iter().map(|event| event.seq).collect::<Vec<_>>();
    assert_eq!(history, (1..=13).collect::<Vec<_>>());
}

#[test]
fn steps_that_the_stages_do_not_allow_are_refused() {
    let place = Place::with(&["1.0.0", "1.1.0", "1.2.0"]);
    let promote = |version: &str, share| place.write().promote(version, share, &Limits::default(), None, 1);
    let code = |error: RegistryError| error.code();
    assert_eq!(code(promote("1.0.0", 10).unwrap_err()), "registry.no_champion");
    assert_eq!(code(place.read().publish(&place.out(), 1).unwrap_err()), "registry.no_champion");
    assert_eq!(code(promote("champion", 100).unwrap_err()), "registry.unknown_version");
    place.promote("1.0.0", 100);
    assert_eq!(code(promote("1.0.0", 100).unwrap_err()), "registry.stage");
    assert_eq!(code(promote("1.1.0", 30).unwrap_err()), "registry.stage");
    assert_eq!(code(place.write().rollout(50, 1).unwrap_err()), "registry.stage");
    assert_eq!(code(place.write().rollback(1).unwrap_err()), "registry.stage");
    place.promote("1.1.0", 10);
    assert_eq!(code(promote("1.2.0", 100).unwrap_err()), "registry.stage");
    let unknown = promote("9.9.9", 100).unwrap_err();
    assert_eq!(unknown.code(), "registry.unknown_version");
    assert!(unknown.hint().contains("1.0.0, 1.1.0, 1.2.0"), "{}", unknown.hint());
    // Who only reads does not write.
    let reader = |work: &dyn Fn(&mut Registry) -> RegistryError| work(&mut place.read()).code();
    assert_eq!(reader(&|registry| registry.rollout(50, 1).unwrap_err()), "registry.stage");
    assert_eq!(serving(&place.read()), (Some("1.0.0"), Some(("1.1.0", 10))));
}

#[test]
fn a_damaged_version_neither_serves_nor_comes_back() {
    let place = Place::with(&["1.0.0", "1.1.0"]);
    place.promote("1.0.0", 100);
    place.promote("1.1.0", 10);
    let break_version = |version: &str| {
        let entry = place.read().entry(version).unwrap();
        let file = entry.file("model.q8.safetensors").unwrap().sha256.clone();
        std::fs::write(place.registry().join("objects").join(file), "x").unwrap();
    };
    break_version("1.1.0");
    assert_eq!(place.write().rollout(100, 1).unwrap_err().code(), "registry.content");
    let forced = place.write().promote("1.1.0", 100, &Limits::default(), Some("now"), 1);
    assert_eq!(forced.unwrap_err().code(), "registry.content");
    Registry::add(&place.registry(), &place.0.path().join("model-1.1.0"), 1).unwrap();
    place.write().rollout(100, 1).unwrap();
    break_version("1.0.0");
    assert_eq!(place.write().rollback(1).unwrap_err().code(), "registry.content");
    assert_eq!(serving(&place.read()), (Some("1.1.0"), None));
    // A champion that is damaged can be replaced, with a reason.
    place.add("1.2.0", &super::metrics(0.6), 1);
    let figures = place.read().entry("1.1.0").unwrap().file("metrics.json").unwrap().sha256.clone();
    place.add("1.3.0", &super::metrics(0.7), 1);
    std::fs::write(place.registry().join("objects").join(figures), "x").unwrap();
    let promote = |forced| place.write().promote("1.3.0", 100, &Limits::default(), forced, 1).unwrap();
    let refused = promote(None);
    assert!(!refused.done && refused.checks.iter().any(|check| check.note.contains("metrics.json")), "{refused:#?}");
    assert!(promote(Some("the champion is damaged")).done);
    assert_eq!(serving(&place.read()), (Some("1.3.0"), None));
}

#[test]
fn the_history_says_when_what_and_why() {
    let place = Place::with(&["1.1.0", "1.0.0"]);
    place.promote("1.1.0", 100);
    place.write().promote("1.0.0", 100, &Limits::default(), Some("the newer one is slow"), 77).unwrap();
    let registry = place.read();
    let last = registry.history().last().unwrap();
    assert_eq!((last.at, registry.history()[1].at), (77, 0));
    let Action::Promote { version, replaces, forced, checks, .. } = &last.action else { panic!("{last:?}") };
    assert_eq!((version.as_str(), replaces.as_deref()), ("1.0.0", Some("1.1.0")));
    assert_eq!(forced.as_deref(), Some("the newer one is slow"));
    assert!(checks.len() > 3, "{checks:?}");
}
