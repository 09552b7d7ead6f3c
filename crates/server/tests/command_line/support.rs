//! The binary in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// The binary, in an empty directory and without this shell's own settings.
pub(crate) fn ferroflow(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferroflow"));
    command
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null());
    command
}

pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn output(mut command: Command) -> Output {
    command.output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What went wrong, which must be one line.
pub(crate) fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let ours: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("ferroflow: "))
        .collect();
    assert_eq!(ours.len(), 1, "{text}");
    assert!(text.trim_end().ends_with(ours[0]), "{text}");
    ours[0].to_owned()
}

/// A server in a process of its own, killed if the test ends early.
pub(crate) struct Running {
    child: Child,
    pub(crate) announced: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) fn start(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_command(directory, &[&["serve", "--port", "0"], arguments].concat())
    }

    /// Starts any command that serves.
    pub(crate) fn start_command(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_process(ferroflow(directory, arguments))
    }

    /// Starts a command that serves, with an environment of its own.
    pub(crate) fn start_process(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut announced = vec![lines.next().unwrap().unwrap()];
        if !announced[0].starts_with('{') {
            announced.extend((0..4).map(|_| lines.next().unwrap().unwrap()));
        }
        let (_, rest) = announced[0].split_once("http://").unwrap();
        let end = rest.find(['"', ' ']).unwrap_or(rest.len());
        let address = rest[..end].parse().unwrap();
        Self {
            child,
            announced,
            address,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        // The shell's own: not every machine has a program of that name.
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -s {name} {}", self.child.id())])
            .status();
        assert!(kill.unwrap().success());
    }

    /// The exit code and what was logged.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (status.code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, unless the test has failed.
        let _ = self.child.kill();
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
