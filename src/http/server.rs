//! The actor that runs the web server.

use super::{AppState, Tls, auth, feed, guard, limits, live::Clients, probe::Probe, problem, routes, tls};
use crate::{
    error::{Code, Problem},
    supervision::{SupervisedActor, fail},
};
use actix::prelude::*;
use actix_web::{App, HttpServer, dev::ServerHandle, middleware, web};
use std::{io, net::TcpListener, sync::Arc, time::Duration};

/// Two threads: one that serves a burst of range reads does not hold up the other's API answers.
const WORKERS: usize = 2;
/// Threads per worker for database reads and files.
const BLOCKING_THREADS: usize = 4;
/// How long open requests may go on after a stop; live connections have said goodbye by then.
const GRACE_SECONDS: u64 = 3;
/// After this time a client that takes no more data is gone for the kernel. A WebSocket actor is driven by what its client
/// takes, so its own heartbeat stands still when the client stops reading (actix-web #2441); this ends such a connection.
const STUCK: Duration = Duration::from_secs(20);

/// The socket that is listened on, and the certificate if what comes over it is encrypted.
#[derive(Clone)]
pub struct Listener {
    /// Bound already: it stays bound while the actor is restarted, so clients wait instead of being refused, and a missing right to
    /// bind is found out before anything else starts.
    pub socket: Arc<TcpListener>,
    /// Certificate and key.
    pub tls: Option<Arc<Tls>>,
}

/// Starts the server when it starts, ends with it, and stops it gracefully.
pub struct HttpServerActor {
    state: AppState,
    listener: Listener,
    server: Option<ServerHandle>,
}

impl HttpServerActor {
    /// A server on this socket.
    pub fn new(state: AppState, listener: Listener) -> Self {
        Self { state, listener, server: None }
    }

    fn serve(&self, feed: web::Data<feed::Feed>) -> io::Result<actix_web::dev::Server> {
        let state = web::Data::new(self.state.clone());
        let probe = web::Data::new(Probe::new(self.state.journal.clock.clone()));
        let bounds = self.state.config.limits;
        let clients = web::Data::new(Clients::new(self.state.metrics.clone(), bounds.live_clients));
        let rates = web::Data::new(limits::Rates::new(&bounds));
        let app = move || {
            App::new()
                .app_data(state.clone())
                .app_data(probe.clone())
                .app_data(clients.clone())
                .app_data(rates.clone())
                .app_data(feed.clone())
                // The query of a request that is no UTF-8 path, or anything else that no route takes.
                .app_data(
                    web::PathConfig::default().error_handler(|error, _| Problem::new(Code::NotFound, error.to_string()).into()),
                )
                .wrap(middleware::from_fn(limits::limit))
                .wrap(middleware::from_fn(auth::recognise))
                .wrap(middleware::Compress::default())
                .wrap(middleware::from_fn(guard::guard))
                .configure(routes::configure)
                .default_service(web::to(not_found))
        };
        let server = HttpServer::new(app)
            .workers(WORKERS)
            .worker_max_blocking_threads(BLOCKING_THREADS)
            .shutdown_timeout(GRACE_SECONDS)
            .max_connections(bounds.connections.div_ceil(WORKERS))
            .keep_alive(limits::KEEP_ALIVE)
            .client_request_timeout(limits::HEAD_LIMIT)
            .tls_handshake_timeout(limits::HEAD_LIMIT)
            .disable_signals();
        let socket = self.listener.socket.try_clone()?;
        // Every accepted connection inherits it.
        socket2::SockRef::from(&socket).set_tcp_user_timeout(Some(STUCK))?;
        let server = match &self.listener.tls {
            Some(tls) => server.listen_rustls_0_23(socket, tls.server_config().map_err(io::Error::other)?)?,
            None => server.listen(socket)?,
        };
        Ok(server.run())
    }
}

async fn not_found(request: actix_web::HttpRequest) -> actix_web::HttpResponse {
    let detail = format!("{} is not an address of this service; GET /api/v1/openapi.json lists them", request.path());
    problem::response(&Problem::new(Code::NotFound, detail), Some(request.path()))
}

impl Actor for HttpServerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(tls) = self.listener.tls.clone() {
            ctx.spawn(tls::watch(tls, self.state.journal.clone()).into_actor(self));
        }
        let (feed, heard) = (web::Data::new(feed::Feed::default()), self.state.journal.bus.subscribe());
        ctx.spawn(feed::run(feed.clone(), web::Data::new(self.state.clone()), heard).into_actor(self));
        match self.serve(feed) {
            Ok(server) => {
                self.server = Some(server.handle());
                ctx.spawn(server.into_actor(self).map(|ended, actor, ctx| match ended {
                    // Without a handle the server ended because it was asked to.
                    _ if actor.server.is_none() => ctx.stop(),
                    Ok(()) => fail(ctx, "the web server ended by itself"),
                    Err(error) => fail(ctx, format!("the web server ended: {error}")),
                }));
            }
            Err(error) => fail(ctx, format!("the web server does not start: {error}")),
        }
    }
}

impl SupervisedActor for HttpServerActor {
    fn shutdown(&mut self, ctx: &mut Self::Context) {
        let Some(server) = self.server.take() else { return ctx.stop() };
        // Live connections would otherwise be cut without a close frame; they need a moment to say goodbye.
        self.state.journal.bus.shutdown();
        let stop = async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.stop(true).await;
        };
        ctx.spawn(stop.into_actor(self).map(|(), _, ctx| ctx.stop()));
    }
}
