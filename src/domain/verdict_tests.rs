//! The verdict: each answer by example, and every small disc there can be.

use super::*;
use crate::domain::disc::SizeClaims;

fn record(sectors: u64, file_system: u64) -> SizeRecord {
    SizeClaims { read_capacity: Some(sectors), iso9660: Some(file_system), ..SizeClaims::default() }
        .reconcile(MediaProfile::CD_ROM)
}

fn read(sectors: u64, bad: std::ops::Range<u64>) -> SectorMap {
    let mut map = SectorMap::new(sectors * SECTOR);
    map.set(0..sectors * SECTOR, BlockStatus::Finished);
    map.set(bad.start * SECTOR..bad.end * SECTOR, BlockStatus::Bad);
    map
}

fn verdict_of(map: &SectorMap, size: &SizeRecord, profile: MediaProfile) -> Verdict {
    let all = run_out_start(map, size, profile).unwrap_or(map.len());
    judge(&Evidence { map, size, profile, image_len: all, hashed: all, verify: VerifyEvidence::default() }).verdict
}

#[test]
fn all_read_is_complete() {
    assert_eq!(verdict_of(&read(100, 0..0), &record(100, 98), MediaProfile::CD_ROM), Verdict::Complete);
}

#[test]
fn an_unreadable_run_out_is_trimmed_on_a_cd_only() {
    assert_eq!(verdict_of(&read(100, 98..100), &record(100, 98), MediaProfile::CD_ROM), Verdict::CompleteTrimmed);
    assert_eq!(verdict_of(&read(100, 98..100), &record(100, 98), MediaProfile::DVD_ROM), Verdict::Degraded);
    assert_eq!(verdict_of(&read(100, 98..100), &record(100, 99), MediaProfile::CD_ROM), Verdict::Degraded);
    assert_eq!(verdict_of(&read(100, 97..100), &record(100, 90), MediaProfile::CD_ROM), Verdict::Degraded);
}

#[test]
fn a_file_system_larger_than_the_medium_is_incomplete() {
    assert_eq!(verdict_of(&read(100, 0..0), &record(100, 120), MediaProfile::CD_ROM), Verdict::Incomplete);
}

#[test]
fn what_was_never_tried_is_incomplete() {
    let mut map = read(100, 0..0);
    map.set(10 * SECTOR..11 * SECTOR, BlockStatus::NonTried);
    assert_eq!(verdict_of(&map, &record(100, 98), MediaProfile::CD_ROM), Verdict::Incomplete);
}

#[test]
fn a_short_file_with_a_full_map_is_incomplete() {
    let (map, size) = (read(100, 0..0), record(100, 98));
    let evidence = Evidence {
        map: &map,
        size: &size,
        profile: MediaProfile::CD_ROM,
        image_len: 99 * SECTOR,
        hashed: 99 * SECTOR,
        verify: VerifyEvidence::default(),
    };
    assert_eq!(judge(&evidence).reasons, vec![Reason::ImageLengthWrong]);
}

#[test]
fn storage_that_gives_back_other_bytes_is_a_failure() {
    let (map, size) = (read(100, 0..0), record(100, 98));
    let verify = VerifyEvidence { image_matches: Some(false), disc_unsettled: None };
    let evidence =
        Evidence { map: &map, size: &size, profile: MediaProfile::CD_ROM, image_len: map.len(), hashed: map.len(), verify };
    assert_eq!(judge(&evidence).verdict, Verdict::Failed);
}

fn sessions(gaps: &[std::ops::Range<u64>], run_outs: &[std::ops::Range<u64>]) -> SizeRecord {
    SizeRecord { gaps: gaps.to_vec(), run_outs: run_outs.to_vec(), ..record(100, 90) }
}

#[test]
fn gaps_between_sessions_are_no_damage() {
    let cd = MediaProfile::CD_ROM;
    for status in [BlockStatus::Bad, BlockStatus::NonTried, BlockStatus::Finished] {
        let mut map = read(100, 0..0);
        map.set(40 * SECTOR..60 * SECTOR, status);
        assert_eq!(verdict_of(&map, &sessions(&[40..60], &[]), cd), Verdict::Complete, "{status:?}");
    }
    assert_eq!(verdict_of(&read(100, 39..60), &sessions(&[40..60], &[]), cd), Verdict::Degraded);
    assert_eq!(verdict_of(&read(100, 40..61), &sessions(&[40..60], &[]), cd), Verdict::Degraded);
    assert_eq!(verdict_of(&read(100, 38..60), &sessions(&[40..60], &[38..40]), cd), Verdict::CompleteTrimmed);
    assert_eq!(verdict_of(&read(100, 37..60), &sessions(&[40..60], &[38..40]), cd), Verdict::Degraded);
}

#[test]
fn the_last_run_out_is_cut_and_that_of_earlier_sessions_is_not() {
    let mut map = read(100, 98..100);
    map.set(38 * SECTOR..60 * SECTOR, BlockStatus::Bad);
    let size = sessions(&[40..60], &[38..40]);
    assert_eq!(run_out_start(&map, &size, MediaProfile::CD_ROM), Some(98 * SECTOR));
    let evidence = Evidence {
        map: &map,
        size: &size,
        profile: MediaProfile::CD_ROM,
        image_len: 98 * SECTOR,
        hashed: 98 * SECTOR,
        verify: VerifyEvidence::default(),
    };
    let judgement = judge(&evidence);
    assert_eq!(
        (judgement.verdict, judgement.bad_sectors, judgement.reasons),
        (Verdict::CompleteTrimmed, 4, vec![Reason::RunOut])
    );
}

/// The verdict by the words of the rule, worked out sector by sector.
fn expected(sectors: &[BlockStatus], size: &SizeRecord, cd: bool) -> Verdict {
    let needed = |lba: &u64| !size.gaps.iter().any(|gap| gap.contains(lba));
    let of = |wanted: &dyn Fn(BlockStatus) -> bool| -> Vec<u64> {
        (0..).zip(sectors).filter(|(_, status)| wanted(**status)).map(|(lba, _)| lba).filter(needed).collect()
    };
    let finished = of(&|status| status == BlockStatus::Finished);
    let bad = of(&|status| status == BlockStatus::Bad);
    let untried = of(&|status| !matches!(status, BlockStatus::Finished | BlockStatus::Bad));
    let end = sectors.len() as u64;
    let file_system = size.claims.file_system();
    let left: Vec<u64> = bad.iter().copied().filter(|lba| !size.run_outs.iter().any(|run_out| run_out.contains(lba))).collect();
    // The run-out at the end reaches the end and is at most two sectors.
    let tail = left == [end - 1] || left == [end - 2, end - 1];
    let explained = left.is_empty() || (cd && tail && file_system > 0 && file_system <= left[0]);
    match () {
        () if finished.is_empty() => Verdict::Failed,
        () if !untried.is_empty() || file_system > end => Verdict::Incomplete,
        () if bad.is_empty() => Verdict::Complete,
        () if explained => Verdict::CompleteTrimmed,
        () => Verdict::Degraded,
    }
}

type Ranges = &'static [std::ops::Range<u64>];

#[test]
fn every_small_disc_gets_the_verdict_of_the_rule() {
    use BlockStatus::{Bad, Finished, NonTried};
    // All discs of seven sectors with each sector read, bad or untried; all file systems; with and without a session gap.
    let layouts: [(Ranges, Ranges); 4] = [(&[], &[]), (&[3..5], &[]), (&[3..5], &[1..3]), (&[2..4], &[1..2])];
    for number in 0..3u32.pow(7) {
        let sectors: Vec<BlockStatus> =
            (0..7).map(|place| [Finished, Bad, NonTried][(number / 3u32.pow(place) % 3) as usize]).collect();
        let mut map = SectorMap::new(7 * SECTOR);
        for (lba, status) in (0..).zip(&sectors) {
            map.set(lba * SECTOR..(lba + 1) * SECTOR, *status);
        }
        for (gaps, run_outs) in layouts {
            for file_system in [0, 1, 4, 5, 6, 7, 8] {
                for profile in [MediaProfile::CD_ROM, MediaProfile::DVD_ROM] {
                    let size = SizeRecord { gaps: gaps.to_vec(), run_outs: run_outs.to_vec(), ..record(7, file_system) };
                    let found = verdict_of(&map, &size, profile);
                    let wanted = expected(&sectors, &size, profile == MediaProfile::CD_ROM);
                    assert_eq!(found, wanted, "{sectors:?} {size:?} {profile:?}");
                }
            }
        }
    }
}
