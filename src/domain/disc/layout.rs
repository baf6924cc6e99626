//! Where on a CD which sectors are: data that can be read as 2048-byte sectors, gaps between sessions, contradictions.

use super::{LATER_SESSION_GAP, PRE_GAP, Toc, Track};
use std::ops::Range;

/// Longest CD in sectors: what a lead-out's time can say (99:59:74).
const MAX_CD: u64 = 100 * 60 * 75;
/// Shortest lead-in and lead-out between sessions that any recorder wrote; the standard's is [`LATER_SESSION_GAP`].
const MIN_SESSION_GAP: u64 = LATER_SESSION_GAP - 2 * PRE_GAP;

/// A contradiction in a table of contents. Some audio discs have them on purpose, so that computers stumble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TocFault {
    /// No tracks.
    Empty,
    /// Numbers of tracks that do not grow by one.
    Numbers,
    /// A track that begins before or where the one before it does.
    Order,
    /// A track that begins at or after the lead-out of the disc.
    BeyondLeadOut,
    /// A session that begins before the one before it has ended, or with no room for lead-out and lead-in.
    SessionsOverlap,
    /// Sessions whose tracks are not those that the sessions themselves name.
    SessionTracks,
    /// A lead-out later than any CD is long.
    TooLong,
}

impl Toc {
    /// What is wrong with this table of contents, each fault once, in the order of [`TocFault`].
    pub fn faults(&self) -> Vec<TocFault> {
        let mut faults = Vec::new();
        let mut note = |wrong: bool, fault: TocFault| wrong.then(|| faults.push(fault));
        let pairs = || self.tracks.iter().zip(self.tracks.iter().skip(1));
        note(self.tracks.is_empty(), TocFault::Empty);
        note(pairs().any(|(a, b)| u16::from(b.number) != u16::from(a.number) + 1), TocFault::Numbers);
        note(pairs().any(|(a, b)| b.start <= a.start || b.session < a.session), TocFault::Order);
        note(self.tracks.iter().any(|track| track.start >= self.lead_out), TocFault::BeyondLeadOut);
        note(self.sessions_overlap(), TocFault::SessionsOverlap);
        let strays = self.tracks.iter().any(|track| {
            let own = self.sessions.iter().find(|session| session.number == track.session);
            own.is_some_and(|own| !(own.first_track..=own.last_track).contains(&track.number))
        });
        note(strays, TocFault::SessionTracks);
        note(self.lead_out > MAX_CD, TocFault::TooLong);
        faults
    }

    fn sessions_overlap(&self) -> bool {
        let ends_in_order = self.sessions.iter().zip(self.sessions.iter().skip(1)).all(|(a, b)| a.lead_out < b.lead_out);
        let beyond_end = self.sessions.iter().any(|session| session.lead_out > self.lead_out);
        let next_too_near = self.session_starts().skip(1).any(|(number, start)| {
            let before = self.tracks.iter().rfind(|track| track.session < number);
            // Where the end of the session before is not told it is computed from this start.
            let told = before.and_then(|before| self.sessions.iter().find(|session| session.number == before.session));
            let end = told.map_or_else(|| before.map_or(0, |track| track.start), |session| session.lead_out);
            start < end.saturating_add(MIN_SESSION_GAP)
        });
        let track_beyond_session = self
            .sessions
            .iter()
            .any(|session| self.tracks.iter().any(|track| track.session == session.number && track.start >= session.lead_out));
        !ends_in_order || beyond_end || next_too_near || track_beyond_session
    }

    /// Number and first sector of each session, in order.
    fn session_starts(&self) -> impl Iterator<Item = (u8, u64)> {
        let mut last = None;
        self.tracks.iter().filter_map(move |track| {
            let new = last != Some(track.session);
            last = Some(track.session);
            new.then_some((track.session, track.start))
        })
    }

    /// First sector of the last session that begins with data; its file system is the one that counts. `None` without data.
    pub fn last_data_session(&self) -> Option<u64> {
        let first = |session: u8| self.tracks.iter().find(|track| track.session == session);
        let of_sessions = self.tracks.iter().rev().filter_map(|track| first(track.session)).find(|track| track.data);
        of_sessions.or_else(|| self.tracks.iter().find(|track| track.data)).map(|track| track.start)
    }

    /// Sectors of data tracks that can be read as sectors of 2048 bytes, in ascending order; neighbours in one session are one range. In front of
    /// an audio track its pre-gap of 150 sectors is left out, which is audio. The last two sectors of a range may be
    /// unreadable run-out of a track-at-once recording.
    pub fn data_ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<(u8, Range<u64>)> = Vec::new();
        for track in self.tracks.iter().filter(|track| track.data) {
            let end = self.data_end(track).max(track.start);
            match ranges.last_mut() {
                Some((session, range)) if *session == track.session && range.end == track.start => range.end = end,
                _ => ranges.push((track.session, track.start..end)),
            }
        }
        ranges.into_iter().map(|(_, range)| range).filter(|range| !range.is_empty()).collect()
    }

    /// First sector after what can be read of a data track.
    pub fn data_end(&self, track: &Track) -> u64 {
        let end = self.track_end(track);
        let next = self.tracks.iter().find(|other| other.start == end && other.session == track.session);
        if next.is_some_and(|next| !next.data) { end.saturating_sub(PRE_GAP) } else { end }
    }

    /// Sectors between sessions, in ascending order: lead-outs and lead-ins, which no drive reads as data.
    pub fn session_gaps(&self) -> Vec<Range<u64>> {
        let starts: Vec<(u8, u64)> = self.session_starts().collect();
        let gap = |(number, start): &(u8, u64)| {
            let before = self.tracks.iter().rfind(|track| track.session < *number)?;
            Some(self.track_end(before)..*start).filter(|gap| !gap.is_empty())
        };
        starts.iter().skip(1).filter_map(gap).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::{FIRST_SESSION_GAP, Session};
    use proptest::prelude::*;

    fn toc(tracks: Vec<Track>, lead_out: u64) -> Toc {
        Toc { tracks, lead_out, sessions: Vec::new() }
    }

    #[test]
    fn the_data_of_a_mixed_disc_ends_before_the_pre_gap_of_the_music() {
        let mixed = toc(vec![Track::data(1, 1, 0), Track::audio(2, 1, 10_000), Track::audio(3, 1, 20_000)], 30_000);
        assert_eq!(mixed.data_ranges(), [0..9_850]);
        assert_eq!((mixed.session_gaps(), mixed.faults(), mixed.last_data_session()), (vec![], vec![], Some(0)));
    }

    #[test]
    fn the_data_of_a_cd_extra_is_the_second_session() {
        let extra = toc(vec![Track::audio(1, 1, 0), Track::audio(2, 1, 10_000), Track::data(3, 2, 40_000)], 60_000);
        assert_eq!(extra.data_ranges(), [40_000..60_000]);
        assert_eq!(extra.session_gaps(), [40_000 - FIRST_SESSION_GAP..40_000]);
        assert_eq!((extra.faults(), extra.last_data_session()), (vec![], Some(40_000)));
    }

    #[test]
    fn sessions_of_data_have_gaps_between_them() {
        let mut disc = toc(
            vec![Track::data(1, 1, 0), Track::data(2, 1, 5_000), Track::data(3, 2, 30_000), Track::data(4, 3, 50_000)],
            60_000,
        );
        assert_eq!(disc.data_ranges(), [0..18_600, 30_000..43_100, 50_000..60_000]);
        assert_eq!(disc.session_gaps(), [18_600..30_000, 43_100..50_000]);
        disc.sessions = vec![Session { number: 1, first_track: 1, last_track: 2, lead_out: 18_000 }];
        assert_eq!(disc.data_ranges()[0], 0..18_000);
        assert_eq!((disc.session_gaps()[0].clone(), disc.faults()), (18_000..30_000, vec![]));
    }

    #[test]
    fn tables_that_contradict_themselves_are_noticed() {
        let session = |number, first_track, last_track, lead_out| Session { number, first_track, last_track, lead_out };
        let tracks = || vec![Track::audio(1, 1, 0), Track::audio(2, 1, 10_000), Track::data(3, 2, 40_000)];
        let good = Toc { tracks: tracks(), lead_out: 60_000, sessions: vec![session(1, 1, 2, 28_600), session(2, 3, 3, 60_000)] };
        assert_eq!(good.faults(), []);
        let broken = |change: &dyn Fn(&mut Toc)| {
            let mut toc = good.clone();
            change(&mut toc);
            toc.faults()
        };
        assert_eq!(Toc::default().faults(), [TocFault::Empty]);
        assert_eq!(broken(&|toc| toc.tracks[2].number = 9), [TocFault::Numbers, TocFault::SessionTracks]);
        assert_eq!(broken(&|toc| toc.tracks[1].start = 0), [TocFault::Order]);
        assert_eq!(broken(&|toc| toc.lead_out = 39_000), [TocFault::BeyondLeadOut, TocFault::SessionsOverlap]);
        // Copy protection of audio discs: the data track lies inside of the music.
        assert_eq!(broken(&|toc| toc.tracks[2].start = 20_000), [TocFault::SessionsOverlap]);
        assert_eq!(broken(&|toc| toc.sessions[0].lead_out = 60_000), [TocFault::SessionsOverlap]);
        assert_eq!(broken(&|toc| toc.sessions[0].lead_out = 9_000), [TocFault::SessionsOverlap]);
        assert_eq!(broken(&|toc| toc.sessions[1].first_track = 2), []);
        assert_eq!(broken(&|toc| toc.sessions[1].first_track = 4), [TocFault::SessionTracks]);
        assert_eq!(broken(&|toc| (toc.lead_out, toc.sessions[1].lead_out) = (500_000, 500_000)), [TocFault::TooLong]);
        // Without the sessions' own ends only the starts can be judged.
        let near = toc(vec![Track::audio(1, 1, 0), Track::data(2, 2, 4_000)], 9_000);
        assert_eq!(near.faults(), [TocFault::SessionsOverlap]);
    }

    proptest! {
        #[test]
        fn no_table_breaks_it(
            tracks in prop::collection::vec((any::<u8>(), any::<u8>(), any::<bool>(), any::<u64>()), 0..20),
            sessions in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u64>()), 0..5),
            lead_out in any::<u64>(),
        ) {
            let tracks = tracks.into_iter().map(|(number, session, data, start)| Track { number, session, data, start, control: 0 });
            let sessions = sessions.into_iter().map(|(number, first_track, last_track, lead_out)| Session { number, first_track, last_track, lead_out });
            let toc = Toc { tracks: tracks.collect(), lead_out, sessions: sessions.collect() };
            let _ = (toc.faults(), toc.session_gaps(), toc.last_data_session());
            prop_assert!(toc.data_ranges().iter().all(|range| range.start < range.end));
        }

        #[test]
        fn of_plausible_tables_data_and_gaps_never_overlap(lengths in prop::collection::vec((any::<bool>(), any::<bool>(), 300u64..20_000), 1..20)) {
            let (mut tracks, mut at, mut session) = (Vec::new(), 0, 1);
            for (number, (data, new_session, length)) in (1..).zip(lengths) {
                if new_session && number > 1 {
                    at += if session == 1 { FIRST_SESSION_GAP } else { LATER_SESSION_GAP };
                    session += 1;
                }
                tracks.push(if data { Track::data(number, session, at) } else { Track::audio(number, session, at) });
                at += length;
            }
            let toc = Toc { tracks, lead_out: at, sessions: Vec::new() };
            prop_assert_eq!(toc.faults(), vec![]);
            prop_assert_eq!(toc.session_gaps().len() + 1, usize::from(session));
            let mut all: Vec<_> = toc.data_ranges().into_iter().chain(toc.session_gaps()).collect();
            all.sort_by_key(|range| range.start);
            prop_assert!(all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.end <= b.start));
        }
    }
}
