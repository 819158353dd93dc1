//! The record of form 2 and its life (D-6 … D-21).
