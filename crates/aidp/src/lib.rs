//! aidp
