-- Upstreams with several keys (`[{name, weight, sealed}]`), and how requests come to each; null for what holds unless stated.
alter table upstream add column keys jsonb;
alter table upstream add column routing jsonb;
