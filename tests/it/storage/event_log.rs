//! Events by time and text, where a download begins, and how much lies in a folder.

use super::fixtures::{iso, minute};
use crate::support::databases::each_database;
use disk2iso::{
    domain::event::{Level, NewEvent},
    storage::{
        events::{self, EventFilter},
        isos::{self, IsoFacts},
    },
};

#[test]
fn events_are_found_by_time_and_text_and_counted_from_the_end() {
    each_database(|db, _| {
        let messages = ["Job on PHOTOS_1 is done", "100% read", "Laufwerk wird geöffnet", "back\\slash"];
        let numbers: Vec<i64> = (0..)
            .zip(messages)
            .map(|(number, message)| {
                let event = NewEvent::new("job.created", Level::Info, message);
                db.write_blocking(|conn| events::append(conn, "node", minute(number), &event)).unwrap().seq
            })
            .collect();
        let found = |filter: EventFilter| -> Vec<usize> {
            let events = db.read_blocking(|conn| events::since(conn, 0, 99, &filter)).unwrap();
            events.iter().map(|event| numbers.iter().position(|seq| *seq == event.seq).unwrap()).collect()
        };
        let text = |text: &str| EventFilter { text: Some(text.to_owned()), ..EventFilter::default() };
        assert_eq!(found(text("photos")), [0]);
        assert_eq!(found(text("_")), [0], "no wildcard");
        assert_eq!(found(text("%")), [1], "no wildcard");
        assert_eq!(found(text("GEöFFNET")), [2]);
        assert_eq!(found(text("\\")), [3], "and no escape");
        assert_eq!(found(text("'; DROP TABLE events; --")), [0; 0]);
        let since = EventFilter { since: Some(minute(1)), until: Some(minute(3)), ..EventFilter::default() };
        assert_eq!(found(since), [1, 2], "from the beginning of the one to before the other");
        let before = |count| db.read_blocking(|conn| events::before_last(conn, count, &EventFilter::default())).unwrap();
        assert_eq!((before(1), before(3), before(4), before(99)), (numbers[2], numbers[0], 0, 0));
    });
}

#[test]
fn images_below_a_folder_are_summed_up() {
    each_database(|db, _| {
        for (path, size) in [("/srv/a/x.iso", 5), ("/srv/a/b/y.iso", 1_u64 << 40), ("/srv/ab/z.iso", 7), ("/srv/ä/ü.iso", 9)] {
            let mut record = iso(path);
            (record.filepath, record.size) = (path.to_owned(), size);
            db.write_blocking(|conn| isos::publish(conn, &record, &IsoFacts::default())).unwrap();
        }
        let sums = |folder: &str| db.read_blocking(|conn| isos::sums_below(conn, folder)).unwrap();
        assert_eq!((sums("/srv/a"), sums("/srv/a/")), ((2, (1 << 40) + 5), (2, (1 << 40) + 5)));
        assert_eq!((sums("/srv/ä"), sums("/srv/ab"), sums("/nothing")), ((1, 9), (1, 7), (0, 0)));
    });
}
