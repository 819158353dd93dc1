-- Version 27. Where the newest course of a practice home begins is found without reading the whole log.
CREATE INDEX audit_courses ON audit (sequence) WHERE act = 'course-begun';
