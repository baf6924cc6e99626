//! `disk2iso scsi-target`: the drive at the end of a pipe.

use super::support::{Rig, noise};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

struct Pipe {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Pipe {
    fn open(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
        let mut child = command.arg("scsi-target").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// Status, sense key with both codes, data.
    fn command(&mut self, cdb: &[u8], most: u32, out: &[u8]) -> (u8, Option<[u8; 3]>, Vec<u8>) {
        let mut request = vec![cdb.len() as u8];
        request.extend(cdb);
        request.extend(most.to_le_bytes());
        request.extend((out.len() as u32).to_le_bytes());
        request.extend(out);
        self.input.write_all(&request).unwrap();
        let mut head = [0; 2];
        self.output.read_exact(&mut head).unwrap();
        let mut sense = vec![0; head[1].into()];
        self.output.read_exact(&mut sense).unwrap();
        let mut length = [0; 4];
        self.output.read_exact(&mut length).unwrap();
        let mut data = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut data).unwrap();
        let codes = (!sense.is_empty()).then(|| [sense[2] & 0x0f, sense[12], sense[13]]);
        (head[0], codes, data)
    }

    fn end(mut self) -> bool {
        self.input.write_all(&[0]).unwrap();
        self.child.wait().unwrap().success()
    }
}

fn hand(folder: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_disk2iso"));
    command.arg("scsi-target").arg(folder).args(arguments).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn a_kernels_commands_are_answered_and_hands_change_the_drive_meanwhile() {
    let rig = Rig::empty(10, "");
    let audio = noise(20 * 2352, 4);
    std::fs::write(rig.path("a.raw"), &audio).unwrap();
    std::fs::write(rig.description(), "[[track]]\nkind = 'audio'\nfile = 'a.raw'").unwrap();
    let description = rig.description().display().to_string();
    let mut pipe = Pipe::open(&rig.folder());
    assert_eq!(pipe.command(&[0; 6], 0, &[]), (2, Some([2, 0x3a, 1]), vec![]));
    assert_eq!(pipe.command(&[0x12, 0, 0, 0, 5, 0], 36, &[]).2.len(), 5);

    assert!(hand(&rig.folder(), &["--insert", &description]));
    assert!(!hand(&rig.folder(), &["--insert", &description]), "there is one in already");
    assert_eq!(pipe.command(&[0; 6], 0, &[]), (2, Some([6, 0x28, 0]), vec![]));
    assert_eq!(pipe.command(&[0; 6], 0, &[]), (0, None, vec![]));
    let (status, _, frame) = pipe.command(&[0xbe, 0x04, 0, 0, 0, 3, 0, 0, 1, 0x10, 0, 0], 2352, &[]);
    assert!(status == 0 && frame == audio[3 * 2352..4 * 2352]);
    assert_eq!(pipe.command(&[0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], 2048, &[]).1, Some([5, 0x64, 0]));
    assert_eq!(pipe.command(&[0xee, 0, 0, 0, 0, 0], 0, &[]).1, Some([5, 0x20, 0]));

    assert_eq!(pipe.command(&[0x1e, 0, 0, 0, 1, 0], 0, &[]).0, 0);
    assert!(hand(&rig.folder(), &["--press-button"]));
    let event = pipe.command(&[0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], 8, &[]).2;
    assert_eq!(event[..6], [0, 6, 4, 0x10, 1, 2]);
    assert!(hand(&rig.folder(), &["--eject"]));
    assert_eq!(pipe.command(&[0; 6], 0, &[]).1, Some([2, 0x3a, 2]));
    assert!(pipe.end());
}
