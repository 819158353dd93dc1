//! Chinese and English words for people: Fluent files and the rules of operator text.
