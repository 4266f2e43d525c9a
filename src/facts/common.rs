//! Facts as bytes, with what stands in several places of them written once.
//!
//! A call is a value, an argument of other calls, what stands around a route; most names are used many times. In memory such
//! parts are shared ([`Common`]). Among bytes the first one stands for all: the others are its number.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

thread_local! {
    /// What was written so far, while something is.
    static WRITTEN: RefCell<Option<Written>> = const { RefCell::new(None) };
    /// What was read so far, while something is.
    static READ: RefCell<Option<Read>> = const { RefCell::new(None) };
}

/// Numbers of what was written.
#[derive(Default)]
struct Written {
    /// By the addresses of the parts, which stay while they are written.
    parts: HashMap<usize, u32>,
    texts: HashMap<String, u32>,
}

/// What was read, by its numbers.
#[derive(Default)]
struct Read {
    parts: Vec<Arc<dyn Any + Send + Sync>>,
    texts: Vec<String>,
}

/// A value as bytes.
///
/// # Errors
/// Those of the encoding.
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, postcard::Error> {
    let around = WRITTEN.replace(Some(Written::default()));
    let bytes = postcard::to_allocvec(value);
    WRITTEN.set(around);
    bytes
}

/// A value from the bytes that [`to_bytes`] gives.
///
/// # Errors
/// Those of the encoding.
pub fn from_bytes<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, postcard::Error> {
    let around = READ.replace(Some(Read::default()));
    let value = postcard::from_bytes(bytes);
    READ.set(around);
    value
}

/// A part of facts that may stand in several places.
#[derive(Debug, PartialEq)]
pub struct Common<T>(Arc<T>);

impl<T> Common<T> {
    /// A part of its own.
    pub fn new(part: T) -> Self {
        Self(Arc::new(part))
    }
}

impl<T> Clone for Common<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Common<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What is written for something.
#[derive(Serialize)]
enum Sent<'p, T: ?Sized> {
    First(&'p T),
    Again(u32),
}

/// What is read for something.
#[derive(Deserialize)]
enum Received<T> {
    First(T),
    Again(u32),
}

impl<T: Serialize> Serialize for Common<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let address = Arc::as_ptr(&self.0).addr();
        if let Some(number) = WRITTEN.with_borrow(|written| written.as_ref()?.parts.get(&address).copied()) {
            return Sent::<T>::Again(number).serialize(serializer);
        }
        let done = Sent::First(&*self.0).serialize(serializer)?;
        WRITTEN.with_borrow_mut(|written| {
            if let Some(Written { parts, .. }) = written {
                parts.insert(address, number(parts.len()));
            }
        });
        Ok(done)
    }
}

impl<'de, T: Deserialize<'de> + Send + Sync + 'static> Deserialize<'de> for Common<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Received::deserialize(deserializer)? {
            Received::First(part) => {
                let part = Arc::new(part);
                READ.with_borrow_mut(|read| {
                    if let Some(read) = read {
                        read.parts.push(Arc::clone(&part) as _);
                    }
                });
                Ok(Self(part))
            }
            Received::Again(number) => {
                let known = READ.with_borrow(|read| read.as_ref()?.parts.get(number as usize).cloned());
                let part = known.and_then(|part| part.downcast().ok());
                part.map(Self).ok_or_else(|| D::Error::custom("no such part came before"))
            }
        }
    }
}

/// Texts that often come again.
pub(super) mod text {
    use super::*;

    pub(in crate::facts) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let known = WRITTEN.with_borrow_mut(|written| {
            let texts = &mut written.as_mut()?.texts;
            let known = texts.get(text).copied();
            if known.is_none() {
                texts.insert(text.to_owned(), number(texts.len()));
            }
            known
        });
        known.map_or(Sent::First(text), Sent::Again).serialize(serializer)
    }

    pub(in crate::facts) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        match Received::deserialize(deserializer)? {
            Received::First(text) => {
                READ.with_borrow_mut(|read| {
                    if let Some(read) = read {
                        read.texts.push(String::clone(&text));
                    }
                });
                Ok(text)
            }
            Received::Again(number) => {
                let known = READ.with_borrow(|read| read.as_ref()?.texts.get(number as usize).cloned());
                known.ok_or_else(|| D::Error::custom("no such text came before"))
            }
        }
    }
}

/// Facts have far fewer parts than this can count.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Named {
        #[serde(with = "text")]
        name: String,
        within: Vec<Common<Named>>,
    }

    fn named(name: &str, within: Vec<Common<Named>>) -> Named {
        Named { name: name.to_owned(), within }
    }

    #[test]
    fn what_stands_in_several_places_is_written_and_read_once() {
        let inner = Common::new(named("a name that comes again", Vec::new()));
        let twice = named("both", vec![inner.clone(), Common::new(named("other", vec![inner.clone()])), inner]);
        let bytes = to_bytes(&twice).expect("can be encoded");
        let name = b"a name that comes again";
        assert_eq!(memchr::memmem::find_iter(&bytes, name).count(), 1);
        let read: Named = from_bytes(&bytes).expect("sound");
        assert_eq!(read, twice);
        assert!(Arc::ptr_eq(&read.within[0].0, &read.within[2].0) && Arc::ptr_eq(&read.within[0].0, &read.within[1].within[0].0));
        assert_eq!(to_bytes(&read).as_ref(), Ok(&bytes), "and so on");
    }

    #[test]
    fn equal_texts_of_different_parts_are_one() {
        let alike = named("long enough", vec![Common::new(named("long enough", Vec::new()))]);
        let bytes = to_bytes(&alike).expect("can be encoded");
        assert_eq!(memchr::memmem::find_iter(&bytes, "long enough").count(), 1);
        assert_eq!(from_bytes(&bytes), Ok(alike));
    }

    #[test]
    fn what_did_not_come_before_is_an_error() {
        for bytes in [&[1, 0][..], &[1, 7], &[0, 1, b'a', 1, 1, 0], &[0, 1, b'a', 1, 1, 9]] {
            assert!(from_bytes::<Named>(bytes).is_err(), "{bytes:?}");
        }
        let alone = named("a", vec![Common::new(named("a", Vec::new()))]);
        let bytes = postcard::to_allocvec(&alone).expect("can be encoded");
        assert_eq!(postcard::from_bytes(&bytes), Ok(alone), "also where nothing is counted");
    }
}
