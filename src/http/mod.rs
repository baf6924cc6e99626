//! stand-in
use crate::{
    bus::Journal,
    catalog::Catalog,
    config::Config,
    drives::{DriveRegistry, LiveSettings},
    jobs::{Dispatcher, LiveJobs},
    supervision::{ChildRef, SupervisedActor, Supervisor},
    telemetry::Metrics,
};
use actix::prelude::*;
use std::{net::TcpListener, sync::Arc};
#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub journal: Journal,
    pub registry: DriveRegistry,
    pub live: LiveJobs,
    pub settings: LiveSettings,
    pub metrics: Metrics,
    pub dispatcher: ChildRef<Dispatcher>,
    pub catalog: ChildRef<Catalog>,
    pub root: ChildRef<Supervisor>,
}
pub struct HttpServerActor;
impl HttpServerActor {
    pub fn new(_s: AppState, _l: Arc<TcpListener>) -> Self {
        Self
    }
}
impl Actor for HttpServerActor {
    type Context = Context<Self>;
}
impl SupervisedActor for HttpServerActor {}
