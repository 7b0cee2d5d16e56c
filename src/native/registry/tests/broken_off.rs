//! A command that is broken off before every one of its steps, with a half-written file left where it would be.

use std::fs;

use super::super::{PUBLISHED, Published, Registry, SecretKey};
use super::{Place, broken_off, metrics, serving};
use crate::artifact::sha256_hex;

/// Breaks `work` off at every step, on a fresh place each time. `check` is told whether it was broken off. Returns the number of steps.
fn at_every_step(make: impl Fn() -> Place, work: impl Fn(&Place), check: impl Fn(&Place, bool, &str)) -> u32 {
    for at in 0.. {
        let place = make();
        let broken = broken_off(at, || work(&place));
        if broken && place.registry().is_dir() {
            // What the process was writing when it ended.
            for name in ["index.jsonl.part", "objects/00ff.part", "entries/1.1.0.new.part"] {
                let path = place.registry().join(name);
                if path.parent().unwrap().is_dir() {
                    fs::write(path, "half of").unwrap();
                }
            }
        }
        check(&place, broken, &format!("broken off at step {at}"));
        if !broken {
            return at;
        }
    }
    unreachable!()
}

/// That the next command which writes leaves no trace of the one that was broken off.
fn assert_clean(place: &Place, when: &str) {
    drop(place.write());
    let verified = place.check(when).verify(None, None).unwrap();
    assert!(verified.leftovers.is_empty() && verified.unknown.is_empty(), "{when}: {verified:?}");
    let known = place.read().state().versions.len();
    assert_eq!(fs::read_dir(place.registry().join("entries")).unwrap().count(), known, "{when}");
}

#[test]
fn an_addition_happens_whole_or_not_at_all() {
    let make = || {
        let place = Place::with(&["1.0.0"]);
        place.promote("1.0.0", 100);
        place.model("1.1.0", &metrics(0.6));
        place
    };
    let model = |place: &Place| place.0.path().join("model-1.1.0");
    let add = |place: &Place| drop(Registry::add(&place.registry(), &model(place), 7).unwrap());
    let steps = at_every_step(make, add, |place, broken, when| {
        let registry = place.check(when);
        assert_eq!(serving(&registry), (Some("1.0.0"), None), "{when}");
        if broken {
            let left = registry.verify(None, None).unwrap().leftovers;
            assert!(left.contains(&"index.jsonl.part".to_owned()), "{when}: {left:?}");
        }
        assert_clean(place, when);
        let again = Registry::add(&place.registry(), &model(place), 8).unwrap();
        assert!(broken || !again.new, "{when}");
        assert_eq!(place.check(when).state().versions.len(), 2, "{when}");
        assert_clean(place, when);
    });
    // Three objects (the catalog and the figures are there), the entry, the index, the entry's name.
    assert_eq!(steps, 6);
}

#[test]
fn the_first_addition_of_all_can_be_broken_off() {
    let make = || {
        let place = Place::with(&[]);
        place.model("1.0.0", &metrics(0.6));
        place
    };
    let add = |place: &Place| {
        let model = place.0.path().join("model-1.0.0");
        drop(Registry::add(&place.registry(), &model, 7).unwrap());
    };
    let steps = at_every_step(make, add, |place, _, when| {
        add(place);
        assert_eq!(place.check(when).state().versions.len(), 1, "{when}");
        assert_clean(place, when);
    });
    assert_eq!(steps, 9);
}

#[test]
fn a_promotion_a_roll_out_and_a_rollback_leave_one_champion() {
    let make = || {
        let place = Place::with(&["1.0.0", "1.1.0"]);
        place.promote("1.0.0", 100);
        place
    };
    let limits = super::Limits::default();
    let promote = |place: &Place| drop(place.write().promote("1.1.0", 100, &limits, None, 9).unwrap());
    let steps = at_every_step(make, promote, |place, broken, when| {
        let champion = if broken { "1.0.0" } else { "1.1.0" };
        assert_eq!(serving(&place.check(when)), (Some(champion), None), "{when}");
        assert_clean(place, when);
        assert_eq!(serving(&place.read()), (Some(champion), None), "{when}");
    });
    assert_eq!(steps, 1);
    let rolling = || {
        let place = make();
        place.promote("1.1.0", 10);
        place
    };
    let rollout = |place: &Place| drop(place.write().rollout(50, 9).unwrap());
    at_every_step(rolling, rollout, |place, broken, when| {
        let share = if broken { 10 } else { 50 };
        assert_eq!(serving(&place.check(when)), (Some("1.0.0"), Some(("1.1.0", share))), "{when}");
    });
    let rollback = |place: &Place| drop(place.write().rollback(9).unwrap());
    at_every_step(rolling, rollback, |place, broken, when| {
        let running = broken.then_some(("1.1.0", 10));
        assert_eq!(serving(&place.check(when)), (Some("1.0.0"), running), "{when}");
    });
}

#[test]
fn a_signature_is_whole_or_missing() {
    let key = SecretKey::from_seed(&[3; 32]);
    let sign = |place: &Place| place.write().sign("1.0.0", &key, 9).unwrap();
    let steps = at_every_step(
        || Place::with(&["1.0.0"]),
        sign,
        |place, _, when| {
            place.check(when);
            sign(place);
            assert_eq!(place.read().verify(None, Some(&key.public())).unwrap().problems, [], "{when}");
        },
    );
    assert_eq!(steps, 2);
}

/// That all that a published file names is there.
fn published(place: &Place, when: &str) -> Published {
    let bytes = fs::read(place.out().join(PUBLISHED)).unwrap();
    let published: Published = serde_json::from_slice(&bytes).unwrap();
    for version in [Some(&published.champion), published.previous.as_ref(), published.challenger.as_ref()] {
        let Some(version) = version else { continue };
        let path = place.out().join(&version.manifest);
        assert_eq!(sha256_hex(&fs::read(&path).unwrap()), version.sha256, "{when}");
        let folder = crate::native::model_dir::ModelDir::open(path.parent().unwrap()).unwrap();
        for file in &folder.manifest.files {
            folder.read(&file.role).unwrap_or_else(|error| panic!("{when}: {error}"));
        }
    }
    published
}

#[test]
fn a_reader_of_what_is_published_never_sees_a_half_state() {
    let make = || {
        let place = Place::with(&["1.0.0", "1.1.0", "1.2.0"]);
        place.promote("1.0.0", 100);
        place.read().publish(&place.out(), 1).unwrap();
        place.promote("1.1.0", 100);
        place.promote("1.2.0", 25);
        place
    };
    let publish = |place: &Place| drop(place.read().publish(&place.out(), 2).unwrap());
    let steps = at_every_step(make, publish, |place, broken, when| {
        let seen = published(place, when);
        let expected = if broken { "1.0.0" } else { "1.1.0" };
        assert_eq!(seen.champion.version, expected, "{when}");
        publish(place);
        let seen = published(place, when);
        assert_eq!((seen.champion.version.as_str(), seen.rollout), ("1.1.0", 25), "{when}");
        assert_eq!(seen.previous.unwrap().version, "1.0.0", "{when}");
        assert_eq!(seen.challenger.unwrap().version, "1.2.0", "{when}");
    });
    // Of two new versions two files, the entry and the manifest each, and registry.json.
    assert_eq!(steps, 9);
}
