//! What people and other actors ask of a drive.

use super::{Decision, DriveActor, Reply, answer};
use crate::{
    domain::{
        drive::{DriveDenied, DriveEvent, DriveState, JobEnd},
        drive_settings::DriveChange,
        ids::JobId,
    },
    drives::{
        device_thread::{DeviceCommand, DeviceThread},
        holders,
        messages::DriveCommand,
    },
    error::{Code, Problem},
    optical::DeviceAddress,
    storage,
};
use actix::prelude::*;
use tokio::sync::oneshot;

impl Handler<DriveCommand> for DriveActor {
    type Result = ResponseFuture<Result<(), Problem>>;

    fn handle(&mut self, command: DriveCommand, ctx: &mut Self::Context) -> Self::Result {
        let (reply, answered) = oneshot::channel();
        match (self.drive.state, &command) {
            (DriveState::Copying { job }, DriveCommand::Eject | DriveCommand::Close | DriveCommand::Insert(_)) => {
                self.when_released(job, command, reply, ctx);
            }
            _ => self.execute(command, reply, ctx),
        }
        let down = || Problem::new(Code::Unavailable, "The drive's actor was restarted; try again");
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(down())) })
    }
}

impl DriveActor {
    fn execute(&mut self, command: DriveCommand, reply: Reply, ctx: &mut Context<Self>) {
        match command {
            DriveCommand::Eject => self.request(DriveEvent::EjectRequested, DeviceCommand::Eject, reply, ctx),
            DriveCommand::Close => self.request(DriveEvent::CloseRequested, DeviceCommand::Close, reply, ctx),
            DriveCommand::Insert(_) if !self.is_virtual() => {
                answer(Some(reply), Err(Problem::new(Code::NotVirtual, Code::NotVirtual.title())));
            }
            DriveCommand::Insert(image) if self.settings.enabled => self.submit_for(DeviceCommand::Insert(image), reply),
            DriveCommand::Insert(_) => answer(Some(reply), Err(self.refusal(DriveDenied::Disabled))),
            DriveCommand::JobStarted(job) => self.start_job(job, reply, ctx),
            // The hook is told first, and then opens the tray.
            DriveCommand::JobEnded(job, JobEnd::DoneThen { verdict, .. }) if self.deps.hook => {
                self.apply(DriveEvent::JobEnded(job, JobEnd::Done(verdict)), None, Some(reply), ctx);
            }
            DriveCommand::JobEnded(job, end) => self.apply(DriveEvent::JobEnded(job, end), None, Some(reply), ctx),
            DriveCommand::Wedged => self.apply(DriveEvent::Wedged, None, Some(reply), ctx),
            DriveCommand::Vanished => self.apply(DriveEvent::Vanished, None, Some(reply), ctx),
            DriveCommand::Appeared { address, bridge } => {
                self.spec.address = address;
                self.spec.bridge = bridge;
                self.apply(DriveEvent::Appeared, None, Some(reply), ctx);
            }
            // udev has opened the tray, or a job keeps it shut: both are seen.
            DriveCommand::Button { by_udev: true } if !matches!(self.drive.state, DriveState::Copying { .. }) => {
                self.tick(ctx);
                answer(Some(reply), Ok(()));
            }
            DriveCommand::Button { .. } => self.apply(DriveEvent::ButtonPressed, None, Some(reply), ctx),
            DriveCommand::Change(change) => self.change(*change, reply, ctx),
            DriveCommand::Look => {
                self.tick(ctx);
                answer(Some(reply), Ok(()));
            }
        }
    }

    /// A disc may have been mounted since it was identified.
    fn start_job(&mut self, job: JobId, reply: Reply, ctx: &mut Context<Self>) {
        let DeviceAddress::Scsi(node) = self.spec.address.clone() else {
            return self.apply(DriveEvent::JobStarted(job), None, Some(reply), ctx);
        };
        let look = async move { tokio::task::spawn_blocking(move || holders::mounted(&node)).await };
        ctx.wait(look.into_actor(self).map(move |holder, actor, ctx| match holder {
            Ok(Some(holder)) => {
                actor.note_holder(&holder);
                answer(Some(reply), Err(actor.refusal(DriveDenied::InUse)));
                actor.apply(DriveEvent::InUse, None, None, ctx);
            }
            _ => actor.apply(DriveEvent::JobStarted(job), None, Some(reply), ctx),
        }));
    }

    /// Settings, state and event are stored together.
    fn change(&mut self, change: DriveChange, reply: Reply, ctx: &mut Context<Self>) {
        let settings = match self.settings.changed(change) {
            Ok(settings) => settings,
            Err(refused) => return answer(Some(reply), Err(Problem::field(&refused.field, refused.why))),
        };
        if settings == self.settings {
            return answer(Some(reply), Ok(()));
        }
        match self.drive.step(DriveEvent::SettingsChanged, &self.policy(&settings)) {
            Ok(step) => self.store(Decision { step, found: None, settings: Some(settings), reply: Some(reply) }, ctx),
            Err(denied) => answer(Some(reply), Err(self.refusal(denied))),
        }
    }

    /// Hands a command to the device for somebody who waits for the answer.
    fn submit_for(&mut self, command: DeviceCommand, reply: Reply) {
        self.waiting.push((command.clone(), reply));
        self.submit(command);
    }

    fn request(&mut self, event: DriveEvent, command: DeviceCommand, reply: Reply, ctx: &mut Context<Self>) {
        // Only a request that the rules turn into a command of the device waits for the device.
        let before = self.device.as_ref().map_or(0, DeviceThread::pending);
        let (probe, mut denied) = oneshot::channel();
        self.apply(event, None, Some(probe), ctx);
        match denied.try_recv() {
            Ok(Err(problem)) => answer(Some(reply), Err(problem)),
            _ if self.device.as_ref().map_or(0, DeviceThread::pending) > before => self.waiting.push((command, reply)),
            _ => answer(Some(reply), Ok(())),
        }
    }

    /// A drive that a job reads is left alone. But a job is over for people as soon as that is stored, and its drive is released
    /// a moment later: whoever ejects in between is not told "busy", but waits for that moment.
    fn when_released(&mut self, job: JobId, command: DriveCommand, reply: Reply, ctx: &mut Context<Self>) {
        let db = self.deps.journal.db.clone();
        let look = async move { db.read(move |conn| storage::jobs::get(conn, job)).await };
        ctx.wait(look.into_actor(self).map(move |known, actor, _| {
            if known.is_ok_and(|job| job.state.is_terminal()) {
                actor.deferred.push((command, reply));
            } else {
                answer(Some(reply), Err(actor.refusal(DriveDenied::Busy)));
            }
        }));
    }

    pub(super) fn execute_deferred(&mut self, ctx: &mut Context<Self>) {
        if !matches!(self.drive.state, DriveState::Copying { .. }) {
            for (command, reply) in std::mem::take(&mut self.deferred) {
                self.execute(command, reply, ctx);
            }
        }
    }
}
