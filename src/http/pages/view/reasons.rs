//! Why an image got its verdict, and why a disc its size, in plain words.

use crate::{
    domain::{disc::SizeRule, verdict::Reason},
    http::words::Language,
};

/// A reason as a sentence.
pub fn reason(reason: Reason, language: Language) -> &'static str {
    match reason {
        Reason::SizeUnknown => language.pick(
            "Neither the drive nor the disc says how big the disc is, so nobody can say that all of it is here.",
            "Weder Laufwerk noch Disc sagen, wie groß die Disc ist; deshalb kann niemand sagen, dass alles da ist.",
        ),
        Reason::MapDoesNotCoverMedium => language.pick(
            "The record of what was read does not cover the whole disc.",
            "Die Aufzeichnung darüber, was gelesen wurde, deckt nicht die ganze Disc ab.",
        ),
        Reason::ImageLengthWrong => {
            language.pick("The image file is not as long as the disc.", "Die Abbilddatei ist nicht so lang wie die Disc.")
        }
        Reason::FileSystemLarger => language.pick(
            "The file system on the disc says that it is larger than what could be read.",
            "Das Dateisystem auf der Disc sagt, es sei größer als das, was sich lesen ließ.",
        ),
        Reason::NotAllTried => language.pick(
            "Some sectors were never tried, or not to the end.",
            "Manche Sektoren wurden nie oder nicht bis zuletzt versucht.",
        ),
        Reason::UnreadableSectors => language.pick(
            "Some sectors could not be read, however often they were tried. They are zeros in the image.",
            "Manche Sektoren ließen sich trotz aller Versuche nicht lesen. Im Abbild stehen dort Nullen.",
        ),
        Reason::RunOut => language.pick(
            "Only the last one or two sectors are unreadable: the end mark that recorders leave behind a track. It holds no data; the image ends before it.",
            "Nur die letzten ein bis zwei Sektoren sind unlesbar: die Endmarke, die Brenner hinter einer Spur hinterlassen. Sie enthält keine Daten; das Abbild endet davor.",
        ),
        Reason::HashesPartial => {
            language.pick("Not every byte of the image went into the checksums.", "Nicht jedes Byte des Abbilds ging in die Prüfsummen ein.")
        }
        Reason::StorageChanged => language.pick(
            "Read back from storage, the image was not what had been written. The storage cannot be trusted.",
            "Vom Speicher zurückgelesen war das Abbild nicht das, was geschrieben wurde. Dem Speicher ist nicht zu trauen.",
        ),
        Reason::DiscUnsettled => language.pick(
            "Read several times, some sectors gave different data, and repeating did not settle it.",
            "Mehrmals gelesen gaben manche Sektoren verschiedene Daten, und Wiederholen brachte keine Einigkeit.",
        ),
        Reason::NothingRead => language.pick("Not one sector could be read.", "Kein einziger Sektor ließ sich lesen."),
        Reason::ReadOnce => language.pick(
            "Music was read only once. Music has no checksums of its own on the disc, so only a second reading could confirm it.",
            "Die Musik wurde nur einmal gelesen. Musik hat auf der Disc keine eigenen Prüfsummen; erst eine zweite Lesung könnte sie bestätigen.",
        ),
        Reason::SubChannelMissing => language.pick(
            "The sub-channel was asked for and the drive did not give all of it.",
            "Der Subkanal war verlangt, und das Laufwerk hat ihn nicht vollständig geliefert.",
        ),
    }
}

/// Why a disc has its size.
pub fn size_rule(rule: SizeRule, language: Language) -> &'static str {
    let german = match rule {
        SizeRule::Medium => "Die Zahl des Laufwerks; nichts auf der Disc widerspricht ihr.",
        SizeRule::LeadOut => "Eine CD endet am Lead-out ihres Inhaltsverzeichnisses, was immer das Laufwerk als Größe nennt.",
        SizeRule::Sessions => "Die Disc hat mehrere Sitzungen; alle bis zum letzten Lead-out werden behalten.",
        SizeRule::Structure => {
            "Die Disc beschreibt ihre Schichten selbst; was Laufwerke zu solchen Discs sagen, kann falsch sein."
        }
        SizeRule::Recorded => "Bis hierher ist die Disc beschrieben; das Laufwerk zählt den leeren Platz danach mit.",
        SizeRule::FileSystem => "Das Laufwerk nennt die formatierte Größe; das Dateisystem sagt, was beschrieben ist.",
        SizeRule::Proven => "Das Dateisystem geht über die Größe des Laufwerks hinaus, und sein letzter Sektor ließ sich lesen.",
        SizeRule::Unknown => "Weder Laufwerk noch Disc sagen, wie groß die Disc ist.",
    };
    language.pick(rule.reason(), german)
}
