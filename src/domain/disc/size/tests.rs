//! Size reconciliation: each rule by example, and what holds for all claims.

use super::*;
use crate::domain::disc::Track;
use proptest::prelude::*;

const DVD_PLUS_RW: MediaProfile = MediaProfile(0x1a);
const DVD_PLUS_R: MediaProfile = MediaProfile(0x1b);
const BD_R: MediaProfile = MediaProfile(0x41);

fn chosen(record: &SizeRecord) -> (u64, SizeRule) {
    (record.sectors, record.rule)
}

#[test]
fn a_pressed_disc_is_never_cut_to_its_file_system() {
    let claims = SizeClaims { read_capacity: Some(1000), iso9660: Some(800), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(MediaProfile::CD_ROM)), (1000, SizeRule::Medium));
}

#[test]
fn a_rewritable_disc_is_as_big_as_its_file_system() {
    let claims = SizeClaims { read_capacity: Some(2_295_104), udf: Some(5000), iso9660: Some(4000), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(DVD_PLUS_RW)), (5000, SizeRule::FileSystem));
    let unknown = SizeClaims { udf: None, iso9660: None, ..claims };
    assert_eq!(chosen(&unknown.reconcile(DVD_PLUS_RW)), (2_295_104, SizeRule::Medium));
}

#[test]
fn nobody_knowing_is_said() {
    assert_eq!(SizeClaims::default().reconcile(MediaProfile::CD_ROM).rule, SizeRule::Unknown);
    let by_file_system = SizeClaims { iso9660: Some(900), ..SizeClaims::default() };
    assert_eq!(by_file_system.reconcile(MediaProfile::CD_ROM).rule, SizeRule::Unknown);
}

#[test]
fn pressed_dvds_are_as_big_as_their_structure_says() {
    let claims = SizeClaims { read_capacity: Some(1000), structure: Some(1200), udf: Some(900), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(MediaProfile::DVD_ROM)), (1200, SizeRule::Structure));
    assert_eq!(chosen(&claims.reconcile(DVD_PLUS_R)), (1000, SizeRule::Medium));
    let less = SizeClaims { structure: Some(800), ..claims };
    assert_eq!(chosen(&less.reconcile(MediaProfile::DVD_ROM)), (1000, SizeRule::Medium), "the file system knows better");
}

#[test]
fn recordable_discs_end_where_they_are_written() {
    let claims = SizeClaims { read_capacity: Some(9000), track_information: Some(700), udf: Some(650), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(BD_R)), (700, SizeRule::Recorded));
    let larger = SizeClaims { udf: Some(750), ..claims };
    assert_eq!(chosen(&larger.reconcile(BD_R)), (9000, SizeRule::Medium));
}

#[test]
fn a_cd_ends_at_its_lead_out() {
    let claims = SizeClaims { read_capacity: Some(9000), toc_lead_out: Some(8000), iso9660: Some(7000), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(MediaProfile::CD_ROM)), (8000, SizeRule::LeadOut));
    let later = SizeClaims { toc_lead_out: Some(9500), ..claims };
    assert_eq!(chosen(&later.reconcile(MediaProfile::CD_ROM)), (9000, SizeRule::Medium), "not without proof");
    assert_eq!(later.disputed(MediaProfile::CD_ROM), Some(9500));
    assert_eq!(chosen(&later.reconcile_proven(MediaProfile::CD_ROM)), (9500, SizeRule::LeadOut));
}

#[test]
fn a_capacity_smaller_than_the_file_system_stands_until_the_end_was_read() {
    let claims = SizeClaims { read_capacity: Some(1000), iso9660: Some(1500), ..SizeClaims::default() };
    assert_eq!(chosen(&claims.reconcile(MediaProfile::DVD_ROM)), (1000, SizeRule::Medium));
    assert_eq!(claims.disputed(MediaProfile::DVD_ROM), Some(1500));
    assert_eq!(chosen(&claims.reconcile_proven(MediaProfile::DVD_ROM)), (1500, SizeRule::Proven));
}

#[test]
fn several_sessions_are_kept_with_their_gaps() {
    let toc = Toc { tracks: vec![Track::data(1, 1, 0), Track::data(2, 2, 30_000)], lead_out: 40_000, sessions: Vec::new() };
    let claims = SizeClaims { read_capacity: Some(40_000), iso9660: Some(39_000), ..SizeClaims::default() }.with_toc(Some(&toc));
    let record = claims.reconcile(MediaProfile(0x09));
    let sessions = record.clone().with_sessions(&toc, &[Some(18_000), None]);
    assert_eq!(chosen(&sessions), (40_000, SizeRule::Sessions));
    assert_eq!(sessions.gaps, [18_600..30_000]);
    assert_eq!(sessions.run_outs, [18_598..18_600]);
    assert_eq!(record.clone().with_sessions(&toc, &[Some(18_599), None]).run_outs, [18_599..18_600]);
    assert_eq!(record.clone().with_sessions(&toc, &[]).run_outs, []);
    let single = Toc { tracks: vec![Track::data(1, 1, 0)], ..toc.clone() };
    assert_eq!(record.clone().with_sessions(&single, &[]), record);
    let broken = Toc { tracks: vec![Track::data(1, 1, 0), Track::data(2, 2, 3_000)], ..toc };
    assert_eq!(record.clone().with_sessions(&broken, &[]), record, "a broken table of contents explains nothing");
}

#[test]
fn records_of_earlier_versions_are_understood() {
    let json = r#"{"claims":{"read_capacity":100},"sectors":100,"rule":"medium"}"#;
    let record: SizeRecord = serde_json::from_str(json).expect("older");
    assert_eq!((record.gaps.len(), record.rule), (0, SizeRule::Medium));
    assert_eq!(serde_json::to_value(&record).expect("JSON").get("gaps"), None);
}

#[test]
fn every_rule_is_stored_by_its_word() {
    for rule in SizeRule::ALL {
        assert_eq!(serde_json::to_value(rule).expect("JSON"), rule.as_str());
        assert!(rule.reason().ends_with('.'));
    }
}

/// Sizes that are near each other, so that all orders of them come up.
fn claim() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(prop_oneof![0u64..6, Just(u64::MAX)])
}

prop_compose! {
    fn claims()(a in claim(), b in claim(), c in claim(), d in claim(), e in claim(), f in claim(), g in claim(), h in claim()) -> SizeClaims {
        SizeClaims { read_capacity: a, toc_lead_out: b, iso9660: c, udf: d, hfs: e, block_device: f, track_information: g, structure: h }
    }
}

fn profile() -> impl Strategy<Value = MediaProfile> {
    (0u16..0x60).prop_map(MediaProfile)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn the_choice_is_somebodys_claim(claims in claims(), profile in profile()) {
        for record in [claims.reconcile(profile), claims.reconcile_proven(profile)] {
            let all = [claims.read_capacity, claims.toc_lead_out, claims.structure, claims.track_information, claims.iso9660, claims.udf, claims.hfs];
            prop_assert_eq!(record.claims, claims);
            if record.rule == SizeRule::Unknown {
                prop_assert_eq!(record.sectors, 0);
            } else {
                prop_assert!(record.sectors > 0 && all.contains(&Some(record.sectors)));
            }
        }
    }

    #[test]
    fn no_rule_cuts_what_the_medium_has_below_the_file_system(claims in claims(), profile in profile()) {
        let record = claims.reconcile(profile);
        let medium = claims.read_capacity.or(claims.toc_lead_out).or(claims.structure).unwrap_or(0);
        prop_assert!(record.sectors >= medium.min(claims.file_system()));
        // Only formatted, recordable and contradicting sources make an image smaller than the capacity.
        if record.sectors < medium {
            prop_assert!(!matches!(record.rule, SizeRule::Medium | SizeRule::Unknown | SizeRule::Proven));
        }
    }

    #[test]
    fn the_kernels_number_never_decides(claims in claims(), profile in profile()) {
        let without = SizeClaims { block_device: None, ..claims };
        prop_assert_eq!(chosen(&claims.reconcile(profile)), chosen(&without.reconcile(profile)));
    }

    #[test]
    fn what_was_proven_settles_the_dispute(claims in claims(), profile in profile()) {
        let proven = claims.reconcile_proven(profile);
        match claims.disputed(profile) {
            Some(end) => prop_assert!(proven.sectors == end && end >= claims.file_system() && end > claims.reconcile(profile).sectors),
            None => prop_assert_eq!(proven, claims.reconcile(profile)),
        }
    }
}
