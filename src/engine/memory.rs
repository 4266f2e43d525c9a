//! What one review leaves for the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Numbered;
use super::survey::{Base, Survey};
use crate::cache::FactStore;
use crate::config::Config;
use crate::project::ProjectModel;
use crate::project::link::Kept;
use crate::source::{BlobId, Snapshot};

/// What is known from earlier reviews. None of it changes a verdict: all of it is kept by content.
#[derive(Clone, Copy)]
pub struct Memory<'a> {
    pub(super) store: &'a dyn FactStore,
    recall: Option<&'a Recall>,
}

impl<'a> Memory<'a> {
    /// The memory of a caller that stays.
    #[must_use]
    pub fn lasting(store: &'a dyn FactStore, recall: &'a Recall) -> Self {
        Self { store, recall: Some(recall) }
    }

    /// The survey of a snapshot, from what the last one knew, and what linking kept then. Whoever reviews at the same time
    /// makes both from scratch.
    pub(super) fn surveyed(self, snapshot: &dyn Snapshot, base: Option<Base<'_>>, config: &Config) -> (Survey, Kept) {
        let last = self.recall.and_then(|recall| lock(&recall.last).take());
        let (survey, kept) = last.map_or_else(Default::default, |(survey, kept)| (Some(survey), kept));
        (Survey::of(snapshot, base, config, self.store, survey), kept)
    }

    pub(super) fn keep(self, survey: Survey, kept: Kept) {
        if let Some(recall) = self.recall {
            *lock(&recall.last) = Some((survey, kept));
        }
    }

    /// The picture of a snapshot that something was compared with before.
    pub(super) fn picture(self, key: &PictureKey) -> Option<Arc<Picture>> {
        let pictures = lock(&self.recall?.pictures);
        pictures.iter().find(|(known, _)| known == key).map(|(_, picture)| Arc::clone(picture))
    }

    pub(super) fn keep_picture(self, key: PictureKey, picture: &Arc<Picture>) {
        if let Some(recall) = self.recall {
            let mut pictures = lock(&recall.pictures);
            pictures.insert(0, (key, Arc::clone(picture)));
            pictures.truncate(Recall::PICTURES);
        }
    }
}

/// Facts alone: the memory of a caller that makes one review.
impl<'a, S: FactStore> From<&'a S> for Memory<'a> {
    fn from(store: &'a S) -> Self {
        Self { store, recall: None }
    }
}

impl<'a> From<&'a dyn FactStore> for Memory<'a> {
    fn from(store: &'a dyn FactStore) -> Self {
        Self { store, recall: None }
    }
}

/// What a caller that stays remembers beside facts.
#[derive(Debug, Default)]
pub struct Recall {
    last: Mutex<Option<(Survey, Kept)>>,
    pictures: Mutex<Vec<(PictureKey, Arc<Picture>)>>,
}

impl Recall {
    /// Pictures kept: those of the parents of a merge.
    const PICTURES: usize = 2;
}

/// What a [`Picture`] depends on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PictureKey {
    /// The tree of the snapshot.
    pub(super) tree: BlobId,
    /// The rules that the project has of its own.
    pub(super) rules: Vec<(String, String)>,
}

/// What a review needs to know of a snapshot that another is compared with.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) model: ProjectModel,
    /// What the rules found.
    pub(super) found: Vec<Numbered>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
