//! What has changed of what a ticket is counted as.

use super::{Keys, Ticket};
use crate::stats::{Counted, Dimension};

/// What a ticket was counted as at some moment, to tell what has changed since.
#[derive(Clone, Debug)]
pub struct View {
    keys: Keys,
    hidden: bool,
    said: usize,
    standing: Vec<Counted>,
}

impl Ticket {
    /// What it is counted as at this moment.
    pub fn view(&self) -> View {
        View {
            keys: self.keys.clone(),
            hidden: self.is_hidden(),
            said: self.said.len(),
            standing: self.standing(),
        }
    }

    /// What has come to it since, and what of it is gone, wherever it counts.
    pub fn since(&self, view: Option<&View>) -> (Vec<Counted>, Vec<Counted>) {
        let (said, before) = view.map_or((0, &[][..]), |view| (view.said, &view.standing));
        let standing = self.standing();
        let gone = before.iter().filter(|one| !standing.contains(one)).cloned().collect();
        let stayed = |one: &Counted| before.contains(one);
        let come = self.said.get(said..).unwrap_or_default().iter().cloned();
        let come = come.chain(standing.iter().filter(|one| !stayed(one)).cloned()).collect();
        (come, gone)
    }

    /// What counts otherwise than at that moment: each with its dimension, the value that it counts under, and
    /// whether it counts once more there (1) or once less (-1).
    pub fn differences(&self, view: Option<&View>, mut each: impl FnMut(Dimension, &str, &Counted, i64)) {
        let (come, gone) = self.since(view);
        let hidden = self.is_hidden();
        for dimension in Dimension::ALL.iter().copied() {
            let mut add = |keys: &[String], counted: &Counted, sign: i64| {
                for key in keys {
                    each(dimension, key, counted, sign);
                }
            };
            if let Some(view) = view.filter(|view| !view.hidden) {
                for one in &gone {
                    add(view.keys.under(dimension, one), one, -1);
                }
            }
            if !hidden {
                for one in &come {
                    add(self.keys.under(dimension, one), one, 1);
                }
            }
            // What stays moves, where it counts under something else.
            let Some(view) = view else { continue };
            let same = view.keys.of(dimension) == self.keys.of(dimension);
            if same && view.hidden == hidden {
                continue;
            }
            let standing = view.standing.iter().filter(|one| !gone.contains(one));
            for one in self.said.iter().take(view.said).chain(standing) {
                let (from, to) = (view.keys.under(dimension, one), self.keys.under(dimension, one));
                if from == to && view.hidden == hidden {
                    continue;
                }
                if !view.hidden {
                    add(from, one, -1);
                }
                if !hidden {
                    add(to, one, 1);
                }
            }
        }
    }
}
