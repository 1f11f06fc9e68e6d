//! The experiments of the language, one file each.
