-- What an allowance carried over from the period before; part of its limit.
alter table budget_state add column carried numeric(38,12) not null default 0 check (carried >= 0);
