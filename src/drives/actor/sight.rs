//! What the device answers, and what it means for the drive.

use super::{Answered, DriveActor, answer};
use crate::{
    domain::{
        disc::Medium,
        drive::{DriveEvent, DriveReason, DriveState, Finding, NotIdentified},
    },
    drives::{
        device_thread::{DeviceAnswer, DeviceCommand, Looked, NotLookedAt, Seen},
        holders::Holder,
        record::device_problem,
    },
    filesystems::IdentifyFailure,
    optical::DeviceError,
    storage,
    supervision::fail,
};
use actix::prelude::*;
use std::{path::PathBuf, time::Duration};

impl Handler<Answered> for DriveActor {
    type Result = ();

    fn handle(&mut self, Answered(message): Answered, ctx: &mut Self::Context) {
        if let Some(device) = &mut self.device {
            device.answered();
        }
        match message {
            DeviceAnswer::Status(result) => self.on_status(result, ctx),
            DeviceAnswer::Button(pressed) => {
                if pressed {
                    self.apply(DriveEvent::ButtonPressed, None, None, ctx);
                }
            }
            DeviceAnswer::Identified(result) => self.on_look(result, ctx),
            DeviceAnswer::Holder(None) => self.apply(DriveEvent::Released, None, None, ctx),
            DeviceAnswer::Holder(Some(holder)) => self.note_holder(&holder),
            DeviceAnswer::Ejected(result) => {
                self.resolve(&DeviceCommand::Eject, &result);
                if let Err(error) = &result {
                    tracing::warn!(drive = %self.spec.id, %error, "eject failed");
                }
                self.apply(if result.is_ok() { DriveEvent::Ejected } else { DriveEvent::EjectFailed }, None, None, ctx);
            }
            DeviceAnswer::Closed(result) => {
                self.resolve(&DeviceCommand::Close, &result);
                self.submit(DeviceCommand::Status { button: false });
            }
            // Most virtual drives and some real ones have no lock.
            DeviceAnswer::Locked(locked, result) => {
                if let Err(error) = result {
                    tracing::debug!(drive = %self.spec.id, locked, %error, "the tray's lock");
                }
            }
            DeviceAnswer::Inserted(result) => {
                self.resolve(&DeviceCommand::Insert(PathBuf::new()), &result);
                self.submit(DeviceCommand::Status { button: false });
            }
        }
    }
}

impl DriveActor {
    fn on_status(&mut self, result: Result<Seen, DeviceError>, ctx: &mut Context<Self>) {
        match result {
            Ok(Seen { status, identity, button }) => {
                if identity != self.identity {
                    self.identity = identity;
                    self.deps.registry.publish(self.snapshot());
                }
                if button {
                    // After what follows is stored.
                    ctx.run_later(Duration::ZERO, |actor, ctx| actor.apply(DriveEvent::ButtonPressed, None, None, ctx));
                }
                if self.drive.state == DriveState::WaitingForDrive {
                    return self.apply(DriveEvent::Appeared, None, None, ctx);
                }
                self.apply(DriveEvent::Status { tray: status.tray, insertion: status.insertion }, None, None, ctx);
            }
            Err(DeviceError::Gone) if self.drive.state != DriveState::WaitingForDrive => {
                self.apply(DriveEvent::Vanished, None, None, ctx)
            }
            Err(DeviceError::Permission(_)) => self.apply(DriveEvent::PermissionDenied, None, None, ctx),
            Err(error) => tracing::debug!(drive = %self.spec.id, %error, "status query failed"),
        }
    }

    fn on_look(&mut self, result: Looked, ctx: &mut Context<Self>) {
        match result {
            Ok((medium, insertion)) => self.on_identified(medium, insertion, ctx),
            Err(NotLookedAt::Failed(failure)) => self.on_not_identified(&failure, ctx),
            Err(NotLookedAt::InUse(holder)) => {
                self.note_holder(&holder);
                self.apply(DriveEvent::InUse, None, None, ctx);
            }
        }
    }

    /// Remembers who uses the disc; people see it once the state says so.
    pub(super) fn note_holder(&mut self, holder: &Holder) {
        let text = Some(holder.to_string());
        if self.held_by != text {
            self.held_by = text;
            if self.drive.state == (DriveState::Error { reason: DriveReason::InUse }) {
                self.deps.registry.publish(self.snapshot());
            }
        }
    }

    fn on_identified(&mut self, medium: Box<Medium>, insertion: Option<u64>, ctx: &mut Context<Self>) {
        let (id, disc) = (self.spec.id.clone(), medium.fingerprint.clone());
        let db = self.deps.journal.db.clone();
        let ask = async move {
            db.read(move |conn| {
                Ok((storage::isos::archived(conn, &disc)?.is_some(), storage::jobs::wanting_disc(conn, &id, &disc)?))
            })
            .await
        };
        ctx.wait(ask.into_actor(self).map(move |known, actor, ctx| match known {
            Ok((archived, wanted)) => {
                let finding = Finding {
                    disc: medium.fingerprint.clone(),
                    insertion,
                    imageable: crate::domain::plan::is_imageable(medium.kind),
                    archived,
                    wanted,
                };
                actor.apply(DriveEvent::Identified(finding), Some(*medium), None, ctx);
            }
            Err(error) => fail(ctx, format!("looking up the disc in {}: {error}", actor.spec.id)),
        }));
    }

    fn on_not_identified(&mut self, failure: &IdentifyFailure, ctx: &mut Context<Self>) {
        tracing::info!(drive = %self.spec.id, %failure, "disc not identified");
        let event = match failure {
            IdentifyFailure::Gone => DriveEvent::Vanished,
            IdentifyFailure::NotReady => DriveEvent::NotIdentified(NotIdentified::NotReady),
            IdentifyFailure::NoMedium => DriveEvent::NotIdentified(NotIdentified::NoMedium),
            IdentifyFailure::Changed => DriveEvent::NotIdentified(NotIdentified::Changed),
            IdentifyFailure::Blank => DriveEvent::NotIdentified(NotIdentified::Blank),
            IdentifyFailure::Unreadable(_) | IdentifyFailure::Timeout(_) | IdentifyFailure::Other(_) => {
                DriveEvent::NotIdentified(NotIdentified::Unreadable)
            }
        };
        self.apply(event, None, None, ctx);
    }

    /// Answers whoever waits for this command.
    fn resolve(&mut self, command: &DeviceCommand, result: &Result<(), DeviceError>) {
        let same = |other: &DeviceCommand| std::mem::discriminant(other) == std::mem::discriminant(command);
        let (ours, others): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|(waited, _)| same(waited));
        self.waiting = others;
        for (_, reply) in ours {
            answer(Some(reply), result.clone().map_err(|error| device_problem(self.name(), &error)));
        }
    }
}
