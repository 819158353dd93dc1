-- Version 4. A hold that ends by itself: when the holder has changed a random PIN (D-59). Any other
-- hold has no cause here, and a person lifts it.
ALTER TABLE certificates ADD COLUMN hold_ends TEXT;    -- pin-changed
