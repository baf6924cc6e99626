//! What a supervisor does about what happens to its children. Synchronous throughout: whatever takes time comes back as a
//! message or by a timer.

use std::{mem, time::Duration};

use actix::{ActorContext, AsyncContext, Context, WrapFuture, fut::ActorFutureExt};
use tokio::sync::oneshot;

use super::{
    child::{ChildId, State, Then},
    exit::{Exit, Report, fail},
    messages::{ChildChange, ChildDown, ChildStarted, StartError, StopOutcome},
    plan::{Step, next_step},
    spec::{Restart, Strategy},
    supervisor::{Closing, Supervisor},
};

/// How long a thread that was told to end may take to do so before it counts as blocked.
const KILL_GRACE: Duration = Duration::from_secs(1);

impl Supervisor {
    /// Does what can be done now. Called after every change.
    pub(super) fn advance(&mut self, ctx: &mut Context<Self>) {
        loop {
            let places: Vec<_> = self.children.iter().map(|child| child.place()).collect();
            match next_step(self.strategy, self.closing.is_some(), &places) {
                Step::Stop(index) => self.begin_stop(index, self.after_stop(index), ctx),
                Step::Start(index) => self.launch(index, ctx),
                Step::Wait => return,
                Step::Finish => {
                    return match &self.closing {
                        Some(Closing::Escalated(reason)) => fail(ctx, reason),
                        _ => ctx.stop(),
                    };
                }
            }
        }
    }

    fn launch(&mut self, index: usize, ctx: &mut Context<Self>) {
        let (parent, child) = (ctx.address(), &mut self.children[index]);
        let (id, generation) = (child.id, child.spec.launcher.next_generation());
        child.generation = generation;
        child.starts += 1;
        child.must_stop = false;
        let reporter = move |report| match report {
            Report::Started => parent.do_send(ChildStarted { id, generation }),
            Report::Ended(exit) => parent.do_send(ChildDown { id, generation, exit }),
        };
        match child.spec.launcher.launch(generation, Box::new(reporter)) {
            Ok(running) => self.enter(index, State::Starting(running), ctx),
            Err(error) => self.child_down(index, Exit::Failed(format!("no thread for it: {error}")), ctx),
        }
    }

    pub(super) fn child_started(&mut self, index: usize, ctx: &mut Context<Self>) {
        let child = &mut self.children[index];
        child.on_start.take().map(|waiting| waiting.send(Ok(())));
        if let State::Starting(running) = mem::replace(&mut child.state, State::Waiting) {
            self.enter(index, State::Running(running), ctx);
            self.emit(index, ChildChange::Started);
        }
    }

    /// A generation has ended: by itself, because it was asked to, or because it could not even begin.
    pub(super) fn child_down(&mut self, index: usize, exit: Exit, ctx: &mut Context<Self>) {
        self.emit(index, ChildChange::Down(exit.clone()));
        let child = &mut self.children[index];
        child.last_exit = Some(exit.clone());
        if let Some(waiting) = child.on_start.take() {
            // An error means that the one who started it no longer waits.
            let _ = waiting.send(Err(StartError::Ended { child: child.spec.name.clone(), exit: exit.clone() }));
        }
        let state = mem::replace(&mut child.state, State::Waiting);
        match state {
            State::Stopping { killed, then, .. } => {
                self.stopped(index, then, if killed { StopOutcome::Killed } else { StopOutcome::Stopped }, ctx);
            }
            // It was about to be stopped anyway, so this is no failure.
            _ if self.closing.is_some() || self.children[index].must_stop => {
                self.stopped(index, self.after_stop(index), StopOutcome::Stopped, ctx);
            }
            state => self.recover(index, exit, matches!(state, State::Running(_)), ctx),
        }
    }

    /// A child has ended without being asked to.
    fn recover(&mut self, index: usize, exit: Exit, had_started: bool, ctx: &mut Context<Self>) {
        let now = self.timer.now();
        let child = &mut self.children[index];
        match child.spec.restart {
            Restart::Temporary => return self.remove(index, ctx),
            Restart::Transient if exit == Exit::Normal => return self.enter(index, State::Stopped, ctx),
            Restart::Transient | Restart::Permanent => {}
        }
        if let Some(back_off) = &child.spec.back_off {
            let ran_for = if had_started { now.saturating_duration_since(child.since) } else { Duration::ZERO };
            child.failures = back_off.failures(child.failures, ran_for);
            let Some(delay) = back_off.delay(child.failures) else {
                self.enter(index, State::Failed, ctx);
                return self.emit(index, ChildChange::GaveUp);
            };
            self.enter(index, State::BackingOff, ctx);
            self.arm(index, delay, ctx);
        } else if self.window.allows(now) {
            self.enter(index, State::Waiting, ctx);
        } else {
            let reason = format!("{} {exit}; that is more than {}", child.spec.name, self.window.intensity());
            tracing::error!(supervisor = self.name, reason, "giving up");
            self.closing = Some(Closing::Escalated(reason));
            return self.enter(index, State::Stopped, ctx);
        }
        if self.strategy == Strategy::RestForOne {
            self.restart_later_siblings(index, ctx);
        }
    }

    fn restart_later_siblings(&mut self, failed: usize, ctx: &mut Context<Self>) {
        for index in failed + 1..self.children.len() {
            match self.children[index].state {
                State::Starting(_) | State::Running(_) => self.children[index].must_stop = true,
                // They start again together with the one before them.
                State::BackingOff => self.enter(index, State::Waiting, ctx),
                _ => {}
            }
        }
    }

    /// Stops the child of that name for good; `answer` hears how.
    pub(super) fn stop_child(&mut self, name: &str, answer: oneshot::Sender<StopOutcome>, ctx: &mut Context<Self>) {
        let Some(index) = self.position(name) else { return answer_all(vec![answer], StopOutcome::NotFound) };
        match &mut self.children[index].state {
            State::Starting(_) | State::Running(_) => self.begin_stop(index, Then::Remove(vec![answer]), ctx),
            State::Stopping { then: Then::Remove(waiting), .. } => waiting.push(answer),
            State::Stopping { then, .. } => *then = Then::Remove(vec![answer]),
            State::Abandoned => answer_all(vec![answer], StopOutcome::Abandoned),
            State::Waiting | State::BackingOff | State::Stopped | State::Failed => {
                self.remove(index, ctx);
                answer_all(vec![answer], StopOutcome::Stopped);
            }
        }
        self.advance(ctx);
    }

    fn begin_stop(&mut self, index: usize, then: Then, ctx: &mut Context<Self>) {
        let child = &mut self.children[index];
        match mem::replace(&mut child.state, State::Waiting) {
            State::Starting(mut running) | State::Running(mut running) => {
                running.request_stop();
                let limit = child.spec.shutdown_limit;
                self.enter(index, State::Stopping { running, killed: false, then }, ctx);
                if let Some(limit) = limit {
                    self.arm(index, limit, ctx);
                }
            }
            other => child.state = other,
        }
    }

    /// What becomes of a child that this supervisor stops on its own account.
    fn after_stop(&self, index: usize) -> Then {
        let forgotten = self.closing.is_some() || self.children[index].spec.restart == Restart::Temporary;
        if forgotten { Then::Remove(Vec::new()) } else { Then::StartAgain }
    }

    fn stopped(&mut self, index: usize, then: Then, outcome: StopOutcome, ctx: &mut Context<Self>) {
        match then {
            Then::StartAgain if self.closing.is_none() => self.enter(index, State::Waiting, ctx),
            Then::StartAgain => self.remove(index, ctx),
            Then::Remove(waiting) => {
                // Its line in health stays as long as its thread does.
                match outcome {
                    StopOutcome::Abandoned => self.enter(index, State::Abandoned, ctx),
                    _ => self.remove(index, ctx),
                }
                answer_all(waiting, outcome);
            }
        }
    }

    fn timer_fired(&mut self, id: ChildId, timer_number: u64, ctx: &mut Context<Self>) {
        let expected = |child: &super::child::Child| child.id == id && child.timer_number == timer_number;
        let Some(index) = self.children.iter().position(expected) else { return };
        let child = &mut self.children[index];
        match mem::replace(&mut child.state, State::Waiting) {
            State::BackingOff => self.enter(index, State::Waiting, ctx),
            State::Stopping { running, killed: false, then } => {
                running.kill();
                self.enter(index, State::Stopping { running, killed: true, then }, ctx);
                self.arm(index, KILL_GRACE, ctx);
            }
            State::Stopping { then, .. } => self.abandon(index, then, ctx),
            other => child.state = other,
        }
        self.advance(ctx);
    }

    fn abandon(&mut self, index: usize, then: Then, ctx: &mut Context<Self>) {
        let child = &self.children[index];
        child.spec.launcher.forget(child.generation);
        self.abandoned.insert((child.id, child.generation), child.spec.name.clone());
        self.emit(index, ChildChange::Abandoned);
        self.stopped(index, then, StopOutcome::Abandoned, ctx);
    }

    /// Changes the state of a child; the timer of the old state no longer counts.
    fn enter(&mut self, index: usize, state: State, ctx: &mut Context<Self>) {
        self.disarm(index, ctx);
        let child = &mut self.children[index];
        child.since = self.timer.now();
        child.state = state;
    }

    pub(super) fn remove(&mut self, index: usize, ctx: &mut Context<Self>) {
        self.disarm(index, ctx);
        self.children.remove(index);
    }

    fn arm(&mut self, index: usize, delay: Duration, ctx: &mut Context<Self>) {
        let child = &mut self.children[index];
        let (id, number) = (child.id, child.timer_number);
        let fired =
            self.timer.sleep(delay).into_actor(self).map(move |(), supervisor, ctx| supervisor.timer_fired(id, number, ctx));
        self.children[index].timer = Some(ctx.spawn(fired));
    }

    fn disarm(&mut self, index: usize, ctx: &mut Context<Self>) {
        let child = &mut self.children[index];
        // A cancelled future may run once more, hence the number.
        child.timer_number += 1;
        child.timer.take().map(|timer| ctx.cancel_future(timer));
    }
}

fn answer_all(waiting: Vec<oneshot::Sender<StopOutcome>>, outcome: StopOutcome) {
    for answer in waiting {
        // An error means that the one who asked no longer waits.
        let _ = answer.send(outcome);
    }
}
