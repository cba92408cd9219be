-- A portal session may let a customer's administrator change the plan; those that exist do not.
alter table portal_session add column changes_plan boolean not null default false;
