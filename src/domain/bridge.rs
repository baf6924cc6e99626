//! USB-SATA bridges: what is known of the chips between a drive and the machine.
//!
//! The bad ones are those that libfreemkv's documentation warns of; the good ones are the usual numbers of the chips that it
//! recommends. Neither list decides anything: it only leads to advice.

use serde::{Deserialize, Serialize};

/// A USB device that a drive is behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Vendor number (`idVendor`).
    pub vendor: u16,
    /// Product number (`idProduct`).
    pub product: u16,
    /// What it calls itself; cleaned, empty if it does not.
    pub name: String,
}

/// What is known of a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BridgeFame {
    /// Loses commands or resets under load.
    Bad,
    /// Works with optical drives.
    Good,
    /// Nothing.
    Unknown,
}

/// Chips that make trouble with optical drives.
const BAD: [(u16, u16); 4] = [(0x13fd, 0x0840), (0x13fd, 0x3609), (0x13fd, 0x3940), (0x174c, 0x5106)];
/// Chips that do not: ASM1153 (two numbers) and JMS578.
const GOOD: [(u16, u16); 3] = [(0x174c, 0x1153), (0x174c, 0x55aa), (0x152d, 0x0578)];
/// JMicron's older chips have many numbers; they tell their family's name.
const JMICRON: u16 = 0x152d;
const BAD_FAMILY: &str = "JMB36";

impl Bridge {
    /// `vvvv:pppp`, as `lsusb` writes it.
    pub fn id(&self) -> String {
        format!("{:04x}:{:04x}", self.vendor, self.product)
    }

    /// What is known of it.
    pub fn fame(&self) -> BridgeFame {
        let id = (self.vendor, self.product);
        if BAD.contains(&id) || (self.vendor == JMICRON && self.name.contains(BAD_FAMILY)) {
            BridgeFame::Bad
        } else if GOOD.contains(&id) {
            BridgeFame::Good
        } else {
            BridgeFame::Unknown
        }
    }

    /// What to do about a bad one: an option of the kernel module `usb_storage`, which then sends fewer kinds of commands.
    pub fn advice(&self) -> Option<String> {
        (self.fame() == BridgeFame::Bad).then(|| {
            format!(
                "if it resets or loses commands: boot with usb_storage.quirks={0}:i, or write \"options usb_storage quirks={0}:i\" to \
                 /etc/modprobe.d/usb-storage.conf; set the drive's quirk bridge_resets",
                self.id()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_chips_are_told_apart() {
        let fame = |vendor, product, name: &str| Bridge { vendor, product, name: name.to_owned() }.fame();
        assert_eq!(fame(0x13fd, 0x0840, ""), BridgeFame::Bad);
        assert_eq!(fame(0x174c, 0x5106, "ASM1051"), BridgeFame::Bad);
        assert_eq!(fame(0x152d, 0x2360, "USB to JMB363 Bridge"), BridgeFame::Bad);
        assert_eq!(fame(0x152d, 0x0578, "JMS578"), BridgeFame::Good);
        assert_eq!(fame(0x0e8d, 0x1887, "Slim drive"), BridgeFame::Unknown);
        let initio = Bridge { vendor: 0x13fd, product: 0x3940, name: String::new() };
        assert!(initio.advice().is_some_and(|advice| advice.contains("usb_storage.quirks=13fd:3940:i")));
        assert_eq!(Bridge::default().advice(), None);
    }
}
