//! Which derived rows follow from which event.
