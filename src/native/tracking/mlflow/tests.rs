//! A run against servers that behave and servers that do not: sockets of this process.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;

/// What a server was asked: path and body.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Reads one request; `None` when the other side is gone.
fn request(reader: &mut impl BufRead) -> Option<(String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// Serves every connection in a thread of its own.
fn serve(answer: impl Fn(usize, &str, &mut TcpStream) + Send + Sync + 'static) -> (Address, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let asked = Asked::default();
    let (answer, noted) = (Arc::new(answer), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer, noted) = (stream.unwrap(), Arc::clone(&answer), Arc::clone(&noted));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some((path, body)) = request(&mut reader) {
                    let number = {
                        let mut noted = noted.lock().unwrap();
                        noted.push((path.clone(), body));
                        noted.len()
                    };
                    answer(number, &path, &mut stream);
                }
            });
        }
    });
    (address, asked)
}

fn reply(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

/// Answers as MLflow would.
fn good(path: &str, stream: &mut TcpStream) {
    let method = path.trim_start_matches("/api/2.0/mlflow/");
    match method.split('?').next().unwrap() {
        "experiments/get-by-name" => reply(stream, 404, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}"#),
        "experiments/create" => reply(stream, 200, r#"{"experiment_id":"17"}"#),
        "runs/create" => reply(stream, 200, r#"{"run":{"info":{"run_id":"abc"}}}"#),
        _ => reply(stream, 200, "{}"),
    }
}

fn quick() -> Patience {
    Patience {
        request: Duration::from_millis(200),
        opening: 3,
        later: 4,
        pause: Duration::from_millis(5),
        end: Duration::from_secs(20),
    }
}

fn info() -> RunInfo {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    RunInfo { name: "a run".to_owned(), params: vec![pair("seed", "7")], tags: vec![pair("data", "f00")] }
}

fn record(step: u64) -> EpochRecord {
    EpochRecord { step, values: vec![("loss".to_owned(), 1.0 / step as f64)], line: String::new() }
}

/// A run of three epochs; the first error.
fn run(address: Address, patience: Patience, status: &Status) -> Result<(), TrackingError> {
    let mut run = MlflowRun::new(address, "σ & co".to_owned(), patience);
    run.start(&info())?;
    for step in 1..=3 {
        run.epoch(&record(step))?;
    }
    run.end(status)
}

/// The steps that the server was given.
fn steps(asked: &Asked) -> Vec<u64> {
    let asked = asked.lock().unwrap();
    let metrics = asked.iter().filter_map(|(_, body)| body["metrics"].as_array()).flatten();
    metrics.map(|metric| metric["step"].as_u64().unwrap()).collect()
}

#[test]
fn a_run_is_told_in_order_and_once() {
    for (status, word, error) in [
        (Status::Finished, "FINISHED", None),
        (Status::Failed("train.diverged: no number".to_owned()), "FAILED", Some("train.diverged: no number")),
        (Status::Killed, "KILLED", None),
    ] {
        let (address, asked) = serve(|_, path, stream| good(path, stream));
        run(address, quick(), &status).unwrap();
        assert_eq!(steps(&asked), [1, 2, 3]);
        let asked = asked.lock().unwrap();
        let (path, _) = &asked[0];
        assert_eq!(path, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=%CF%83%20%26%20co");
        assert_eq!(asked[1].1, json!({"name": "σ & co"}));
        let created = &asked[2].1;
        assert_eq!((created["experiment_id"].as_str(), created["run_name"].as_str()), (Some("17"), Some("a run")));
        assert_eq!(created["tags"], json!([{"key": "data", "value": "f00"}]));
        assert_eq!(asked[3].1, json!({"run_id": "abc", "params": [{"key": "seed", "value": "7"}]}));
        let (path, last) = asked.last().unwrap();
        assert_eq!((path.as_str(), last["status"].as_str()), ("/api/2.0/mlflow/runs/update", Some(word)));
        assert!(last["end_time"].as_u64() >= created["start_time"].as_u64());
        let tag = asked.iter().find(|(path, _)| path.ends_with("runs/set-tag")).map(|(_, body)| body["value"].clone());
        assert_eq!(tag.as_ref().and_then(Value::as_str), error);
    }
}

#[test]
fn a_server_that_is_away_for_a_while_misses_nothing() {
    // The fourth to the sixth answer is an error, then the connection breaks once.
    let (address, asked) = serve(|number, path, stream| match number {
        4..=6 => reply(stream, 503, "later"),
        7 => drop(stream.shutdown(std::net::Shutdown::Both)),
        _ => good(path, stream),
    });
    let patience = Patience { later: 6, ..quick() };
    run(address, patience, &Status::Finished).unwrap();
    assert_eq!(steps(&asked), [1, 2, 3]);
    let asked = asked.lock().unwrap();
    let params = asked.iter().filter(|(_, body)| body["params"].is_array()).count();
    assert_eq!(params, 5, "sent until it was taken");
}

#[test]
fn an_experiment_that_somebody_else_makes_meanwhile_is_taken() {
    let (address, asked) = serve(|number, path, stream| match number {
        2 => reply(stream, 400, r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"is there"}"#),
        3 => reply(stream, 200, r#"{"experiment":{"experiment_id":"4"}}"#),
        _ => good(path, stream),
    });
    run(address, quick(), &Status::Finished).unwrap();
    assert_eq!(asked.lock().unwrap()[3].1["experiment_id"], "4");
}

#[test]
fn every_wrong_answer_is_an_error_with_a_code_and_the_number_of_attempts_is_bounded() {
    type Answer = fn(usize, &str, &mut TcpStream);
    let cases: [(&str, Answer, &str, &str, usize); 8] = [
        ("errors", |_, _, stream| reply(stream, 500, "<h1>oops</h1>"), "tracking.refused", "500: <h1>oops</h1>", 3),
        ("busy", |_, _, stream| reply(stream, 429, ""), "tracking.refused", "429", 3),
        ("silence", |_, _, _| (), "tracking.unreachable", "timeout", 3),
        ("nonsense", |_, _, stream| drop(stream.write_all(b"SSH-2.0-x\r\n\r\n")), "tracking.unreachable", "", 3),
        ("other page", |_, _, stream| reply(stream, 200, "<html>"), "tracking.answer", "something else", 1),
        ("other JSON", |_, _, stream| reply(stream, 200, "[]"), "tracking.answer", "/experiment/experiment_id", 1),
        (
            "refusal",
            |_, _, stream| {
                reply(stream, 400, r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"bad\n  name"}"#);
            },
            "tracking.refused",
            "400: INVALID_PARAMETER_VALUE: bad name",
            1,
        ),
        (
            "elsewhere",
            |_, _, stream| {
                drop(stream.write_all(b"HTTP/1.1 302 x\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"));
            },
            "tracking.refused",
            "302",
            1,
        ),
    ];
    for (what, answer, code, text, attempts) in cases {
        let (address, asked) = serve(answer);
        let error = run(address, quick(), &Status::Finished).unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
        assert!(error.to_string().contains(text) && !error.hint().is_empty(), "{what}: {error}");
        assert_eq!(asked.lock().unwrap().len(), attempts, "{what}");
    }
}

#[test]
fn an_absent_server_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let error = run(address, quick(), &Status::Finished).unwrap_err();
    assert_eq!(error.code(), "tracking.unreachable");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn an_answer_without_end_or_one_that_drips_is_given_up() {
    let (endless, _) = serve(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(b"5\r\n     \r\n").is_ok() {}
    });
    let (dripping, _) = serve(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    for address in [endless, dripping] {
        let error = run(address, quick(), &Status::Finished).unwrap_err();
        assert_eq!(error.code(), "tracking.unreachable", "{error}");
    }
}

/// The one place where a training waits. The bound is far from the waiting time, so that a busy machine does not break it.
#[test]
fn a_hanging_server_holds_nobody_up_for_longer_than_the_patience_at_the_end() {
    let (address, _) = serve(|_, _, _| std::thread::sleep(Duration::from_secs(600)));
    let patience = Patience { request: Duration::from_secs(600), end: Duration::from_millis(50), ..quick() };
    let began = Instant::now();
    let error = run(address, patience, &Status::Finished).unwrap_err();
    assert_eq!(error.code(), "tracking.slow");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_longest_wait_is_bounded_by_default() {
    let patience = Patience::default();
    let pauses: Duration = (0..patience.later - 1).map(|attempt| patience.pause * (1 << attempt)).sum();
    assert_eq!((pauses, patience.end), (Duration::from_millis(15_750), Duration::from_secs(10)));
}
