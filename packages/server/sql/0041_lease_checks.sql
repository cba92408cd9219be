-- What acquires and settlements write again and again.
-- A lease and an answer are written under locks on the incarnation of their node and on the budget, which prove that both are there: nodes
-- are never deleted, budgets only with their leases. Proving it again for each row cost a fifth of an acquire.
alter table lease drop constraint lease_node_id_fkey;
alter table lease drop constraint lease_customer_id_budget_id_period_start_fkey;
alter table lease_answer drop constraint lease_answer_node_id_fkey;

-- What is lent and used changes all the time, what is open does not: an index over the first would have to change with each of them.
drop index lease_node;
create index lease_node on lease (node_id, incarnation) where phase = 'open';

-- Room on each page for the next version of a row, so that no index has to follow it.
alter table lease set (fillfactor = 70);
alter table budget_state set (fillfactor = 70);
alter table accumulator set (fillfactor = 70);
