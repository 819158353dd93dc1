//! The canonical approval record that an officer signs (D-22).
