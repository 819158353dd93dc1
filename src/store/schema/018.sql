-- Version 18. What a ukey signed to prove its key, kept for whoever asks later (D-50).
CREATE TABLE run_proofs (
    run TEXT NOT NULL REFERENCES runs (id),
    purpose TEXT NOT NULL,           -- possession, certificate
    message TEXT NOT NULL,           -- what was signed: home, nonce and time
    signature BLOB NOT NULL,         -- by the key of the ukey
    PRIMARY KEY (run, purpose)
) STRICT, WITHOUT ROWID;

-- Which certificates end next.
CREATE INDEX certificates_by_end ON certificates (not_after, request) WHERE state IN ('active', 'hold');
