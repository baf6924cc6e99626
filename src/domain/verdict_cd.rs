//! From evidence to verdict for CDs that were read raw, track by track. Beside [`judge`](super::verdict::judge) the only place
//! where an image is called complete.

use super::verdict::{Judgement, Reason, Verdict};

/// What is known about one track when reading has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackEvidence {
    /// Data, otherwise audio.
    pub data: bool,
    /// Sectors that it has in the image.
    pub sectors: u64,
    /// Of them: could not be read, or their error detection code never fitted.
    pub unreadable: u64,
    /// Of the unreadable: explained by the run-out at a border between data and audio or at the end of the track.
    pub run_out: u64,
    /// Sectors on which readings never agreed.
    pub unsettled: u64,
    /// Read a second time. Data sectors carry their own proof; audio has none but a second reading.
    pub read_twice: bool,
}

/// What is known about the image of a CD.
#[derive(Debug, Clone, Copy)]
pub struct CdEvidence<'a> {
    /// Every track that was read to its end.
    pub tracks: &'a [TrackEvidence],
    /// Number of tracks in the table of contents.
    pub tracks_planned: usize,
    /// Sectors that the table of contents promises for the image (gaps between sessions left out).
    pub sectors_planned: u64,
    /// Bytes of raw frames (2352 each) that are stored.
    pub stored: u64,
    /// Bytes of raw frames that went into the hashes.
    pub hashed: u64,
    /// The stored files were read back and compared: equal or not.
    pub image_matches: Option<bool>,
    /// Sub-channel bytes that are stored and those that should be (96 for each sector); `None` if nobody asked for them.
    pub sub_channel: Option<(u64, u64)>,
}

/// Bytes of a raw frame.
const FRAME: u64 = 2352;

/// Judges the evidence.
pub fn judge_cd(evidence: &CdEvidence<'_>) -> Judgement {
    let sum = |number: fn(&TrackEvidence) -> u64| evidence.tracks.iter().map(number).fold(0, u64::saturating_add);
    let sectors = sum(|track| track.sectors);
    let unreadable = sum(|track| track.unreadable);
    let run_out = sum(|track| track.run_out.min(track.unreadable));
    let planned = evidence.sectors_planned.saturating_mul(FRAME);

    let mut missing = Vec::new();
    let mut note = |wrong: bool, reason: Reason| wrong.then(|| missing.push(reason));
    note(evidence.sectors_planned == 0, Reason::SizeUnknown);
    note(evidence.tracks.len() != evidence.tracks_planned || sectors != evidence.sectors_planned, Reason::NotAllTried);
    note(evidence.stored != planned, Reason::ImageLengthWrong);
    note(evidence.hashed != evidence.stored, Reason::HashesPartial);

    let mut flaws = Vec::new();
    let mut flaw = |there: bool, reason: Reason| there.then(|| flaws.push(reason));
    flaw(unreadable > run_out, Reason::UnreadableSectors);
    flaw(sum(|track| track.unsettled) > 0, Reason::DiscUnsettled);
    flaw(evidence.tracks.iter().any(|track| !track.data && !track.read_twice), Reason::ReadOnce);
    flaw(evidence.sub_channel.is_some_and(|(stored, planned)| stored != planned), Reason::SubChannelMissing);

    let (verdict, reasons) = if unreadable >= sectors {
        (Verdict::Failed, vec![Reason::NothingRead])
    } else if evidence.image_matches == Some(false) {
        (Verdict::Failed, vec![Reason::StorageChanged])
    } else if !missing.is_empty() {
        (Verdict::Incomplete, missing)
    } else if !flaws.is_empty() {
        (Verdict::Degraded, flaws)
    } else if run_out > 0 {
        (Verdict::CompleteTrimmed, vec![Reason::RunOut])
    } else {
        (Verdict::Complete, Vec::new())
    };
    Judgement { verdict, bad_sectors: unreadable, reasons }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: TrackEvidence =
        TrackEvidence { data: false, sectors: 100, unreadable: 0, run_out: 0, unsettled: 0, read_twice: true };

    fn evidence(tracks: &[TrackEvidence]) -> CdEvidence<'_> {
        let sectors_planned = tracks.iter().map(|track| track.sectors).sum();
        let stored = sectors_planned * FRAME;
        let (hashed, tracks_planned) = (stored, tracks.len());
        CdEvidence { tracks, tracks_planned, sectors_planned, stored, hashed, image_matches: None, sub_channel: None }
    }

    #[test]
    fn only_a_disc_that_was_read_settled_and_stored_is_complete() {
        assert_eq!(judge_cd(&evidence(&[GOOD])).verdict, Verdict::Complete);
        let with = |change: fn(&mut TrackEvidence)| {
            let mut track = GOOD;
            change(&mut track);
            let judgement = judge_cd(&evidence(&[GOOD, track]));
            (judgement.verdict, judgement.reasons, judgement.bad_sectors)
        };
        assert_eq!(with(|track| track.unreadable = 3), (Verdict::Degraded, vec![Reason::UnreadableSectors], 3));
        assert_eq!(with(|track| track.unsettled = 1), (Verdict::Degraded, vec![Reason::DiscUnsettled], 0));
        assert_eq!(with(|track| track.read_twice = false), (Verdict::Degraded, vec![Reason::ReadOnce], 0));
        let data_once = with(|track| (track.data, track.read_twice) = (true, false));
        assert_eq!(data_once, (Verdict::Complete, vec![], 0));
        let tail = with(|track| (track.data, track.unreadable, track.run_out) = (true, 2, 2));
        assert_eq!(tail, (Verdict::CompleteTrimmed, vec![Reason::RunOut], 2));
    }

    #[test]
    fn what_is_not_there_is_incomplete_whatever_was_read() {
        let good = [GOOD];
        let reasons = |change: fn(&mut CdEvidence<'_>)| {
            let mut evidence = evidence(&good);
            change(&mut evidence);
            let judgement = judge_cd(&evidence);
            (judgement.verdict, judgement.reasons)
        };
        assert_eq!(reasons(|e| e.stored -= 1).1, [Reason::ImageLengthWrong, Reason::HashesPartial]);
        assert_eq!(reasons(|e| e.hashed -= 1), (Verdict::Incomplete, vec![Reason::HashesPartial]));
        assert_eq!(reasons(|e| e.tracks_planned = 2), (Verdict::Incomplete, vec![Reason::NotAllTried]));
        assert_eq!(reasons(|e| e.image_matches = Some(false)), (Verdict::Failed, vec![Reason::StorageChanged]));
        assert_eq!(reasons(|e| e.sub_channel = Some((0, 9600))), (Verdict::Degraded, vec![Reason::SubChannelMissing]));
        assert_eq!(reasons(|e| e.sub_channel = Some((9600, 9600))).0, Verdict::Complete);
    }

    #[test]
    fn nothing_read_is_a_failure() {
        let nothing = [TrackEvidence { unreadable: 100, ..GOOD }];
        assert_eq!(judge_cd(&evidence(&nothing)).verdict, Verdict::Failed);
        assert_eq!(judge_cd(&evidence(&[])).verdict, Verdict::Failed);
    }
}
