//! The types of a candidate, and how those that it does not write down are found.

use crate::go::Expr;

/// A type of the subset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Float,
    Int(Int),
    Bool,
    /// A struct or an enum of the contract or the candidate.
    Named(String),
    /// A pointer in Go, nil for none. What it points to is never changed, so copies may share it.
    Option(Box<Ty>),
    /// With its length as Go.
    Array(Box<Ty>, Box<Expr>),
    Slice(Box<Ty>),
    /// `&T` is a value in Go, `&mut T` a pointer, `&mut [T]` a slice.
    Ref(Box<Ty>, bool),
    Tuple(Vec<Ty>),
    Func(Vec<Ty>, Box<Ty>),
    /// The values of the tunables, as `new` receives them.
    Parameters,
    /// To be found.
    Var(usize),
}

/// A type of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Int {
    I8,
    I16,
    I32,
    I64,
    Isize,
    U8,
    U16,
    U32,
    U64,
    Usize,
}

impl Int {
    pub(crate) const ALL: [(Int, &'static str); 10] = [
        (Int::I8, "i8"),
        (Int::I16, "i16"),
        (Int::I32, "i32"),
        (Int::I64, "i64"),
        (Int::Isize, "isize"),
        (Int::U8, "u8"),
        (Int::U16, "u16"),
        (Int::U32, "u32"),
        (Int::U64, "u64"),
        (Int::Usize, "usize"),
    ];

    pub(crate) fn of(name: &str) -> Option<Int> {
        Int::ALL.iter().find(|(_, own)| *own == name).map(|(int, _)| *int)
    }

    /// Its name in Go. `usize` and `isize` are 64 bits wide where candidates are compiled.
    pub(crate) fn go(self) -> &'static str {
        match self {
            Int::I8 => "int8",
            Int::I16 => "int16",
            Int::I32 => "int32",
            Int::I64 | Int::Isize => "int64",
            Int::U8 => "uint8",
            Int::U16 => "uint16",
            Int::U32 => "uint32",
            Int::U64 | Int::Usize => "uint64",
        }
    }

    pub(crate) fn bits(self) -> u32 {
        match self {
            Int::I8 | Int::U8 => 8,
            Int::I16 | Int::U16 => 16,
            Int::I32 | Int::U32 => 32,
            _ => 64,
        }
    }

    pub(crate) fn is_signed(self) -> bool {
        matches!(self, Int::I8 | Int::I16 | Int::I32 | Int::I64 | Int::Isize)
    }
}

impl Ty {
    pub(crate) const UNIT: Ty = Ty::Tuple(Vec::new());

    pub(crate) fn option(self) -> Ty {
        Ty::Option(Box::new(self))
    }

    /// Whether its values in Go may be nil themselves: an Option of it needs no further pointer.
    pub(crate) fn has_nil(&self) -> bool {
        match self {
            Ty::Ref(_, true) | Ty::Slice(_) => true,
            Ty::Ref(of, false) => matches!(**of, Ty::Slice(_)),
            _ => false,
        }
    }

    pub(crate) fn borrowed(self, mutably: bool) -> Ty {
        Ty::Ref(Box::new(self), mutably)
    }
}

/// What is known of types that are to be found.
#[derive(Debug, Default)]
pub(crate) struct Inference {
    slots: Vec<(Option<Ty>, bool)>,
}

impl Inference {
    /// A type to be found; one of integers, if so.
    pub(crate) fn fresh(&mut self, integer: bool) -> Ty {
        self.slots.push((None, integer));
        Ty::Var(self.slots.len() - 1)
    }

    /// The type as far as it is known. An integer that nothing says more of is an `i32`, as in Rust.
    pub(crate) fn known(&self, ty: &Ty) -> Ty {
        let deep = |ty: &Ty| Box::new(self.known(ty));
        match ty {
            Ty::Var(slot) => match self.slots.get(*slot) {
                Some((Some(ty), _)) => self.known(ty),
                _ => ty.clone(),
            },
            Ty::Option(of) => Ty::Option(deep(of)),
            Ty::Array(of, length) => Ty::Array(deep(of), length.clone()),
            Ty::Slice(of) => Ty::Slice(deep(of)),
            Ty::Ref(of, mutably) => Ty::Ref(deep(of), *mutably),
            Ty::Tuple(of) => Ty::Tuple(of.iter().map(|ty| self.known(ty)).collect()),
            Ty::Func(of, result) => Ty::Func(of.iter().map(|ty| self.known(ty)).collect(), deep(result)),
            Ty::Float | Ty::Int(_) | Ty::Bool | Ty::Named(_) | Ty::Parameters => ty.clone(),
        }
    }

    /// The type in the end.
    pub(crate) fn settled(&self, ty: &Ty) -> Ty {
        match self.known(ty) {
            Ty::Var(slot) if self.slots.get(slot).is_some_and(|(_, integer)| *integer) => Ty::Int(Int::I32),
            Ty::Option(of) => Ty::Option(Box::new(self.settled(&of))),
            Ty::Array(of, length) => Ty::Array(Box::new(self.settled(&of)), length),
            Ty::Slice(of) => Ty::Slice(Box::new(self.settled(&of))),
            Ty::Ref(of, mutably) => Ty::Ref(Box::new(self.settled(&of)), mutably),
            Ty::Tuple(of) => Ty::Tuple(of.iter().map(|ty| self.settled(ty)).collect()),
            Ty::Func(of, result) => {
                Ty::Func(of.iter().map(|ty| self.settled(ty)).collect(), Box::new(self.settled(&result)))
            }
            other => other,
        }
    }

    /// Whether it is an integer, known or not which.
    pub(crate) fn is_integer(&self, ty: &Ty) -> bool {
        match self.known(ty) {
            Ty::Int(_) => true,
            Ty::Var(slot) => self.slots.get(slot).is_some_and(|(_, integer)| *integer),
            _ => false,
        }
    }

    /// Learns that two types are the same. The compiler has checked that they are: where they differ they differ in references, which
    /// it follows by itself.
    pub(crate) fn same(&mut self, left: &Ty, right: &Ty) {
        match (self.known(left), self.known(right)) {
            (Ty::Var(one), Ty::Var(other)) if one == other => {}
            (Ty::Var(one), Ty::Var(other)) => {
                self.slots[other].1 |= self.slots[one].1;
                self.slots[one].0 = Some(Ty::Var(other));
            }
            (Ty::Var(slot), other) | (other, Ty::Var(slot)) => {
                let mut value = other;
                while self.slots[slot].1
                    && let Ty::Ref(of, _) = value
                {
                    value = *of;
                }
                if !self.holds(&value, slot) {
                    self.slots[slot].0 = Some(value);
                }
            }
            (Ty::Ref(left, _), Ty::Ref(right, _)) => self.same(&left, &right),
            (Ty::Ref(of, _), other) | (other, Ty::Ref(of, _)) => self.same(&of, &other),
            (Ty::Option(left), Ty::Option(right)) => self.same(&left, &right),
            (Ty::Array(left, _) | Ty::Slice(left), Ty::Array(right, _) | Ty::Slice(right)) => self.same(&left, &right),
            (Ty::Tuple(left), Ty::Tuple(right)) => {
                left.iter().zip(&right).for_each(|(left, right)| self.same(left, right));
            }
            (Ty::Func(left, one), Ty::Func(right, other)) => {
                left.iter().zip(&right).for_each(|(left, right)| self.same(left, right));
                self.same(&one, &other);
            }
            _ => {}
        }
    }

    /// Whether the type is made of the slot: to bind it would go round in circles.
    fn holds(&self, ty: &Ty, slot: usize) -> bool {
        match self.known(ty) {
            Ty::Var(own) => own == slot,
            Ty::Option(of) | Ty::Array(of, _) | Ty::Slice(of) | Ty::Ref(of, _) => self.holds(&of, slot),
            Ty::Tuple(of) => of.iter().any(|ty| self.holds(ty, slot)),
            Ty::Func(of, result) => of.iter().any(|ty| self.holds(ty, slot)) || self.holds(&result, slot),
            _ => false,
        }
    }
}
