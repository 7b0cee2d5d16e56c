//! Training as a user runs it: stopped, killed and resumed; refused; on every split; with losses of being hired.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/folder.rs"]
mod folder;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use support::{Stand, stand};
use tempfile::TempDir;
use tidyrank::artifact::Tensors;
use tidyrank::domain::Split;
use tidyrank::native::train::{Checkpoint, Epoch, Recipe, SampleSource, Session, Trained, train_hybrid_in};

/// Everything that has a state: schedule, average, random numbers of every kind, several batches a step.
const RICH: &str = r#"
[training]
epochs = 5
batch_size = 32
accumulate = 3
[optimizer]
kind = "adam"
clip_norm = 0.5
embedding_decay = 0.001
[scheduler]
kind = "cosine"
warmup_epochs = 2
[early_stopping]
metric = "mrr"
patience = 4
[loss]
bce = 0.2
bpr = 0.3
embedding_l2 = 0.0001
[negatives]
kind = "popularity"
ratio = 2
[augmentation]
jitter = 0.1
category_dropout = 0.1
"#;

fn source(stand: &Stand) -> SampleSource<'_> {
    SampleSource { market: &stand.market, cleaners: &stand.cleaners, jobs: &stand.jobs, history: &stand.history }
}

fn train(stand: &Stand, recipe: &Recipe, session: Session<'_>) -> Result<Trained, String> {
    let samples = stand.samples();
    let session = Session { source: Some(source(stand)), data_fingerprint: "data", ..session };
    train_hybrid_in(session, recipe, &samples, &stand.names, &mut |_: &Epoch| ())
        .map_err(|error| error.code().to_owned())
}

#[test]
fn a_training_that_is_stopped_after_every_single_step_ends_with_the_same_bytes() {
    let stand = stand(30, 20, 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let plain = "[training]\nepochs = 4\nbatch_size = 64\n";
    let earlier = train(&stand, &Recipe::from_toml(plain).unwrap(), Session::default()).unwrap().model;
    // The third one starts from a model, and learns of the last 50 jobs: of some clients and cleaners nothing.
    let later = Split { train: (250..300).collect(), validation: (100..140).collect(), test: vec![] };
    for (text, start, split, steps) in
        [(RICH, None, None, 3), (plain, None, None, 4), (plain, Some(&earlier), Some(later), 1)]
    {
        let recipe = Recipe::from_toml(text).unwrap();
        let given = || Session { start, split: split.clone(), ..Session::default() };
        let whole = train(&stand, &recipe, given()).unwrap();
        let stop = AtomicUsize::new(1);
        let session =
            || Session { checkpoint: Some(&path), stop: Some(&stop), split: split.clone(), ..Session::default() };
        let mut last = train(&stand, &recipe, Session { start, ..session() });
        let mut stops = 0;
        while let Err(code) = &last {
            assert_eq!(code, "train.interrupted");
            stops += 1;
            let resume = Some(Checkpoint::read(&path).unwrap());
            last = train(&stand, &recipe, Session { resume, ..session() });
        }
        let last = last.unwrap();
        // 210 samples: 3 steps of three batches of 32, or 4 of one of 64, in each epoch; 50 samples: one step.
        assert_eq!(stops, steps * whole.epochs.len(), "{text}");
        assert_eq!(last.epochs, whole.epochs);
        assert!(last.model.to_bytes() == whole.model.to_bytes(), "{text}");
    }
}

#[test]
fn learning_whom_clients_hire_ranks_whom_they_hire() {
    // Clients hire the cheapest bidder, whoever that is: ratings say nothing of it.
    let mut stand = stand(30, 20, 500);
    for job in &mut stand.jobs {
        job.bids.sort_by(|a, b| a.amount.partial_cmp(&b.amount).unwrap());
        job.hired = Some(job.bids[0].cleaner);
    }
    let best = |text: &str| {
        let text = format!("[early_stopping]\nmetric = \"mrr\"\n[training]\nepochs = 25\nbatch_size = 64\n{text}");
        let recipe = Recipe::from_toml(&text).unwrap();
        let trained = train(&stand, &recipe, Session::default()).unwrap();
        trained.epochs.iter().filter_map(|epoch| epoch.metric).fold(0.0, f64::max)
    };
    let ratings = best("");
    for loss in ["bpr", "bce"] {
        let hires = best(&format!("[loss]\nmse = 0.0\n{loss} = 1.0\n"));
        assert!(hires > 0.85 && hires > ratings + 0.1, "{loss}: {hires} beside {ratings}");
        let both = best(&format!("[loss]\n{loss} = 0.5\n"));
        assert!(both > ratings + 0.1, "{loss} beside mse: {both} beside {ratings}");
    }
    // Beside cleaners who did not bid, no price that was asked is known, nor may it tell who was hired.
    let recipe = "[training]\nepochs = 2\n[loss]\nbpr = 1.0\n[negatives]\nkind = \"uniform\"\n";
    let trained = train(&stand, &Recipe::from_toml(recipe).unwrap(), Session::default()).unwrap();
    let parts = trained.epochs[1].parts.unwrap();
    assert!(parts.bpr > 0.3 && parts.bce > 0.0 && parts.mse > 0.0, "{parts:?}");
}

/// A folder with a data set of 2,000 jobs and a recipe that takes some seconds.
struct Place(TempDir);

const SLOW: &str = "[training]\nepochs = 14\nbatch_size = 16\n[early_stopping]\npatience = 14\n";

impl Place {
    fn new(recipe: &str) -> Self {
        Self::with(recipe, &stand(60, 40, 2000))
    }

    fn with(recipe: &str, stand: &Stand) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        folder::write(stand, &place.path("data"));
        std::fs::write(place.path("recipe.toml"), recipe).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidyrank"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn succeeds(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    }

    fn fails(&self, arguments: &str, code: &str) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {error}");
        assert!(error.contains(&format!("error[{code}]")) && error.contains("help:"), "{arguments}: {error}");
        error
    }

    fn checkpoint(&self, out: &str) -> PathBuf {
        self.path(out).join("checkpoint.safetensors")
    }

    /// Starts a training and waits until it has a checkpoint with so many epochs behind it.
    fn start(&self, arguments: &str, out: &str, epochs: usize) -> Child {
        let child = self.command(arguments).spawn().unwrap();
        wait_for(&self.checkpoint(out), epochs);
        child
    }

    fn same(&self, a: &str, b: &str) {
        for file in ["model.safetensors", "history.jsonl", "manifest.json", "recipe.toml"] {
            let read = |folder: &str| std::fs::read(self.path(folder).join(file)).unwrap();
            assert!(read(a) == read(b), "{file} differs");
        }
        let names =
            std::fs::read_dir(self.path(b)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<String> = names.filter(|name| name.contains("checkpoint") || name.ends_with(".part")).collect();
        assert!(left.is_empty(), "a training that has ended leaves {left:?}");
    }
}

fn wait_for(checkpoint: &Path, epochs: usize) {
    let began = Instant::now();
    loop {
        if Checkpoint::read(checkpoint).is_ok_and(|found| found.epochs().len() >= epochs) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint after {epochs} epochs");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_killed_training_goes_on_to_the_same_bytes() {
    let place = Place::new(SLOW);
    place.succeeds("train recipe.toml --data data --out whole");
    let mut child = place.start("train recipe.toml --data data --out killed", "killed", 0);
    let mut kills = 0;
    for round in 0..20u64 {
        // Now right after a checkpoint, now some way into an epoch or a write.
        std::thread::sleep(Duration::from_millis(7 * (round % 5)));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let behind = Checkpoint::read(&place.checkpoint("killed")).unwrap().epochs().len();
        if behind >= 12 {
            child = place.command("train --resume killed --data data").spawn().unwrap();
            break;
        }
        child = place.start("train --resume killed --data data", "killed", behind + 1);
    }
    assert!(child.wait().unwrap().success());
    assert!(kills >= 5, "only {kills} times");
    place.same("whole", "killed");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_a_checkpoint_and_says_how_to_go_on() {
    let place = Place::new(SLOW);
    place.succeeds("train recipe.toml --data data --out whole");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = place.start("train recipe.toml --data data --out stopped", "stopped", 2);
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success()
        );
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{error}");
        assert!(
            error.contains("stopped in epoch ") && error.contains("tidyrank train --resume stopped --data data"),
            "{error}"
        );
        let error = place.succeeds("train --resume stopped --data data");
        assert_eq!(error, "");
        place.same("whole", "stopped");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_takes_nothing_away() {
    let place = Place::new("[training]\nepochs = 3\n");
    place.succeeds("train recipe.toml --data data --out whole");
    // Whatever is written beside a file goes to a device that is always full. Files are written in this order.
    let full = |file: &str| {
        std::fs::create_dir_all(place.path("full")).unwrap();
        let part = place.path("full").join(format!("{file}.part"));
        std::os::unix::fs::symlink("/dev/full", part).unwrap();
    };
    full("checkpoint.safetensors");
    let error = place.fails("train recipe.toml --data data --out full", "file.write");
    assert!(error.contains("full/checkpoint.safetensors: No space left"), "{error}");
    let mut before = None;
    for (at, file) in ["history.jsonl", "recipe.toml", "model.safetensors", "manifest.json"].into_iter().enumerate() {
        full(file);
        let command =
            if at == 0 { "train recipe.toml --data data --out full" } else { "train --resume full --data data" };
        let error = place.fails(command, "file.write");
        assert!(error.contains(&format!("full/{file}: No space left")), "{error}");
        let checkpoint = std::fs::read(place.checkpoint("full")).unwrap();
        assert!(*before.get_or_insert(checkpoint.clone()) == checkpoint, "{file}: the checkpoint has changed");
    }
    place.succeeds("train --resume full --data data");
    place.same("whole", "full");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_in_the_middle_leaves_the_checkpoint_before() {
    let place = Place::with(SLOW, &stand(40, 30, 1500));
    place.succeeds("train recipe.toml --data data --out whole");
    let mut child = place.start("train recipe.toml --data data --out m", "m", 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let part = place.path("m/checkpoint.safetensors.part");
    let _ = std::fs::remove_file(&part);
    let before = std::fs::read(place.checkpoint("m")).unwrap();
    std::os::unix::fs::symlink("/dev/full", part).unwrap();
    let error = place.fails("train --resume m --data data", "file.write");
    assert!(error.contains("m/checkpoint.safetensors: No space left") && error.contains("train --resume m"), "{error}");
    assert!(std::fs::read(place.checkpoint("m")).unwrap() == before);
    place.succeeds("train --resume m --data data");
    place.same("whole", "m");
}

#[cfg(target_os = "linux")]
#[test]
fn a_training_that_is_stopped_with_a_full_disk_does_not_say_that_it_can_be_resumed() {
    let stand = stand(30, 20, 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let stop = AtomicUsize::new(1);
    let recipe = Recipe::from_toml("[training]\nbatch_size = 64\n").unwrap();
    for _ in 0..5 {
        std::os::unix::fs::symlink("/dev/full", folder.path().join("checkpoint.part")).unwrap();
        let session = Session { checkpoint: Some(&path), stop: Some(&stop), ..Session::default() };
        assert_eq!(train(&stand, &recipe, session).unwrap_err(), "file.write");
        assert!(!path.exists());
    }
}

#[test]
fn what_cannot_be_resumed_is_refused_and_stays() {
    let place = Place::with(SLOW, &stand(40, 30, 1500));
    folder::write(&stand(40, 30, 400), &place.path("other"));
    let mut child = place.start("train recipe.toml --data data --out m", "m", 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let checkpoint = std::fs::read(place.checkpoint("m")).unwrap();
    let error = place.fails("train --resume m --data data --seed 7 --epochs 3", "train.resume");
    assert!(error.contains("seed, training.epochs in m/checkpoint.safetensors"), "{error}");
    let error = place.fails("train --resume m --data other", "train.resume");
    assert!(error.contains("its data is another") && error.contains("--data"), "{error}");
    std::fs::write(place.path("changed.toml"), format!("{SLOW}min_delta = 0.5\n")).unwrap();
    let error = place.fails("train changed.toml --resume m --data data", "train.resume");
    assert!(error.contains("early_stopping.min_delta"), "{error}");
    place.fails("train --resume none --data data", "train.no_checkpoint");
    assert!(std::fs::read(place.checkpoint("m")).unwrap() == checkpoint);
    for (damage, code) in [
        (&checkpoint[..checkpoint.len() - 1], "artifact.truncated"),
        (&checkpoint[..4], "artifact.truncated"),
        (&[&checkpoint[..checkpoint.len() - 4], &[0xff; 4]].concat(), "artifact.checksum"),
    ] {
        std::fs::write(place.checkpoint("m"), damage).unwrap();
        let error = place.fails("train --resume m --data data", code);
        assert!(error.contains("m/checkpoint.safetensors") && error.contains("damaged"), "{error}");
    }
    std::fs::write(place.checkpoint("m"), &checkpoint).unwrap();
    // The same recipe by its file is no other one, and the best epoch so far can be had at once.
    place.succeeds("train recipe.toml --resume m --data data --finish");
    let epochs = std::fs::read_to_string(place.path("m/history.jsonl")).unwrap().lines().count();
    assert!((2..14).contains(&epochs), "{epochs}");
    place.fails("train --resume m --data data", "train.no_checkpoint");
}

#[test]
fn a_loss_that_is_no_number_is_told_with_its_place() {
    let place = Place::with("[training]\nepochs = 3\nbatch_size = 64\n", &stand(40, 30, 400));
    let error = place.fails("train recipe.toml --data data --out m --learning-rate 1e30", "train.diverged");
    for part in [
        "epoch 1, batch ",
        "the last checkpoint is from before the first epoch (m/checkpoint.safetensors)",
        "clip_norm",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    assert_eq!(Checkpoint::read(&place.checkpoint("m")).unwrap().epochs().len(), 0);
    place.fails("train --resume m --data data --finish", "train.no_epoch");
    let error =
        place.fails("train recipe.toml --data data --out n --learning-rate 1e30 --no-checkpoints", "train.diverged");
    assert!(error.contains("no checkpoint was made") && !place.path("n").exists(), "{error}");
    // Clipped, the same length of a step is still too long; a short one is not.
    place.succeeds("train recipe.toml --data data --out m --learning-rate 0.01");
}

#[test]
fn every_split_of_the_recipe_is_trained_on() {
    let place = Place::with("[training]\nepochs = 1\n", &stand(40, 30, 400));
    let parts = |arguments: &str| {
        place.succeeds(&format!("train {arguments} --data data --export-samples samples.csv"));
        let text = std::fs::read_to_string(place.path("samples.csv")).unwrap();
        ["train,", "validation,", "test,"].map(|part| text.lines().filter(|line| line.starts_with(part)).count())
    };
    assert_eq!(parts("recipe.toml"), [280, 40, 80]);
    assert_eq!(parts("recipe.toml --split random"), [280, 40, 80]);
    // 40 clients, each with more than two jobs.
    assert_eq!(parts("recipe.toml --split leave-last-out"), [320, 40, 40]);
    let [train, validation, test] = parts("recipe.toml --split user-temporal");
    assert!(
        train + validation + test == 400 && (265..295).contains(&train) && test > 60,
        "{train} {validation} {test}"
    );
    let list = |name: &str, ids: &[usize]| {
        let text: String = ids.iter().map(|id| format!("j{id}\n")).collect();
        std::fs::write(place.path(name), text).unwrap();
    };
    let all: Vec<usize> = (0..400).collect();
    list("a.txt", &all[100..]);
    list("b.txt", &all[..60]);
    list("c.txt", &all[60..90]);
    let recipe = "[training]\nepochs = 1\n[split]\nkind = \"files\"\nlists = { train = \"a.txt\", validation = \"b.txt\", test = \"c.txt\" }\n";
    std::fs::create_dir_all(place.path("here")).unwrap();
    std::fs::write(place.path("lists.toml"), recipe).unwrap();
    assert_eq!(parts("lists.toml"), [300, 60, 30]);
    place.succeeds("train lists.toml --data data --out here/m");
    // The lists are in the model's folder now: what comes after a training needs no others.
    for name in ["a.txt", "b.txt", "c.txt"] {
        std::fs::remove_file(place.path(name)).unwrap();
    }
    place.succeeds("quantize here/m --data data --jobs 40 --candidates 30");
    place.succeeds("evaluate here/m --data data --bootstrap 10");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path("here/m/metrics.json")).unwrap()).unwrap();
    assert_eq!(report["protocol"]["rated_jobs"], 30);
    list("a.txt", &all[100..]);
    list("b.txt", &all[..60]);
    list("c.txt", &[60, 399]);
    let error = place.fails("train lists.toml --data data --out n", "train.split_list");
    assert!(error.contains("c.txt, line 2: job \"j399\" was listed before"), "{error}");
    list("c.txt", &[60, 400]);
    let error = place.fails("train lists.toml --data data --out n", "train.split_list");
    assert!(error.contains("c.txt, line 2: job \"j400\" is not in the data set"), "{error}");
    std::fs::remove_file(place.path("c.txt")).unwrap();
    place.fails("train lists.toml --data data --out n", "file.read");
}

#[test]
fn a_training_goes_on_from_a_model_with_new_data() {
    let place = Place::with("[training]\nepochs = 4\n", &stand(40, 30, 600));
    folder::write(&stand(50, 35, 700), &place.path("more"));
    place.succeeds("train recipe.toml --data data --out first");
    place.succeeds("train recipe.toml --data more --out cold");
    place.succeeds("train recipe.toml --data more --from first --out warm");
    let rows = |out: &str| {
        let tensors = Tensors::from_bytes(&std::fs::read(place.path(out).join("model.safetensors")).unwrap()).unwrap();
        ["collaborative.user_embedding", "collaborative.item_embedding"].map(|name| tensors.shape(name).unwrap()[0])
    };
    assert_eq!((rows("first"), rows("warm")), ([41, 31], [51, 36]));
    let first_loss = |out: &str| {
        let text = std::fs::read_to_string(place.path(out).join("history.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        line["validation_loss"].as_f64().unwrap()
    };
    assert!(first_loss("warm") < first_loss("cold"), "{} is not below {}", first_loss("warm"), first_loss("cold"));
    place.succeeds("quantize warm --data more --jobs 40 --candidates 30");
    place.fails("train recipe.toml --data more --from none --out x", "file.read");
    std::fs::write(place.path("small.toml"), "[model]\nembedding_dim = 16\n").unwrap();
    let error = place.fails("train small.toml --data more --from first --out x", "train.start");
    assert!(
        error.contains("embedding_dim, category_dim and hidden are [64, 16, 128, 64, 32], the recipe's [16, "),
        "{error}"
    );
    std::fs::write(place.path("first/model.safetensors"), "damaged").unwrap();
    place.fails("train recipe.toml --data more --from first --out x", "artifact.truncated");
    assert!(!place.path("x").exists());
}

#[test]
fn wrong_recipes_are_refused_before_anything_is_read_or_written() {
    let place = Place(tempfile::tempdir().unwrap());
    for (text, code, named) in [
        ("[training]\nepoch = 3\n", "train.recipe", "epoch"),
        ("[training]\nepochs = \"many\"\n", "train.recipe", "line 2"),
        ("[scheduler]\nkind = \"cosine\"\nfactor = 0.5\n", "train.recipe", "scheduler.factor is a setting of plateau"),
        ("[negatives]\nratio = 4\n", "train.contradiction", "loss.bce"),
        ("[training]\nbatch_size = 1\n", "train.contradiction", "model.batch_norm"),
        (
            "[training]\nepochs = 5\n[scheduler]\nwarmup_epochs = 7\n",
            "train.contradiction",
            "scheduler.warmup_epochs = 7",
        ),
    ] {
        std::fs::write(place.path("recipe.toml"), text).unwrap();
        let error = place.fails("train recipe.toml --data none", code);
        assert!(error.contains(named) && error.contains("recipe.toml"), "{text}: {error}");
    }
    assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 1);
    let output = place.run("train --data none");
    assert_eq!(output.status.code(), Some(2));
}

/// docs/recipe.schema.json is what `train --schema` prints, and what an independent validator (Python's jsonschema, in
/// tests/fixtures/recipe_schema.py) says by it of every recipe here and of wrong ones is what the trainer says.
#[test]
fn the_schema_of_recipes_says_what_the_trainer_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let schema = Recipe::json_schema();
    assert!(schema == read("docs/recipe.schema.json"), "tidyrank train --schema > docs/recipe.schema.json");
    let fixture: serde_json::Value = serde_json::from_str(&read("tests/fixtures/recipe_schema.json")).unwrap();
    let checked: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(fixture["schema"], checked, "run tests/fixtures/recipe_schema.py");
    let mut recipes = vec!["models/cleaners/recipe.toml".to_owned()];
    for example in std::fs::read_dir(root.join("examples")).unwrap() {
        let name = format!("examples/{}/recipe.toml", example.unwrap().file_name().into_string().unwrap());
        recipes.extend(root.join(&name).is_file().then_some(name));
    }
    for name in &recipes {
        let text = read(name);
        let parsed: serde_json::Value = toml_as_json(&text);
        assert_eq!(fixture["recipes"][name], parsed, "{name} has changed: run tests/fixtures/recipe_schema.py");
        Recipe::from_toml(&text).unwrap();
    }
    assert!(recipes.len() >= 2 && fixture["recipes"].as_object().unwrap().len() == recipes.len());
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let accepted = Recipe::from_toml(case["recipe"].as_str().unwrap()).is_ok();
        assert_eq!(accepted, case["valid"].as_bool().unwrap(), "{case}");
    }
    assert!(cases.len() > 30);
}

/// A recipe as the JSON value that it stands for.
fn toml_as_json(text: &str) -> serde_json::Value {
    let recipe: toml::Table = toml::from_str(text).unwrap();
    serde_json::to_value(recipe).unwrap()
}

#[test]
fn a_checkpoint_is_a_safetensors_file_that_says_what_it_is() {
    let place = Place::with(SLOW, &stand(40, 30, 1500));
    let mut child = place.start("train recipe.toml --data data --out m", "m", 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let bytes = std::fs::read(place.checkpoint("m")).unwrap();
    let tensors = Tensors::from_bytes(&bytes).unwrap();
    assert_eq!(tensors.metadata("format").unwrap(), "tidyrank.checkpoint");
    assert_eq!(Recipe::from_toml(tensors.metadata("recipe").unwrap()).unwrap(), Recipe::from_toml(SLOW).unwrap());
    // Read by the crate that others read such files with.
    let foreign = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for kind in ["weights", "first", "second", "average"] {
        assert_eq!(foreign.tensor(&format!("{kind}.collaborative.user_embedding")).unwrap().shape(), [41 * 64]);
    }
}
