//! The interactive session, typed at through a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// How long the session may take to say something.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the line editor sends when it begins to listen (bracketed paste on).
const PASTE_ON: &str = "\x1b[?2004h";

/// A session in a pseudo-terminal.
struct Terminal {
    child: Child,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    screen: String,
    /// How much of the screen has been matched.
    seen: usize,
}

impl Terminal {
    fn start(folder: &Path) -> Terminal {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let side = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(name.to_str().unwrap())
                .unwrap()
        };
        let child = Command::new(env!("CARGO_BIN_EXE_ansatz"))
            .arg("repl")
            .current_dir(folder)
            .env("TERM", "xterm")
            .env("XDG_STATE_HOME", folder)
            .stdin(Stdio::from(side()))
            .stdout(Stdio::from(side()))
            .stderr(Stdio::from(side()))
            .spawn()
            .unwrap();
        let keyboard = File::from(controller);
        let mut screen = keyboard.try_clone().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = screen.read(&mut buffer) {
                if n == 0 || send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            child,
            keyboard,
            output,
            screen: String::new(),
            seen: 0,
        }
    }

    /// Types a line once the editor listens: what is typed before is lost when it takes the terminal over.
    fn line(&mut self, text: &str) {
        self.expect(PASTE_ON);
        self.more(text);
    }

    /// Types a further line of an unfinished statement.
    fn more(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.write_all(b"\r").unwrap();
    }

    /// Waits until the screen shows `text` after what was matched before.
    fn expect(&mut self, text: &str) {
        let begin = Instant::now();
        loop {
            if let Some(at) = self.screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            let left = PATIENCE.checked_sub(begin.elapsed());
            let bytes = left.and_then(|left| self.output.recv_timeout(left).ok());
            let Some(bytes) = bytes else {
                panic!("no `{text}` after:\n{}", &self.screen[self.seen..])
            };
            self.screen += &String::from_utf8_lossy(&bytes);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails when the session has ended by itself, as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_model_grows_and_runs() {
    let folder = folder("repl_grows");
    let mut terminal = Terminal::start(&folder);
    terminal.line("param k = 0.5");
    terminal.line("species A = 8, B = 0");
    terminal.line("A -> B @ k");
    terminal.line("k*A + 0*B");
    terminal.expect("= 4 at the start");
    terminal.line(":set A=10");
    terminal.line("k*A");
    terminal.expect("= 5 at the start");
    terminal.line(":undo");
    terminal.line("k*A");
    terminal.expect("= 4 at the start");
    terminal.line(":diff A^2 by A");
    terminal.expect("2*A");
    terminal.line(":run 3");
    terminal.expect("wrote");
    terminal.line(":quit");
    assert!(terminal.child.wait().unwrap().success());
    let table = std::fs::read_to_string(folder.join("out/simulate.csv")).unwrap();
    let last: Vec<f64> = table
        .lines()
        .last()
        .unwrap()
        .split(',')
        .map(|x| x.parse().unwrap())
        .collect();
    assert!(
        (last[1] - 8.0 * (-1.5f64).exp()).abs() < 1e-4,
        "A decays as 8 exp(-t/2): {last:?}"
    );
}

#[test]
fn a_mistake_changes_nothing() {
    let mut terminal = Terminal::start(&folder("repl_mistake"));
    terminal.line("species A = 1");
    terminal.line("A -> 0 @ rate");
    terminal.expect("unknown name `rate`");
    terminal.line("param rate = 2");
    terminal.line("A -> 0 @ rate");
    terminal.line(":show system");
    terminal.expect("A*rate");
    terminal.line(":sho system");
    terminal.expect("did you mean `:show`?");
}

#[test]
fn fields_are_declared_looked_at_and_run() {
    let folder = folder("repl_fields");
    let mut terminal = Terminal::start(&folder);
    terminal.line("domain line: x in 0..1, 17 points");
    terminal.line("field u on line = x*(1 - x)");
    terminal.line("dt(u) = dxx(u)");
    terminal.line("at boundary: u = 0");
    terminal.line("maximum(u)");
    terminal.expect("= 0.25 at the start");
    terminal.line("2*u");
    terminal.expect("from 0 to 0.5 at the start");
    terminal.line("2*3");
    terminal.expect("6");
    terminal.line(":diff u by x");
    terminal.expect("for expressions without fields");
    terminal.line(":show system");
    terminal.expect("dxx(u)");
    terminal.line("simulate { until = 0.1; save = points(2) }");
    terminal.line("plot { space u }");
    terminal.line(":run");
    terminal.expect("wrote out/simulate.svg");
    terminal.line(":quit");
    assert!(terminal.child.wait().unwrap().success());
    assert!(folder.join("out/simulate.npz").exists());
}

#[test]
fn an_unfinished_statement_goes_on_in_the_next_line() {
    let mut terminal = Terminal::start(&folder("repl_lines"));
    terminal.line("let three = (1 +");
    terminal.more("2)");
    terminal.line("three + 4");
    terminal.expect("7");
}

#[test]
fn an_interrupt_stops_a_run_and_keeps_its_rows() {
    let folder = folder("repl_interrupt");
    let mut terminal = Terminal::start(&folder);
    terminal.line("var x = 1, y = 0");
    terminal.line("dt(x) = 1000*y");
    terminal.line("dt(y) = -1000*x");
    terminal.line("simulate { until = 1e9; save = every(1e3); rtol = 1e-10; atol = 1e-12; max_steps = 1000000000000 }");
    terminal.line(":run");
    // The progress bar says that it is under way.
    terminal.expect(" left");
    let process = rustix::process::Pid::from_child(&terminal.child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    terminal.expect("stopped at t =");
    terminal.expect(PASTE_ON);
    let table = std::fs::read_to_string(folder.join("out/simulate.csv")).unwrap();
    assert!(
        table.lines().count() >= 2,
        "the header and the start are kept"
    );
}
