-- Credit for some features: each set of features is a wallet of its own, which the customer's facts name. How credit burns is the plan's to
-- say, and for one customer the operator's.
alter table credit_block add column features text[] not null default '{}';
alter table credit_payment add column features text[] not null default '{}';
alter table customer add column wallets jsonb not null default '[]', add column burn_order text[];
