//! What is damaged is found, named and mended.

use std::fs;

use super::super::{INDEX, Registry, SecretKey, Signature};
use super::{Place, metrics, serving, write_model};

fn place() -> Place {
    let place = Place::with(&["1.0.0", "1.1.0"]);
    place.promote("1.0.0", 100);
    place.promote("1.1.0", 100);
    place
}

#[test]
fn a_damaged_index_is_refused_and_made_anew() {
    for at in [0, 200, 700] {
        let place = place();
        let file = place.registry().join(INDEX);
        let mut bytes = fs::read(&file).unwrap();
        bytes[at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let model = place.0.path().join("model-1.0.0");
        let errors = [
            Registry::read(&place.registry()).unwrap_err(),
            Registry::write(&place.registry()).unwrap_err(),
            Registry::add(&place.registry(), &model, 1).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "registry.damaged", "byte {at}");
            assert!(error.hint().contains("registry rebuild"), "{}", error.hint());
        }
        assert_eq!(fs::read(&file).unwrap(), bytes, "a command that failed wrote something");
        let (registry, rebuilt) = Registry::rebuild(&place.registry(), 9).unwrap();
        assert_eq!(rebuilt.dropped, 1, "byte {at}");
        assert_eq!(registry.state().versions.len(), 2, "byte {at}");
        assert_eq!(serving(&registry).0, Some("1.1.0"), "byte {at}");
        drop(registry);
        assert_eq!(fs::read(place.registry().join("index.damaged.jsonl")).unwrap(), bytes);
        place.check("rebuilt");
    }
}

#[test]
fn a_lost_index_is_made_anew_from_the_entries() {
    let place = place();
    fs::remove_file(place.registry().join(INDEX)).unwrap();
    let error = Registry::read(&place.registry()).unwrap_err();
    assert_eq!(error.code(), "registry.damaged");
    fs::write(place.registry().join("entries/0.9.0.json"), "{}").unwrap();
    let (registry, rebuilt) = Registry::rebuild(&place.registry(), 9).unwrap();
    assert_eq!(
        (rebuilt.found, rebuilt.damaged),
        (vec!["1.0.0".into(), "1.1.0".into()], vec!["entries/0.9.0.json".into()])
    );
    // Nobody knows who served.
    assert_eq!((serving(&registry), registry.state().name.as_str()), ((None, None), "m"));
    drop(registry);
    place.check("rebuilt");
    let nowhere = place.0.path().join("nowhere");
    assert_eq!(Registry::rebuild(&nowhere, 9).unwrap_err().code(), "registry.missing");
    assert_eq!(Registry::read(&nowhere).unwrap_err().code(), "registry.missing");
    assert!(!nowhere.exists());
}

#[test]
fn an_index_of_long_ago_loses_no_version() {
    let place = place();
    let before = fs::read(place.registry().join(INDEX)).unwrap();
    place.add("1.2.0", &metrics(0.6), 5);
    fs::write(place.registry().join(INDEX), before).unwrap();
    drop(place.write());
    let verified = place.check("an old index").verify(None, None).unwrap();
    assert_eq!((verified.leftovers.len(), verified.unknown), (0, vec!["entries/1.2.0.json".to_owned()]));
    let (registry, rebuilt) = Registry::rebuild(&place.registry(), 9).unwrap();
    assert_eq!((rebuilt.found, rebuilt.dropped), (vec!["1.2.0".to_owned()], 0));
    registry.check_whole("1.2.0").unwrap();
    assert_eq!(serving(&registry).0, Some("1.1.0"));
}

#[test]
fn a_later_format_is_refused() {
    let place = place();
    let file = place.registry().join(INDEX);
    let text = fs::read_to_string(&file).unwrap().replace("\"format_version\":1}", "\"format_version\":2}");
    fs::write(&file, text).unwrap();
    assert_eq!(Registry::read(&place.registry()).unwrap_err().code(), "registry.format");
}

#[test]
fn every_damaged_file_is_named_and_mended_by_adding_the_model_again() {
    let place = place();
    let entry = place.read().entry("1.1.0").unwrap();
    let model = place.0.path().join("model-1.1.0");
    for file in &entry.files {
        let object = place.registry().join("objects").join(&file.sha256);
        let mut bytes = fs::read(&object).unwrap();
        bytes[0] ^= 1;
        fs::write(&object, bytes).unwrap();
        let verified = place.read().verify(Some("1.1.0"), None).unwrap();
        assert_eq!(verified.problems.len(), 1, "{}", file.path);
        let problem = &verified.problems[0];
        assert_eq!((problem.code, problem.version.as_str()), ("registry.content", "1.1.0"));
        assert!(problem.text.contains(&file.path) && problem.text.contains(&file.sha256), "{}", problem.text);
        assert_eq!(
            place.read().publish(&place.out(), 1).is_err(),
            !["metrics.json", "recipe.toml"].contains(&file.path.as_str())
        );
        let again = Registry::add(&place.registry(), &model, 9).unwrap();
        assert_eq!((again.new, again.written), (false, 1), "{}", file.path);
        place.check(&file.path);
        fs::remove_file(&object).unwrap();
        let shared = ["catalog.safetensors", "metrics.json"].contains(&file.path.as_str());
        assert_eq!(
            place.read().verify(None, None).unwrap().problems.len(),
            if shared { 2 } else { 1 },
            "{}",
            file.path
        );
        Registry::add(&place.registry(), &model, 9).unwrap();
    }
    let path = place.registry().join("entries/1.1.0.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"size\"", "\"Size\"")).unwrap();
    let verified = place.read().verify(None, None).unwrap();
    assert!(verified.problems[0].text.contains("1.1.0.json"), "{verified:?}");
    assert_eq!(verified.leftovers, Vec::<String>::new(), "objects of an entry that cannot be read are not garbage");
    // What it was is known: the same model, and the moment at which it was added.
    write_model(&model, "1.1.0", &metrics(0.7));
    assert_eq!(Registry::add(&place.registry(), &model, 9).unwrap_err().code(), "registry.content");
    write_model(&model, "1.1.0", &metrics(0.6));
    assert!(!Registry::add(&place.registry(), &model, 9).unwrap().new);
    place.check("mended");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn signatures_tell_another_key_and_another_content() {
    let place = place();
    let (key, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
    place.write().sign("champion", &key, 5).unwrap();
    let verify = |version: Option<&str>, key: Option<&SecretKey>| {
        let key = key.map(SecretKey::public);
        place.read().verify(version, key.as_ref()).unwrap()
    };
    let signatures =
        |verified: super::super::Verified| verified.versions.iter().map(|one| one.signature).collect::<Vec<_>>();
    assert_eq!(signatures(verify(None, None)), [Signature::None, Signature::Valid]);
    assert_eq!(signatures(verify(None, Some(&key))), [Signature::Invalid, Signature::Valid]);
    let wrong = verify(Some("1.1.0"), Some(&other));
    assert_eq!(wrong.problems[0].code, "registry.signature");
    assert!(
        wrong.problems[0].text.contains("1.1.0.sig") && wrong.problems[0].text.contains("another key"),
        "{wrong:?}"
    );
    place.read().publish(&place.out(), 1).unwrap();
    assert!(place.out().join("1.1.0/entry.sig").is_file());
    // A signature of another version.
    let entries = place.registry().join("entries");
    fs::copy(entries.join("1.1.0.sig"), entries.join("1.0.0.sig")).unwrap();
    let wrong = verify(None, None);
    assert_eq!((wrong.problems.len(), wrong.problems[0].version.as_str()), (1, "1.0.0"));
    assert!(wrong.problems[0].text.contains("1.0.0.sig"), "{wrong:?}");
    fs::write(entries.join("1.0.0.sig"), "x").unwrap();
    assert!(verify(None, None).problems[0].text.contains("this is no signature"));
    assert_eq!(place.read().publish(&place.out(), 1).unwrap_err().code(), "registry.stage");
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    let place = place();
    let registry = place.registry();
    let before = fs::read(registry.join(INDEX)).unwrap();
    let refused = |model: &std::path::Path| Registry::add(&registry, model, 1).unwrap_err();
    let other = place.0.path().join("other");
    write_model(&other, "1.1.0", &metrics(0.7));
    let error = refused(&other);
    assert_eq!(error.code(), "registry.exists");
    assert!(error.to_string().contains("metrics.json"), "{error}");
    fs::remove_file(other.join("metrics.json")).unwrap();
    assert_eq!(refused(&other).code(), "registry.exists");
    for version in ["v1", "1.0", "1.0.0+build", "../1.0.0"] {
        write_model(&other, version, &metrics(0.6));
        assert_eq!(refused(&other).code(), "registry.version", "{version}");
    }
    write_model(&other, "3.0.0", &metrics(0.6));
    let manifest = fs::read_to_string(other.join("manifest.json")).unwrap();
    fs::write(other.join("manifest.json"), manifest.replace("\"name\": \"m\"", "\"name\": \"n\"")).unwrap();
    assert_eq!(refused(&other).code(), "registry.other_model");
    write_model(&other, "3.0.0", &metrics(0.6));
    fs::write(other.join("model.q8.safetensors"), "cut").unwrap();
    assert_eq!(refused(&other).code(), "artifact.truncated");
    assert_eq!(refused(&place.0.path().join("none")).code(), "file.read");
    assert_eq!(fs::read(registry.join(INDEX)).unwrap(), before);
    // A folder of somebody else's.
    assert_eq!(Registry::add(&other, &place.0.path().join("model-1.0.0"), 1).unwrap_err().code(), "registry.foreign");
    fs::write(place.0.path().join("model-1.0.0/notes.txt"), "x").unwrap();
    let again = Registry::add(&registry, &place.0.path().join("model-1.0.0"), 1).unwrap();
    assert_eq!((again.new, again.written, again.left_out), (false, 0, vec!["notes.txt".to_owned()]));
}
