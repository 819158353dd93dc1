//! Reaches ukeys: PKCS#11 behind worker processes. Knows nothing of requests, runs or storage.
