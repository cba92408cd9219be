-- What the pages ask across customers: the newest decisions, refusals by their id, and the audit log. The events' index is by block
-- ranges: it costs an insert next to nothing, and events lie in the order of their sequence.

create index usage_event_recent on usage_event using brin (sequence) with (pages_per_range = 32, autosummarize = on);
create index outbox_recent on outbox using brin (created_at) with (pages_per_range = 32, autosummarize = on);
create index outbox_refusal on outbox (id) where type = 'request.denied';
create index outbox_refusal_customer on outbox (customer_id, id) where type = 'request.denied';
create index outbox_refusal_decision on outbox ((payload ->> 'decision')) where type = 'request.denied';
create index audit_entry_customer on audit_entry (customer_id, id);
