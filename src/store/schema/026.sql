-- Version 26. A delivery is booked as a whole: one statement takes its ukeys, writes the entry of each, and
-- books the day of each model once. No delivery is ever half in the ledger: the statement is done or undone.
CREATE TABLE stock_delivering (      -- empty but within that statement
    movement TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
-- What the statement inserts into; `ukeys` is JSON: serial, maker, model, profile and box of each.
CREATE VIEW stock_deliveries AS SELECT '' AS movement, '' AS at, '' AS ukeys WHERE 0;

DROP TRIGGER ukey_comes;
CREATE TRIGGER ukey_comes AFTER INSERT ON ukeys
WHEN new.officer IS NULL AND NOT EXISTS (SELECT 1 FROM stock_delivering)
BEGIN
    INSERT INTO stock_entries (day, at, maker, model, ukey, from_account, to_account, movement)
    VALUES (
        max(substr(new.moved_at, 1, 10), coalesce((SELECT max(day) FROM stock_days
            WHERE maker = new.maker AND model = new.model), '')),
        new.moved_at, new.maker, new.model, new.serial, 'outside', new.state, new.movement);
END;

DROP TRIGGER stock_day_begins;
CREATE TRIGGER stock_day_begins BEFORE INSERT ON stock_entries
WHEN NOT EXISTS (SELECT 1 FROM stock_delivering)
    AND NOT EXISTS (SELECT 1 FROM stock_days WHERE maker = new.maker AND model = new.model AND day = new.day)
BEGIN
    INSERT INTO stock_days
        SELECT maker, model, new.day, received, blank, allocated, personalising, issued, handed_out,
            suspended, lost, damaged, returned, destroyed, dispatched
        FROM stock_days WHERE maker = new.maker AND model = new.model ORDER BY day DESC LIMIT 1;
    INSERT INTO stock_days VALUES (new.maker, new.model, new.day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT DO NOTHING;
END;

DROP TRIGGER stock_entry_booked;
CREATE TRIGGER stock_entry_booked AFTER INSERT ON stock_entries
WHEN NOT EXISTS (SELECT 1 FROM stock_delivering)
BEGIN
    UPDATE stock_days SET
        received = received + (new.from_account = 'outside') - (new.to_account = 'outside'),
        blank = blank + (new.to_account = 'blank') - (new.from_account = 'blank'),
        allocated = allocated + (new.to_account = 'allocated') - (new.from_account = 'allocated'),
        personalising = personalising + (new.to_account = 'personalising')
            - (new.from_account = 'personalising'),
        issued = issued + (new.to_account = 'issued') - (new.from_account = 'issued'),
        handed_out = handed_out + (new.to_account = 'handed_out') - (new.from_account = 'handed_out'),
        suspended = suspended + (new.to_account = 'suspended') - (new.from_account = 'suspended'),
        lost = lost + (new.to_account = 'lost') - (new.from_account = 'lost'),
        damaged = damaged + (new.to_account = 'damaged') - (new.from_account = 'damaged'),
        returned = returned + (new.to_account = 'returned') - (new.from_account = 'returned'),
        destroyed = destroyed + (new.to_account = 'destroyed') - (new.from_account = 'destroyed'),
        dispatched = dispatched + (new.to_account = 'dispatched') - (new.from_account = 'dispatched')
    WHERE maker = new.maker AND model = new.model AND day = new.day;
END;

CREATE TRIGGER stock_delivered INSTEAD OF INSERT ON stock_deliveries
BEGIN
    INSERT INTO stock_delivering VALUES (new.movement);
    INSERT INTO ukeys (serial, maker, model, profile, box, state, received_at, moved_at, movement)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
            'blank', new.at, new.at, new.movement
        FROM json_each(new.ukeys);
    -- The day begins with what its model had on the last one.
    INSERT INTO stock_days
        SELECT coming.maker, coming.model, substr(new.at, 1, 10),
            coalesce(received, 0), coalesce(blank, 0), coalesce(allocated, 0), coalesce(personalising, 0),
            coalesce(issued, 0), coalesce(handed_out, 0), coalesce(suspended, 0), coalesce(lost, 0),
            coalesce(damaged, 0), coalesce(returned, 0), coalesce(destroyed, 0), coalesce(dispatched, 0)
        FROM (SELECT DISTINCT value ->> 1 AS maker, value ->> 2 AS model FROM json_each(new.ukeys)) AS coming
        LEFT JOIN stock_days AS last ON last.maker = coming.maker AND last.model = coming.model
            AND last.day = (SELECT max(day) FROM stock_days AS days
                WHERE days.maker = coming.maker AND days.model = coming.model)
        WHERE last.day IS NULL OR last.day < substr(new.at, 1, 10);
    INSERT INTO stock_entries (day, at, maker, model, ukey, from_account, to_account, movement)
        SELECT last.day, new.at, last.maker, last.model, value ->> 0, 'outside', 'blank', new.movement
        FROM json_each(new.ukeys) CROSS JOIN
            (SELECT maker, model, max(day) AS day FROM stock_days GROUP BY maker, model) AS last
        WHERE last.maker = value ->> 1 AND last.model = value ->> 2;
    UPDATE stock_days SET received = received + count, blank = blank + count
        FROM (SELECT value ->> 1 AS maker, value ->> 2 AS model, count(*) AS count
            FROM json_each(new.ukeys) GROUP BY 1, 2) AS coming
        WHERE stock_days.maker = coming.maker AND stock_days.model = coming.model
            AND day = (SELECT max(day) FROM stock_days AS days
                WHERE days.maker = coming.maker AND days.model = coming.model);
    DELETE FROM stock_delivering;
END;
