-- Version 23. Renewal on the same ukey (D-47) and temporary ukeys (D-20). The ukey that a request is to give a new key, and the
-- certificate that a run of it replaces.
ALTER TABLE requests ADD COLUMN renews TEXT REFERENCES ukeys (serial);
CREATE INDEX requests_by_renewal ON requests (renews, place) WHERE renews IS NOT NULL;
ALTER TABLE runs ADD COLUMN renews TEXT REFERENCES certificates (serial);

-- A temporary ukey (D-20): its certificate is valid for so many days, and ends with the hand-out of the
-- permanent one, or once the other ukey of its holder is found.
ALTER TABLE runs ADD COLUMN temporary_days INTEGER CHECK (temporary_days BETWEEN 1 AND 30);
