-- The schedule remembers which period was opened last (null before the first one), so that it can follow a subscription whose periods change.

alter table billing_schedule add column opened timestamptz;
