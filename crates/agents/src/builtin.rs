//! The researcher that needs no model.
