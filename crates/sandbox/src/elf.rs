//! Proves that a compiled candidate stands alone.
//!
//! A loader follows the program headers and the dynamic section; so does this, and it ignores the section table. What it
//! does not know it refuses, for an object may come from a compiler that was taken over. Written by hand because it is two
//! tables of fixed layout: a library for all object formats would be the larger thing to trust.

mod image;

use std::collections::BTreeMap;
use std::ops::Range;

/// Checks that the object needs no library, runs nothing when it is loaded, and refers to no symbol from outside but the
/// memory functions that compiled Rust takes for granted. The error says what is wrong.
pub(crate) fn stands_alone(object: &[u8]) -> Result<(), String> {
    Proven::read(object).map(drop)
}

/// An object that stands alone.
pub(crate) struct Proven<'a> {
    elf: Elf<'a>,
    dynamic: BTreeMap<u64, u64>,
    relocations: Vec<Relocation>,
}

/// A word of the object that depends on where things lie.
struct Relocation {
    /// Address of the word, in a segment that can be written.
    place: u64,
    target: Target,
    addend: u64,
}

/// What a word points at, before its addend.
enum Target {
    /// An address of the object itself.
    Own(u64),
    /// A function that the jail gives, by its place in [`GIVEN`].
    Given(usize),
}

impl<'a> Proven<'a> {
    pub(crate) fn read(object: &'a [u8]) -> Result<Self, String> {
        let elf = Elf::parse(object).ok_or("it is no 64-bit little-endian ELF object")?;
        elf.check_segments()?;
        let dynamic = elf.dynamic()?;
        let mut proven = Proven { elf, dynamic, relocations: Vec::new() };
        for (table, bytes) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
            let (Some(table), Some(bytes)) = (proven.entry(table), proven.entry(bytes)) else { continue };
            let relocations = proven.elf.at_address(table, bytes).ok_or("its relocations are not in the file")?;
            for relocation in relocations.chunks_exact(RELA_BYTES) {
                let relocation = proven.relocation(relocation)?;
                proven.relocations.push(relocation);
            }
        }
        Ok(proven)
    }

    fn entry(&self, tag: u64) -> Option<u64> {
        self.dynamic.get(&tag).copied()
    }

    fn relocation(&self, relocation: &[u8]) -> Result<Relocation, String> {
        let field = |offset| number(relocation, offset, 8).unwrap_or(0);
        let (place, info, addend) = (field(0), field(8), field(16));
        let (symbol, kind) = (info >> 32, info & 0xffff_ffff);
        if !self.elf.relocations.contains(&kind) {
            return Err(format!("it has a relocation of kind {kind}, which no candidate needs"));
        }
        let target = match self.elf.symbol(symbol, self.entry(DT_SYMTAB), self.entry(DT_STRTAB))? {
            None => Target::Own(0),
            Some((name, value)) => match GIVEN.iter().position(|given| *given == name) {
                Some(given) => Target::Given(given),
                // What it defines itself is bound to its own definition.
                None if OWN.contains(&name.as_str()) && value != 0 => Target::Own(value),
                None => return Err(format!("it refers to `{name}`, which the jail does not give")),
            },
        };
        if !self.elf.is_writable(place) {
            return Err("it has a relocation outside of its data".to_owned());
        }
        Ok(Relocation { place, target, addend })
    }
}

/// What the runner's own C library gives: pure functions of memory that the compiler calls for copies and comparisons.
const GIVEN: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];
/// What the wrapper defines and refers to.
const OWN: [&str; 2] = ["rust_eh_personality", "_Unwind_Resume"];

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_TLS: u64 = 7;
const PT_GNU_STACK: u64 = 0x6474_e551;
const PT_GNU_RELRO: u64 = 0x6474_e552;
const PF_X: u64 = 1;
const PF_W: u64 = 2;
const DT_PLTRELSZ: u64 = 2;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_PLTREL: u64 = 20;
const DT_JMPREL: u64 = 23;
const DT_FLAGS: u64 = 30;
const DF_TEXTREL: u64 = 4;
const STT_GNU_IFUNC: u64 = 10;
const RELA_BYTES: usize = 24;
const SYMBOL_BYTES: u64 = 24;

/// Whether a tag is known to do no harm: tables of symbols, names, versions and relocations, the object's own name, a mark
/// for debuggers, when to bind.
fn is_harmless(tag: u64) -> bool {
    matches!(tag, 2..=11 | 14 | 16 | 20 | 21 | 23 | 24 | 30 | 0x6fff_fef5 | 0x6fff_fff0 | 0x6fff_fff9..=0x6fff_fffb)
}

/// What is said of the tags that are most to be expected beyond these.
const OFFENCES: [(Range<u64>, &str); 5] = [
    (1..2, "it needs a shared library"),
    (12..14, "it runs code when it is loaded or unloaded"),
    (25..29, "it runs code when it is loaded or unloaded"),
    (32..34, "it runs code when it is loaded or unloaded"),
    (17..18, "it has relocations of an unexpected kind"),
];

struct Elf<'a> {
    bytes: &'a [u8],
    headers: Vec<Header>,
    /// The kinds of relocation that this processor's candidates have: absolute, of data, of functions, of the base address.
    relocations: [u64; 4],
}

/// A program header.
struct Header {
    kind: u64,
    flags: u64,
    offset: u64,
    address: u64,
    file_bytes: u64,
    memory_bytes: u64,
}

impl<'a> Elf<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Elf<'a>> {
        // Magic, 64 bits, little-endian.
        if bytes.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let relocations = match number(bytes, 18, 2)? {
            62 => [1, 6, 7, 8],
            183 => [257, 1025, 1026, 1027],
            _ => return None,
        };
        let (table, size, count) = (number(bytes, 32, 8)?, number(bytes, 54, 2)?, number(bytes, 56, 2)?);
        let headers = (0..count)
            .map(|index| {
                let header = slice(bytes, table.checked_add(index * size)?, 56)?;
                Some(Header {
                    kind: number(header, 0, 4)?,
                    flags: number(header, 4, 4)?,
                    offset: number(header, 8, 8)?,
                    address: number(header, 16, 8)?,
                    file_bytes: number(header, 32, 8)?,
                    memory_bytes: number(header, 40, 8)?,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Elf { bytes, headers, relocations })
    }

    /// Segments lie one after the other, so that an address has one meaning; none can be written and executed, nor can the
    /// stack be executed.
    fn check_segments(&self) -> Result<(), &'static str> {
        let mut end = 0;
        for header in &self.headers {
            match header.kind {
                PT_LOAD => {
                    if header.flags & (PF_W | PF_X) == PF_W | PF_X {
                        return Err("it has memory that can be written and executed");
                    }
                    // The loader maps whole pages.
                    let last = header.address.checked_add(header.memory_bytes.max(header.file_bytes));
                    let last =
                        last.and_then(|last| last.checked_next_multiple_of(PAGE)).ok_or("its segments overflow")?;
                    if header.address / PAGE * PAGE < end {
                        return Err("its segments overlap");
                    }
                    if last > MAX_IMAGE_BYTES || header.file_bytes > header.memory_bytes {
                        return Err("its segments are too large");
                    }
                    if slice(self.bytes, header.offset, header.file_bytes).is_none() {
                        return Err("its segments are not in the file");
                    }
                    end = last;
                }
                PT_GNU_STACK if header.flags & PF_X != 0 => return Err("it wants an executable stack"),
                PT_GNU_RELRO if header.address.saturating_add(header.memory_bytes) > MAX_IMAGE_BYTES => {
                    return Err("its segments are too large");
                }
                PT_TLS => return Err("it has state of its own for each thread"),
                _ => {}
            }
        }
        Ok(())
    }

    /// The entries of the dynamic section by tag, up to its end mark.
    fn dynamic(&self) -> Result<BTreeMap<u64, u64>, String> {
        const UNREADABLE: &str = "it has no readable dynamic section";
        let mut headers = self.headers.iter().filter(|header| header.kind == PT_DYNAMIC);
        let (Some(header), None) = (headers.next(), headers.next()) else { return Err(UNREADABLE.to_owned()) };
        // Where it will lie in memory, since that is where the loader reads it.
        let section = self.at_address(header.address, header.memory_bytes).ok_or(UNREADABLE)?;
        let mut entries = BTreeMap::new();
        for entry in section.chunks_exact(16) {
            let (tag, value) = (number(entry, 0, 8).unwrap_or(0), number(entry, 8, 8).unwrap_or(0));
            if tag == 0 {
                return Ok(entries);
            }
            if let Some((_, offence)) = OFFENCES.iter().find(|(tags, _)| tags.contains(&tag)) {
                return Err((*offence).to_owned());
            }
            let harmless = match tag {
                DT_PLTREL => value == DT_RELA,
                DT_FLAGS => value & DF_TEXTREL == 0,
                _ => is_harmless(tag),
            };
            if !harmless || entries.insert(tag, value).is_some() {
                return Err(format!("it has an entry {tag:#x} in its dynamic section, which no candidate needs"));
            }
        }
        Err(UNREADABLE.to_owned())
    }

    /// The `length` bytes that will lie at `address` once the object is loaded.
    fn at_address(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        let holds = |header: &&Header| {
            let end = header.address.checked_add(header.file_bytes);
            let last = address.checked_add(length);
            let within = end.zip(last).is_some_and(|(end, last)| address < end && last <= end);
            header.kind == PT_LOAD && header.address <= address && within
        };
        let header = self.headers.iter().find(holds)?;
        slice(self.bytes, header.offset.checked_add(address - header.address)?, length)
    }

    /// Whether a word lies here that a relocation may change.
    fn is_writable(&self, address: u64) -> bool {
        let holds = |header: &Header| {
            let end = header.address.saturating_add(header.memory_bytes);
            header.kind == PT_LOAD && header.flags & PF_W != 0 && header.address <= address && address + 8 <= end
        };
        address < MAX_IMAGE_BYTES && self.headers.iter().any(holds)
    }

    /// The name and the address of a symbol.
    fn symbol(
        &self,
        symbol: u64,
        table: Option<u64>,
        names: Option<u64>,
    ) -> Result<Option<(String, u64)>, &'static str> {
        const UNREADABLE: &str = "its symbols are not in the file";
        if symbol == 0 {
            return Ok(None);
        }
        let (table, names) = table.zip(names).ok_or(UNREADABLE)?;
        let address = table.checked_add(symbol * SYMBOL_BYTES).ok_or(UNREADABLE)?;
        let entry = self.at_address(address, SYMBOL_BYTES).ok_or(UNREADABLE)?;
        let field = |offset, length| number(entry, offset, length).ok_or(UNREADABLE);
        let (name, info) = (field(0, 4)?, field(4, 1)?);
        if info & 0xf == STT_GNU_IFUNC {
            return Err("it lets a function of its own choose what is bound when it is loaded");
        }
        let name = names.checked_add(name).and_then(|address| self.name_at(address)).ok_or(UNREADABLE)?;
        Ok(Some((name, field(8, 8)?)))
    }

    fn name_at(&self, address: u64) -> Option<String> {
        let mut name = Vec::new();
        while let &[byte] = self.at_address(address.checked_add(name.len() as u64)?, 1)? {
            if byte == 0 {
                break;
            }
            name.push(byte);
        }
        Some(String::from_utf8_lossy(&name).into_owned())
    }
}

/// The smallest page that any system has.
const PAGE: u64 = 4096;
/// The most memory that an object may take once it is loaded. Candidates take some 20 kB.
const MAX_IMAGE_BYTES: u64 = 16 << 20;

fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let range: Range<usize> = start..start.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(range)
}

fn number(bytes: &[u8], offset: usize, length: usize) -> Option<u64> {
    let field = bytes.get(offset..offset + length)?;
    Some(field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_does_not_stand_alone() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(stands_alone(&program), Err("it has state of its own for each thread".to_owned()));
    }

    #[test]
    fn garbage_and_every_cut_of_a_program_are_refused_without_a_panic() {
        assert!(stands_alone(b"").is_err());
        assert!(stands_alone(b"#!/bin/sh\n").is_err());
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for length in (0..4096).chain([program.len() / 2]) {
            assert!(stands_alone(&program[..length]).is_err());
        }
    }
}
