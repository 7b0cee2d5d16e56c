//! A run on an MLflow server, over its REST API 2.0.
//!
//! A thread of its own talks to the server, so that a training never waits for one; only the end waits, for
//! [`Patience::end`] at the most. While the server is away, epochs gather and then go out together.

mod address;
mod batch;
mod client;
#[cfg(test)]
mod tests;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{EpochRecord, RunInfo, Status, Tracker, TrackingError};
pub use address::Address;
use batch::Logged;
use client::Client;

/// How long a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one answer, whole.
    pub request: Duration,
    /// How often what begins a run is asked for, before the server counts as absent.
    pub opening: u32,
    /// The same for what comes later; a server may be restarted meanwhile.
    pub later: u32,
    /// Before the second attempt; twice as long before each further one.
    pub pause: Duration,
    /// For everything that is still to be sent when the training is over.
    pub end: Duration,
}

impl Default for Patience {
    /// A server that is away for up to 15 s while a training runs misses nothing.
    fn default() -> Self {
        let (request, pause) = (Duration::from_secs(5), Duration::from_millis(250));
        Self { request, opening: 3, later: 7, pause, end: Duration::from_secs(10) }
    }
}

/// What the thread is told.
#[derive(Debug)]
enum News {
    Epoch(Logged),
    End(Status, u64),
}

/// The thread that talks to the server.
#[derive(Debug)]
struct Worker {
    news: Sender<News>,
    done: Receiver<Result<(), TrackingError>>,
}

/// Logs settings, tags, the numbers of each epoch and how it ended.
#[derive(Debug)]
pub struct MlflowRun {
    address: Address,
    experiment: String,
    patience: Patience,
    worker: Option<Worker>,
}

impl MlflowRun {
    /// A new run of this experiment, which is made where there is none.
    #[must_use]
    pub fn new(address: Address, experiment: String, patience: Patience) -> Self {
        Self { address, experiment, patience, worker: None }
    }

    fn gone(&self) -> TrackingError {
        let reason = "the thread that talks to it is gone".to_owned();
        TrackingError::Unreachable { url: self.address.to_string(), reason }
    }
}

impl Tracker for MlflowRun {
    fn start(&mut self, run: &RunInfo) -> Result<(), TrackingError> {
        let (news, inbox) = channel();
        let (report, done) = channel();
        let client = Client::new(self.address.clone(), self.patience);
        let (experiment, run, started) = (self.experiment.clone(), run.clone(), milliseconds());
        let thread = std::thread::Builder::new().name("mlflow".to_owned());
        let spawned = thread.spawn(move || {
            // Nobody listens any more: the training is over and gave up waiting.
            let _ = report.send(work(&client, &experiment, &run, started, &inbox));
        });
        spawned
            .map_err(|error| TrackingError::Unreachable { url: self.address.to_string(), reason: error.to_string() })?;
        self.worker = Some(Worker { news, done });
        Ok(())
    }

    fn epoch(&mut self, epoch: &EpochRecord) -> Result<(), TrackingError> {
        let Some(worker) = &self.worker else { return Ok(()) };
        match worker.done.try_recv() {
            Ok(result) => return result,
            Err(TryRecvError::Disconnected) => return Err(self.gone()),
            Err(TryRecvError::Empty) => {}
        }
        // A thread that has just given up says why at the next epoch, or at the end.
        let logged = Logged::new(epoch, milliseconds());
        let _ = worker.news.send(News::Epoch(logged));
        Ok(())
    }

    fn end(&mut self, status: &Status) -> Result<(), TrackingError> {
        let Some(worker) = self.worker.take() else { return Ok(()) };
        let _ = worker.news.send(News::End(status.clone(), milliseconds()));
        let waited = self.patience.end;
        match worker.done.recv_timeout(waited) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(TrackingError::Slow { url: self.address.to_string(), waited }),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }
}

/// Milliseconds since 1970.
fn milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The whole run, in the thread.
fn work(
    client: &Client,
    experiment: &str,
    run: &RunInfo,
    started: u64,
    inbox: &Receiver<News>,
) -> Result<(), TrackingError> {
    let experiment_id = experiment_id(client, experiment)?;
    let tags = batch::pairs(&run.tags, batch::TAG_VALUE);
    let body = json!({"experiment_id": experiment_id, "run_name": run.name, "start_time": started, "tags": tags});
    let answer = client.opening("runs/create", &body)?;
    let run_id = client.text(&answer, "/run/info/run_id", "runs/create")?;
    for params in batch::params(&run_id, &run.params) {
        client.later("runs/log-batch", &params)?;
    }
    while let Ok(first) = inbox.recv() {
        let mut epochs = Vec::new();
        let mut end = None;
        for news in std::iter::once(first).chain(inbox.try_iter()) {
            match news {
                News::Epoch(epoch) => epochs.push(epoch),
                News::End(status, at) => end = Some((status, at)),
            }
        }
        for metrics in batch::metrics(&run_id, &epochs) {
            client.later("runs/log-batch", &metrics)?;
        }
        if let Some((status, at)) = end {
            return finish(client, &run_id, &status, at);
        }
    }
    // The tracker was dropped without an end; so the run stays open, as with a process that is killed.
    Ok(())
}

fn finish(client: &Client, run_id: &str, status: &Status, at: u64) -> Result<(), TrackingError> {
    if let Status::Failed(why) = status {
        let why = batch::cut(why, batch::TAG_VALUE);
        client.later("runs/set-tag", &json!({"run_id": run_id, "key": "tidyrank.error", "value": why}))?;
    }
    let status = match status {
        Status::Finished => "FINISHED",
        Status::Failed(_) => "FAILED",
        Status::Killed => "KILLED",
    };
    client.later("runs/update", &json!({"run_id": run_id, "status": status, "end_time": at})).map(drop)
}

/// The id of the experiment of that name, which may have to be made.
fn experiment_id(client: &Client, name: &str) -> Result<String, TrackingError> {
    if let Some(id) = known_experiment(client, name)? {
        return Ok(id);
    }
    match client.opening("experiments/create", &json!({"name": name})) {
        Ok(answer) => client.text(&answer, "/experiment_id", "experiments/create"),
        // Another training was faster.
        Err(error @ TrackingError::Refused { .. }) => known_experiment(client, name)?.ok_or(error),
        Err(error) => Err(error),
    }
}

fn known_experiment(client: &Client, name: &str) -> Result<Option<String>, TrackingError> {
    let method = "experiments/get-by-name";
    let found: Option<Value> = client.find(method, "experiment_name", name)?;
    found.map(|answer| client.text(&answer, "/experiment/experiment_id", method)).transpose()
}
