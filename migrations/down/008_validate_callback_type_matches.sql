-- A constraint cannot be made unvalidated again; 007 takes it away.

SELECT 1;
