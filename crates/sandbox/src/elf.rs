//! Proves that a compiled candidate stands alone.
//!
//! The dynamic loader follows the program headers and the dynamic section; so does this, and it ignores the section table,
//! which the loader never reads. Written by hand because it is two tables of fixed layout: a library for all object formats
//! would be the larger thing to trust.

use std::ops::Range;

/// Checks that the object needs no library, runs nothing when it is loaded, and refers to no symbol from outside but the
/// memory functions that compiled Rust takes for granted. The error says what is wrong.
pub(crate) fn stands_alone(object: &[u8]) -> Result<(), String> {
    let elf = Elf::parse(object).ok_or("it is no 64-bit little-endian ELF object")?;
    let dynamic = elf.dynamic().ok_or("it has no readable dynamic section")?;
    for &(tag, _) in &dynamic {
        let offence = match tag {
            DT_NEEDED => "it needs a shared library",
            DT_INIT | DT_INIT_ARRAY | DT_PREINIT_ARRAY => "it runs code when it is loaded",
            DT_FINI | DT_FINI_ARRAY => "it runs code when it is unloaded",
            DT_REL => "it has relocations of an unexpected kind",
            _ => continue,
        };
        return Err(offence.to_owned());
    }
    let find = |tag| dynamic.iter().find(|entry| entry.0 == tag).map(|entry| entry.1);
    for (table, bytes) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
        let (Some(table), Some(bytes)) = (find(table), find(bytes)) else { continue };
        let relocations = elf.at_address(table, bytes).ok_or("its relocations are not in the file")?;
        for relocation in relocations.chunks_exact(RELA_BYTES) {
            let symbol = number(relocation, 8, 8).unwrap_or(0) >> 32;
            if let Some(name) = elf.outside(symbol, find(DT_SYMTAB), find(DT_STRTAB))?
                && !GIVEN.contains(&name.as_str())
            {
                return Err(format!("it refers to `{name}`, which the jail does not give"));
            }
        }
    }
    Ok(())
}

/// What the runner's own C library gives: pure functions of memory that the compiler calls for copies and comparisons.
const GIVEN: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_NEEDED: u64 = 1;
const DT_PLTRELSZ: u64 = 2;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_INIT: u64 = 12;
const DT_FINI: u64 = 13;
const DT_REL: u64 = 17;
const DT_JMPREL: u64 = 23;
const DT_INIT_ARRAY: u64 = 25;
const DT_FINI_ARRAY: u64 = 26;
const DT_PREINIT_ARRAY: u64 = 32;
const STB_WEAK: u64 = 2;
const RELA_BYTES: usize = 24;
const SYMBOL_BYTES: u64 = 24;

struct Elf<'a> {
    bytes: &'a [u8],
    headers: Vec<Header>,
}

/// A program header.
struct Header {
    kind: u64,
    offset: u64,
    address: u64,
    file_bytes: u64,
}

impl<'a> Elf<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Elf<'a>> {
        // Magic, 64 bits, little-endian.
        if bytes.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let (table, size, count) = (number(bytes, 32, 8)?, number(bytes, 54, 2)?, number(bytes, 56, 2)?);
        let headers = (0..count)
            .map(|index| {
                let header = slice(bytes, table.checked_add(index * size)?, 56)?;
                Some(Header {
                    kind: number(header, 0, 4)?,
                    offset: number(header, 8, 8)?,
                    address: number(header, 16, 8)?,
                    file_bytes: number(header, 32, 8)?,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Elf { bytes, headers })
    }

    /// The entries of the dynamic section, tag and value, up to its end mark.
    fn dynamic(&self) -> Option<Vec<(u64, u64)>> {
        let header = self.headers.iter().find(|header| header.kind == PT_DYNAMIC)?;
        let section = slice(self.bytes, header.offset, header.file_bytes)?;
        let entries = section.chunks_exact(16).map(|entry| Some((number(entry, 0, 8)?, number(entry, 8, 8)?)));
        entries.take_while(|entry| entry.is_none_or(|(tag, _)| tag != 0)).collect()
    }

    /// The `length` bytes that will lie at `address` once the object is loaded.
    fn at_address(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        let holds = |header: &&Header| {
            let end = header.address.checked_add(header.file_bytes);
            header.kind == PT_LOAD && header.address <= address && end.is_some_and(|end| address < end)
        };
        let header = self.headers.iter().find(holds)?;
        slice(self.bytes, header.offset.checked_add(address - header.address)?, length)
    }

    /// The name of a symbol that must come from outside.
    fn outside(&self, symbol: u64, table: Option<u64>, names: Option<u64>) -> Result<Option<String>, &'static str> {
        const UNREADABLE: &str = "its symbols are not in the file";
        if symbol == 0 {
            return Ok(None);
        }
        let (table, names) = table.zip(names).ok_or(UNREADABLE)?;
        let address = table.checked_add(symbol * SYMBOL_BYTES).ok_or(UNREADABLE)?;
        let entry = self.at_address(address, SYMBOL_BYTES).ok_or(UNREADABLE)?;
        let field = |offset, length| number(entry, offset, length).ok_or(UNREADABLE);
        let (name, binding, section) = (field(0, 4)?, field(4, 1)? >> 4, field(6, 2)?);
        if section != 0 || binding == STB_WEAK {
            return Ok(None);
        }
        let name = names.checked_add(name).and_then(|address| self.name_at(address)).ok_or(UNREADABLE)?;
        Ok(Some(name))
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
        assert_eq!(stands_alone(&program), Err("it needs a shared library".to_owned()));
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
