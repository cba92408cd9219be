-- A credit block that has ended goes on to pay for what was admitted before: until when, from the moment that it was taken off its wallet.

alter table credit_block add column pays_until timestamptz;

create index credit_block_closing on credit_block (pays_until) where remaining > 0 and pays_until is not null;
