-- What a key pins and how it refuses, and denied requests of a customer by time, for the records of requests.
alter table api_key add column tags jsonb;
alter table api_key add column refusal_status integer check (refusal_status = 429);
create index outbox_denied on outbox (customer_id, ((payload ->> 'time')::bigint)) where type = 'request.denied';
