-- What happens to a run that seems to be in a loop; null for the default, a warning.
alter table customer add column runaway jsonb;
-- A node's own budgets of hours and rolling windows end fast: what is over is found by its end.
create index budget_state_end on budget_state (period_end);
