//! Restart intensity and back-off, which need no actor.

use std::time::Instant;

use disk2iso::supervision::{BackOff, Intensity, RestartWindow};
use proptest::prelude::*;

use super::kit::secs;

#[test]
fn three_restarts_in_a_minute_are_allowed_and_the_fourth_is_not() {
    let (start, mut window) = (Instant::now(), RestartWindow::new(Intensity::new(3, secs(60))));
    let at = |seconds| start + secs(seconds);
    assert_eq!([0, 20, 40, 60].map(|t| window.allows(at(t))), [true, true, true, false]);
    // The restart at 0 s is older than the period now; the refused one never counted.
    assert_eq!([61, 62, 81].map(|t| window.allows(at(t))), [true, false, true]);
}

#[test]
fn an_intensity_of_zero_refuses_the_first_restart() {
    assert!(!RestartWindow::new(Intensity::new(0, secs(60))).allows(Instant::now()));
}

proptest! {
    #[test]
    fn no_period_ever_holds_more_restarts_than_allowed(max in 0_usize..5, within in 1_u64..50, gaps in prop::collection::vec(0_u64..20, 1..80)) {
        let (start, mut window) = (Instant::now(), RestartWindow::new(Intensity::new(max, secs(within))));
        let mut now = 0;
        let mut allowed: Vec<u64> = Vec::new();
        for gap in gaps {
            now += gap;
            let recent = allowed.iter().filter(|&&at| now - at <= within).count();
            let answer = window.allows(start + secs(now));
            prop_assert_eq!(answer, recent < max);
            if answer { allowed.push(now); }
        }
    }
}

#[test]
fn a_repeating_back_off_stays_at_its_last_delay() {
    let back_off = BackOff::repeating([secs(1), secs(5)]);
    assert_eq!([1, 2, 3, 99].map(|n| back_off.delay(n)), [1, 5, 5, 5].map(|s| Some(secs(s))));
    assert_eq!(BackOff::repeating([]).delay(1), Some(secs(1)), "never a restart without any delay");
}

#[test]
fn a_back_off_that_gives_up_does_so_after_its_last_delay() {
    let back_off = BackOff::giving_up([secs(1), secs(5)]);
    assert_eq!([1, 2, 3].map(|n| back_off.delay(n)), [Some(secs(1)), Some(secs(5)), None]);
    assert_eq!(BackOff::giving_up([]).delay(1), None);
}

#[test]
fn failures_are_forgotten_after_a_healthy_time() {
    let back_off = BackOff::giving_up([secs(1)]).healthy_after(secs(60));
    assert_eq!(back_off.failures(0, secs(0)), 1);
    assert_eq!(back_off.failures(3, secs(59)), 4);
    assert_eq!(back_off.failures(3, secs(60)), 1);
}
