//! Makes and checks certificates and CRLs. Knows nothing of tokens: signing is a closure.
