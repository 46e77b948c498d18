-- The tokens of a batch are small numbers, mostly equal: compressed, those of 500 timers fit into the row, where they took
-- 2,000 bytes and entries of their own. The ids are not compressed: that would gain little.
--
-- Online: only the catalogue changes. Rows that are written later are compressed.

ALTER TABLE claim_batches ALTER COLUMN tokens SET STORAGE EXTENDED;
