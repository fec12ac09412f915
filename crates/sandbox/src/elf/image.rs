//! What of an object lies in memory once it is loaded: made by us, not by the system's loader, so that it can lie at a place
//! of our choice.

use std::ops::Range;

use super::{DT_STRTAB, DT_SYMTAB, GIVEN, PF_W, PF_X, PT_GNU_RELRO, PT_LOAD, Proven, Target, number, slice};

/// The bytes of an object as they lie in memory, from its first address, which is 0 before it is placed.
pub(crate) struct Image {
    pub bytes: Vec<u8>,
    /// What may be read and executed.
    pub code: Vec<Range<usize>>,
    /// What may be read and written.
    pub data: Vec<Range<usize>>,
    /// What may be read only.
    pub constant: Vec<Range<usize>>,
    /// What of the data may be read only from now on, in whole pages.
    pub settled: Vec<Range<usize>>,
}

impl Proven<'_> {
    /// The image for an object that is to lie at `base`, an address in which the low bits of a page are zero. `given` are the
    /// addresses of the functions that the jail gives, in the order of [`GIVEN`].
    pub(crate) fn image(&self, base: u64, given: [u64; GIVEN.len()]) -> Image {
        let mut image = Image { bytes: vec![], code: vec![], data: vec![], constant: vec![], settled: vec![] };
        for header in &self.elf.headers {
            let start = header.address as usize;
            let range = start..start + header.memory_bytes as usize;
            match header.kind {
                PT_LOAD if header.flags & PF_X != 0 => image.code.push(range.clone()),
                PT_LOAD if header.flags & PF_W != 0 => image.data.push(range.clone()),
                PT_LOAD => image.constant.push(range.clone()),
                PT_GNU_RELRO => image.settled.push(range.clone()),
                _ => {}
            }
            if header.kind == PT_LOAD {
                let file = slice(self.elf.bytes, header.offset, header.file_bytes).unwrap_or_default();
                image.bytes.resize(image.bytes.len().max(range.end), 0);
                image.bytes[start..start + file.len()].copy_from_slice(file);
            }
        }
        for relocation in &self.relocations {
            let target = match relocation.target {
                Target::Own(address) => base.wrapping_add(address),
                Target::Given(index) => given[index],
            };
            let place = relocation.place as usize;
            image.bytes[place..place + 8].copy_from_slice(&target.wrapping_add(relocation.addend).to_le_bytes());
        }
        image
    }

    /// Where the object defines this symbol, if it does.
    pub(crate) fn export(&self, name: &str) -> Option<u64> {
        let (table, names) = (self.entry(DT_SYMTAB), self.entry(DT_STRTAB));
        let symbols = (1..MAX_SYMBOLS).map_while(|index| self.elf.symbol(index, table, names).ok().flatten());
        symbols.into_iter().find(|(own, value)| own == name && *value != 0).map(|(_, value)| value)
    }

    /// A word of the object, as it is in the file.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        number(self.elf.at_address(address, 8)?, 0, 8)
    }
}

/// The table of symbols does not say how long it is. A candidate's has a dozen.
const MAX_SYMBOLS: u64 = 256;
