//! The fast engine: the same results as the plain one, to the bit, without work per token or per running request.
//!
//! A step costs a few operations. Only arrivals, completions, chunks of prompts and shortage of KV blocks cost more:
//!
//! - **Decoding is a counter** (`decoding.rs`). All decoding requests of an instance advance by one token in each step, so
//!   one number of steps per instance says how far each of them is. From it follow the sums that the step time needs, the
//!   requests that complete (a queue in the order of the counter), and the blocks that a step takes (the number of requests
//!   for each position within a block). Times between tokens are differences of one running sum.
//! - **Blocks have no numbers** (`pool.rs`). Free blocks form a queue: taken at its head, given back at its tail. Which
//!   block a request gets never matters; what matters is how much of a *preempted* request's prompt is still there when its
//!   turn comes again, since without shared prefixes nobody else can want it. Its blocks are given back last block first, so
//!   they form one stretch of the queue that is eaten from the end of the prompt: its remaining length says which blocks
//!   survive. The queue is therefore a list of stretches, and stretches that nobody can want merge; as long as nobody is
//!   preempted, it is one number.
//! - **Shortage is handled one request at a time** (`batch.rs`). A step whose running requests fit into the token budget
//!   and the free blocks together gives everyone the same, in whichever order they are served; so it is enough to
//!   subtract the sums. Any other step (someone will be preempted, or go without a token) serves them one by one, exactly
//!   as the plain engine does, and puts those that went without one token behind the counter.
//! - **Events have lanes** (`instance.rs`). All delays are constant, so the events of each kind come in order by
//!   themselves; only deadlines need a heap. The departure of a completed request does nothing but move the clock: it is
//!   entered in advance.
//!
//! Where speed cost clarity: a request's progress is no number that one can look at, but a difference (`base`), and its
//! place in the batch is a link in a list (`roster.rs`) instead of an index, so that it can leave without the others moving up.
//!
//! What is left out: the roofline adds fractions, whose sum depends on their order; with it a step walks the batch once.
//! Workloads in which prompts share prefixes are left to the plain instances: there, blocks need their numbers.

mod batch;
mod decoding;
mod instance;
mod pool;
mod roster;

pub(crate) use instance::FastInstance;
