//! A value counted by each thread on its own is there as long as anybody has it, and no longer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use modelwatch::StripedArc;
use proptest::prelude::*;

/// Says when it is dropped.
struct Witness(Arc<AtomicUsize>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn drops_the_value_once_whichever_thread_lets_go_last() {
    let drops = Arc::new(AtomicUsize::new(0));
    let first = StripedArc::new(Witness(drops.clone()));
    // Clones wander between threads: each is cloned where it was not made, and dropped somewhere else again.
    let pool = Mutex::new(vec![first.clone()]);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    let taken = pool.lock().expect("no panic").pop();
                    let clone = taken.as_ref().unwrap_or(&first).clone();
                    assert!(StripedArc::ptr_eq(&clone, &first));
                    let mut pool = pool.lock().expect("no panic");
                    if pool.len() < 20 {
                        pool.push(clone);
                    }
                    drop(taken);
                }
            });
        }
    });
    drop(first);
    assert_eq!(drops.load(Ordering::SeqCst), 0, "the pool has clones");
    drop(pool);
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Clone(usize),
    CloneElsewhere(usize),
    Drop(usize),
    DropElsewhere(usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn is_there_while_anybody_has_it_whatever_threads_do(
        steps in prop::collection::vec((0..4u8, any::<usize>()), 0..40)
    ) {
        let drops = Arc::new(AtomicUsize::new(0));
        let mut held = vec![StripedArc::new(Witness(drops.clone()))];
        for (kind, which) in steps {
            let which = which % held.len();
            let step = [Step::Clone, Step::CloneElsewhere, Step::Drop, Step::DropElsewhere][usize::from(kind)](which);
            match step {
                Step::Clone(which) => held.push(held[which].clone()),
                Step::CloneElsewhere(which) => {
                    let original = &held[which];
                    let clone = thread::scope(|scope| scope.spawn(|| original.clone()).join().expect("no panic"));
                    held.push(clone);
                }
                Step::Drop(which) if held.len() > 1 => drop(held.swap_remove(which)),
                Step::DropElsewhere(which) if held.len() > 1 => {
                    let last = held.swap_remove(which);
                    thread::spawn(move || drop(last)).join().expect("no panic");
                }
                Step::Drop(_) | Step::DropElsewhere(_) => {}
            }
            prop_assert_eq!(drops.load(Ordering::SeqCst), 0);
        }
        drop(held);
        prop_assert_eq!(drops.load(Ordering::SeqCst), 1);
    }
}
