//! Accounts, sessions, tokens and links, on both databases.

use super::fixtures::minute;
use crate::support::databases::each_database;
use disk2iso::{
    domain::{
        access::{Role, Scope},
        event::{Level, NewEvent},
    },
    storage::{
        StorageError,
        access::{
            links::{self, Purpose},
            sessions::{self, Session},
            tokens::{self, Token},
            users::{self, User},
        },
        events::{self, EventFilter},
    },
};

fn user(id: &str, name: &str, role: Role) -> User {
    User {
        id: id.to_owned(),
        name: name.to_owned(),
        role,
        password: Some("$argon2id$…".to_owned()),
        totp: Some("GEZDGNBVGY3TQOJQ".to_owned()),
        totp_step: 7,
        recovery: vec!["a".to_owned(), "b".to_owned()],
        stamp: "stamp".to_owned(),
        language: Some("de".to_owned()),
        blocked: false,
        failures: 3,
        locked_until: Some(minute(5)),
        created_at: minute(0),
        updated_at: minute(1),
        seen_at: Some(minute(2)),
    }
}

fn session(id: &str, user: &str) -> Session {
    Session {
        id: id.to_owned(),
        user_id: user.to_owned(),
        secret: format!("hash of {id}"),
        previous: Some("before".to_owned()),
        rotated_at: minute(1),
        csrf: "csrf".to_owned(),
        created_at: minute(0),
        seen_at: minute(2),
        expires_at: minute(100),
        address: "192.0.2.1".to_owned(),
        agent: "Firefox \0 🦊".to_owned(),
    }
}

fn token(id: &str, user: &str) -> Token {
    Token {
        id: id.to_owned(),
        user_id: user.to_owned(),
        name: "Sicherung".to_owned(),
        secret: format!("hash of {id}"),
        scope: Scope::Operate,
        created_at: minute(0),
        expires_at: Some(minute(9)),
        used_at: None,
    }
}

#[test]
fn accounts_come_back_as_they_went_and_case_does_not_make_another_one() {
    each_database(|db, _| {
        let (ada, mut grace) = (user("u1", "Ädä", Role::Admin), user("u2", "Grace", Role::Viewer));
        assert!(!db.read_blocking(users::any).unwrap());
        db.write_blocking(|conn| users::insert(conn, &ada).and_then(|()| users::insert(conn, &grace))).unwrap();
        assert!(db.read_blocking(users::any).unwrap());
        assert_eq!(db.read_blocking(|conn| users::by_name(conn, " äDÄ")).unwrap().as_ref(), Some(&ada));
        assert_eq!(db.read_blocking(|conn| users::by_name(conn, "nobody")).unwrap(), None);
        let taken = db.write_blocking(|conn| users::insert(conn, &user("u3", "ÄDÄ", Role::Viewer)));
        assert_eq!(taken, Err(StorageError::Unique("name_key".to_owned())));
        grace.name = "ädä".to_owned();
        assert_eq!(db.write_blocking(|conn| users::update(conn, &grace)), Err(StorageError::Unique("name_key".to_owned())));
        let plain = User {
            password: None,
            totp: None,
            language: None,
            locked_until: None,
            seen_at: None,
            ..user("u2", "G", Role::Admin)
        };
        db.write_blocking(|conn| users::update(conn, &plain)).unwrap();
        assert_eq!(db.read_blocking(users::list).unwrap(), [plain, ada]);
        // Whoever has no password yet cannot be the one who administers.
        assert_eq!(db.read_blocking(|conn| users::other_admins(conn, "u1")).unwrap(), 0);
        assert_eq!(db.read_blocking(|conn| users::other_admins(conn, "u2")).unwrap(), 1);
        assert_eq!(db.write_blocking(|conn| users::update(conn, &user("u9", "X", Role::Admin))), Err(StorageError::NotFound));
    });
}

#[test]
fn sessions_tokens_and_links_go_with_their_account() {
    each_database(|db, _| {
        db.write_blocking(|conn| {
            users::insert(conn, &user("u1", "Ada", Role::Admin))?;
            users::insert(conn, &user("u2", "Grace", Role::Viewer))?;
            for (id, owner) in [("s1", "u1"), ("s2", "u1"), ("s3", "u2")] {
                sessions::insert(conn, &session(id, owner))?;
            }
            tokens::insert(conn, &token("t1", "u1"))?;
            links::replace(conn, "l1", &Purpose::Password("u1".to_owned()), minute(0), Some(minute(9)))
        })
        .unwrap();
        let stored = db.read_blocking(|conn| sessions::get(conn, "s1")).unwrap();
        assert_eq!(stored, Session { agent: "Firefox \u{fffd} 🦊".to_owned(), ..session("s1", "u1") });
        assert_eq!(db.read_blocking(|conn| tokens::by_secret(conn, "hash of t1")).unwrap(), Some(token("t1", "u1")));
        db.write_blocking(|conn| tokens::used(conn, "t1", minute(4))).unwrap();
        assert_eq!(db.read_blocking(|conn| tokens::get(conn, "t1")).unwrap().used_at, Some(minute(4)));
        // Nobody ends what belongs to somebody else.
        assert_eq!(db.write_blocking(|conn| sessions::delete(conn, "u2", "s1")), Err(StorageError::NotFound));
        assert_eq!(db.write_blocking(|conn| tokens::delete(conn, "u2", "t1")), Err(StorageError::NotFound));
        assert_eq!(db.write_blocking(|conn| sessions::delete_others(conn, "u1", Some("s1"))), Ok(1));
        db.write_blocking(|conn| sessions::rotate(conn, "u1")).unwrap();
        let rotated = db.read_blocking(|conn| sessions::get(conn, "s1")).unwrap();
        assert_eq!((rotated.previous, rotated.rotated_at), (None, chrono::DateTime::UNIX_EPOCH));
        db.write_blocking(|conn| users::delete(conn, "u1")).unwrap();
        assert_eq!(db.read_blocking(|conn| sessions::get(conn, "s1")), Err(StorageError::NotFound));
        assert_eq!(db.read_blocking(|conn| tokens::of_user(conn, "u1")).unwrap(), []);
        assert_eq!(db.read_blocking(|conn| links::find(conn, "l1", minute(1))).unwrap(), None);
        assert_eq!(db.read_blocking(|conn| sessions::of_user(conn, "u2", minute(1))).unwrap().len(), 1);
        assert_eq!(db.read_blocking(|conn| sessions::of_user(conn, "u2", minute(100))).unwrap(), [], "over");
        // A new session sweeps out those that are over.
        let late = Session { created_at: minute(200), expires_at: minute(300), ..session("s4", "u2") };
        db.write_blocking(|conn| sessions::insert(conn, &late)).unwrap();
        assert_eq!(db.read_blocking(|conn| sessions::get(conn, "s3")), Err(StorageError::NotFound));
    });
}

#[test]
fn a_link_is_good_until_the_next_one_or_its_end() {
    each_database(|db, _| {
        let find = |secret: &str, at| db.read_blocking(|conn| links::find(conn, secret, at)).unwrap();
        let put = |secret: &str, purpose: &Purpose, end| {
            db.write_blocking(|conn| links::replace(conn, secret, purpose, minute(0), end)).unwrap();
        };
        let ada = Purpose::Password("u1".to_owned());
        db.write_blocking(|conn| users::insert(conn, &user("u1", "Ada", Role::Admin))).unwrap();
        put("first", &Purpose::SetUp, None);
        put("ada", &ada, Some(minute(5)));
        put("second", &Purpose::SetUp, None);
        assert_eq!((find("first", minute(1)), find("second", minute(9_999))), (None, Some(Purpose::SetUp)));
        assert_eq!((find("ada", minute(4)), find("ada", minute(5))), (Some(ada.clone()), None));
        db.write_blocking(|conn| links::end(conn, &ada)).unwrap();
        assert_eq!((find("ada", minute(1)), find("second", minute(1))), (None, Some(Purpose::SetUp)));
    });
}

#[test]
fn what_accounts_did_has_to_be_asked_for() {
    each_database(|db, _| {
        db.write_blocking(|conn| {
            for kind in ["job.created", "access.signed_in", "accessory.found"] {
                events::append(conn, "node", minute(0), &NewEvent::new(kind, Level::Warning, "sentence"))?;
            }
            Ok(())
        })
        .unwrap();
        let kinds = |audit, prefix: Option<&str>| -> Vec<String> {
            let filter = EventFilter { audit, kind_prefix: prefix.map(str::to_owned), ..EventFilter::default() };
            let found = db.read_blocking(|conn| events::since(conn, 0, 9, &filter)).unwrap();
            found.into_iter().map(|event| event.event.kind).collect()
        };
        assert_eq!(kinds(false, None), ["job.created", "accessory.found"]);
        assert_eq!(kinds(true, None).len(), 3);
        assert_eq!(kinds(false, Some("access.")), Vec::<String>::new());
        assert_eq!(kinds(true, Some("access.")), ["access.signed_in"]);
    });
}
